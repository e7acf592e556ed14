// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/target/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/base/content.h"
#include "builder/base/known.h"
#include "builder/base/lay.h"
#include "builder/base/proc.h"
#include "builder/base/why.h"
#include "builder/recipe/recipeset.h"
#include "builder/target/target.h"
#include "builder/target/toolchain_ask.h"
#include "builder/target/toolchain_make.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"
#include "fs/base/text.h"

#define RECIPES	 "runtime"     /* beside the boards */
#define COMPILER "gcc-runtime" /* below the library folder: what lies beside libgcc.a */

/* A toolchain that is made of the same things in another way is another one. */
#define WAY "1"

struct making {
	const struct board *board;
	struct source_ways *ways;
	struct target of; /* what its packages are built for */
	char *recipes;
	struct strv packages;
	char *dir;
};

static void making_release(struct making *m)
{
	target_release(&m->of);
	free(m->recipes);
	strv_release(&m->packages);
	free(m->dir);
}

static int no_memory(const struct making *m, char **why)
{
	return why_errno(why, -ENOMEM, "%s", m->board->name);
}

static int find_recipes(struct making *m, char **why)
{
	const struct searchpath *boards = &m->ways->places->boards;
	const char *beside = searchpath_find(boards, RECIPES, NULL);
	struct searchpath found = { 0 };
	int r;

	if (!beside)
		return toolchain_refuse(
			why, m->board, -ENOENT,
			"'runtime' wants recipes of the libraries in a folder '" RECIPES
			"' beside the boards, and there is none");
	m->recipes = places_join(beside, RECIPES);
	if (!m->recipes || searchpath_add(&found, m->recipes) < 0)
		return no_memory(m, why);
	r = recipeset_names(&found, &m->packages, why);
	searchpath_release(&found);
	if (r == 0 && !m->packages.n)
		return toolchain_refuse(why, m->board, -ENOENT,
					"'runtime': there is no recipe in '%s'", m->recipes);
	return r;
}

static int open_other(struct making *m, char **why)
{
	const char *name = m->board->runtime;
	cleanup(cleanup_board) struct board *of = NULL;
	autofree char *reason = NULL;
	int r = board_load(m->ways->places, name, &of, &reason);

	if (r < 0)
		return toolchain_refuse(why, m->board, r, "'runtime': %s", reason ? reason : name);
	if (of->runtime || of->native)
		return toolchain_refuse(
			why, m->board, -EINVAL,
			"'runtime': '%s' has no cross compilers of its own to build with", name);
	r = target_find(&m->of, m->ways->places, NULL, name);
	if (r < 0)
		return toolchain_refuse(why, m->board, r, "'runtime': '%s' cannot be built for",
					name);
	r = toolchain_open(&m->of.toolchain, m->of.board, m->ways, why);
	if (r < 0)
		return r;
	return places_is_below(m->of.toolchain.sysroot, m->of.toolchain.dir)
		       ? 0
		       : toolchain_refuse(
				 why, m->board, -EINVAL,
				 "'runtime': the sysroot of '%s' is not in its toolchain's folder",
				 name);
}

/* One of ours has its hash in its name, and is never written. */
static bool is_ours(const struct making *m)
{
	return places_is_below(m->of.toolchain.dir, m->ways->places->toolchains);
}

/* What the other toolchain is, by content; of ours the name says it. */
static int tell_apart(const struct making *m, char hex[static DIGEST_HEX], char **why)
{
	const char *dir = m->of.toolchain.dir;
	autoknown struct known known = { 0 };
	int r;

	if (is_ours(m)) {
		r = digest_of_data(dir, strlen(dir), hex);
		return r < 0 ? why_errno(why, r, "%s", dir) : 0;
	}
	known_open(&known, m->ways->places->home);
	r = content_hash(dir, &known, hex);
	return r < 0 ? why_errno(why, r, "cannot read all of '%s'", dir) : 0;
}

/* All that makes it what it is. */
static int name_it(struct making *m, char **why)
{
	const struct board *of = m->of.board;
	autofree char *text = NULL;
	char toolchain[DIGEST_HEX], recipes[DIGEST_HEX], hex[DIGEST_HEX];
	int r = tell_apart(m, toolchain, why);

	if (r < 0)
		return r;
	r = content_hash(m->recipes, NULL, recipes);
	if (r < 0)
		return why_errno(why, r, "cannot read all of '%s'", m->recipes);
	text = text_of("%s\n%s\n%s\n%s\n%s\n%s\n%s\n" WAY, toolchain, of->cpu, of->cflags,
		       of->ldflags, of->prefix, of->libdir, recipes);
	r = text ? digest_of_data(text, strlen(text), hex) : -ENOMEM;
	if (r == 0 && !(m->dir = text_of("%s/%.16s", m->ways->places->toolchains, hex)))
		r = -ENOMEM;
	return r < 0 ? why_errno(why, r, "%s", m->board->name) : 0;
}

/* ---- its packages ---- */

static void hear_nothing(int signal)
{
	(void)signal;
}

/* Its output is no result of ours. ^C is for it: it says what becomes of the build. */
static int run(const struct strv *argv)
{
	const struct sigaction nothing = { .sa_handler = hear_nothing, .sa_flags = SA_RESTART };
	struct sigaction before;
	int r = strv_error(argv);

	if (r < 0)
		return r;
	sigaction(SIGINT, &nothing, &before);
	r = proc_run(&(struct proc){ .argv = (const char *const *)argv->v, .out = 2 });
	sigaction(SIGINT, &before, NULL);
	return r;
}

static void add_each(struct strv *argv, const char *option, char *const *dirs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		strv_add(argv, option);
		strv_add(argv, dirs[i]);
	}
}

static int build(const struct making *m, char **why)
{
	const struct places *places = m->ways->places;
	const char *const words[] = { places->self,	 "build",     "--board",
				      m->board->runtime, "--recipes", m->recipes };
	autostrv struct strv argv = { 0 };
	int r;

	strv_add_words(&argv, words, ARRAY_SIZE(words));
	add_each(&argv, "--boards", places->boards.dirs.v, places->boards.n_own);
	add_each(&argv, "--sources", places->mirrors.v, places->mirrors.n);
	if (m->ways->offline)
		strv_add(&argv, "--offline");
	strv_add_all(&argv, &m->packages);
	r = run(&argv);
	if (r < 0)
		return why_errno(why, r, "cannot build the libraries of %s", m->board->name);
	return r == 0 ? 0
		      : toolchain_refuse(
				why, m->board, -EIO,
				"the libraries of this toolchain could not be built on '%s', as it "
				"says above; the same command goes on from there",
				m->board->runtime);
}

/* A second mount would leave every command in doubt which is meant. */
static void unmount(const struct making *m)
{
	autostrv struct strv argv = { 0 };

	strv_add(&argv, m->ways->places->xsysfs);
	strv_add(&argv, "umount");
	strv_add(&argv, m->of.where.point);
	run(&argv);
}

/* ---- the toolchain ---- */

/* The folder of the other toolchain's libgcc.a, relative to the toolchain. */
static int find_compiler(const struct making *m, char **ret, char **why)
{
	static const char *const question[] = { "-print-libgcc-file-name" };
	const struct toolchain *t = &m->of.toolchain;
	const struct toolchain_asked asked = { .home = m->ways->places->home,
					       .cc = t->cc,
					       .tree = t->dir };
	autostrv struct strv answer = { 0 };
	autofree char *path = NULL;
	int r = toolchain_ask(&asked, question, 1, &answer, why);

	if (r < 0)
		return r;
	path = realpath(answer.v[0], NULL);
	if (!path || !places_is_below(path, t->dir))
		return toolchain_refuse(why, m->board, -ENOENT,
					"'runtime': '%s' has no libgcc.a of its own", t->cc);
	*strrchr(path, '/') = '\0';
	*ret = strdup(path + strlen(t->dir) + 1);
	return *ret ? 0 : no_memory(m, why);
}

/* FROM/BELOW, which need not be there, over TO/UNDER. */
static int lay(const char *from, const char *below, const char *to, const char *under, bool link,
	       char **why)
{
	autofree char *source = places_join(from, below);
	autofree char *target = places_join(to, under);
	autofree char *where = NULL;
	autofd int in = -1, out = -1;
	int r;

	if (!source || !target)
		return why_errno(why, -ENOMEM, "%s", from);
	in = io_open_dir(AT_FDCWD, source);
	if (in == -ENOENT)
		return 0;
	out = in < 0 ? in : io_open_dir(AT_FDCWD, target);
	r = out < 0 ? out : lay_over(in, out, link, &where);
	return r < 0 ? why_errno(why, r, "cannot lay '%s%s%s' over '%s'", source, where ? "/" : "",
				 where ? where : "", target)
		     : 0;
}

static int lay_packages(const struct making *m, const char *aside, const char *compiler, char **why)
{
	const struct toolchain *t = &m->of.toolchain;
	const struct board *of = m->of.board;
	const char *sysroot = t->sysroot + strlen(t->dir);
	autofree char *beside = text_of("%s/%s/" COMPILER, of->prefix + 1, of->libdir);
	int r = beside ? 0 : no_memory(m, why);

	strv_foreach (name, &m->packages) {
		autofree char *view = text_of("%s/.xsysfs/packages/%s", m->of.where.point, *name);

		if (r < 0)
			break;
		if (!view)
			return no_memory(m, why);
		r = lay(view, ".", aside, sysroot, false, why);
		if (r == 0)
			r = lay(view, beside, aside, compiler, false, why);
	}
	return r;
}

static int compose(void *arg, const char *aside, char **why)
{
	struct making *m = arg;
	const struct toolchain *t = &m->of.toolchain;
	autofree char *compiler = NULL;
	int r = find_compiler(m, &compiler, why);

	if (r < 0)
		return r;
	log_note("composing the toolchain of %s", m->board->name);
	r = io_mkdir_p(AT_FDCWD, aside, 0755);
	if (r < 0)
		return why_errno(why, r, "cannot make '%s'", aside);
	r = lay(t->dir, ".", aside, ".", is_ours(m), why);
	if (r == 0)
		r = lay_packages(m, aside, compiler, why);
	return r == 0 && m->of.board->debian ? m->ways->trial(aside, t->triple, why) : r;
}

static int make_it(struct making *m, char **why)
{
	bool was_mounted;
	int r;

	log_note("building the libraries of the toolchain of %s, on %s: once, and it takes a while",
		 m->board->name, m->board->runtime);
	was_mounted = m->of.where.point;
	r = target_mount(&m->of, m->ways->places);
	if (r < 0)
		return toolchain_refuse(why, m->board, r, "'runtime': '%s' is not mounted",
					m->board->runtime);
	r = build(m, why);
	if (r == 0)
		r = toolchain_make(m->ways->places, m->dir, compose, m, why);
	if (!was_mounted)
		unmount(m);
	return r;
}

int runtime_toolchain(const struct board *board, struct source_ways *ways, char **dir, char **why)
{
	cleanup(making_release) struct making m = { .board = board, .ways = ways };
	int r = find_recipes(&m, why);

	if (r == 0)
		r = open_other(&m, why);
	if (r == 0)
		r = name_it(&m, why);
	if (r == 0 && access(m.dir, F_OK) < 0)
		r = make_it(&m, why);
	if (r == 0)
		*dir = take_ptr(m.dir);
	return r;
}
