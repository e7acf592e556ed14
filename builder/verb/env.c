// SPDX-License-Identifier: GPL-2.0-or-later
/* env.c - `xsysfs env`: a board's toolchain and mount, for a program that has no recipe. */
#include "builder/verb/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "builder/base/why.h"
#include "builder/cross/compilers.h"
#include "builder/cross/crossenv.h"
#include "builder/target/target.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"
#include "fs/base/text.h"

#define FILE_MAX (1 << 20)

struct env {
	struct options *options;
	struct target target;
	char *mnt, *files, *bin, *emulator;
};

static void env_release(struct env *e)
{
	target_release(&e->target);
	free(e->mnt);
	free(e->files);
	free(e->bin);
	free(e->emulator);
}

/* What runs the target's programs on this machine: QEMU's word for a processor is the triple's, the
 * many names of ARM aside. NULL: nothing that is installed, or nothing is needed. */
static char *find_emulator(const struct toolchain *t)
{
	struct utsname machine = { 0 };
	char word[32];

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(t->triple, "-"), t->triple);
	uname(&machine);
	if (strcmp(word, machine.machine) == 0)
		return NULL;
	if (strncmp(word, "arm", 3) == 0)
		strcpy(word, t->big_endian ? "armeb" : "arm");
	for (size_t i = 0; i < 2; i++) {
		autofree char *path = NULL;

		path = text_of(i ? "/usr/bin/qemu-%s" : "/usr/bin/qemu-%s-static", word);
		if (path && access(path, X_OK) == 0)
			return take_ptr(path);
	}
	return NULL;
}

/* Makefiles and shells take paths apart; pkg-config does not quote its answers in full; a quote is
 * more than Meson's files can hold. CMake takes them all. */
static void check_path(const char *path)
{
	const char *odd = strpbrk(path, " \t\n:;'\"`$\\#%&*?");

	if (odd)
		log_warn(
			"makefiles, shells, pkg-config and Meson may stumble over the '%c' in '%s'",
			*odd, path);
}

/* The mount: one that is named has to be there, the board's may come later. */
static int find_mount(struct env *e)
{
	const char *where = e->options->where;

	if (e->target.where.point) {
		e->mnt = strdup(e->target.where.point);
		return e->mnt ? 0 : log_errno(-ENOMEM, "%s", e->target.board->name);
	}
	if (where)
		return log_error("nothing is mounted at '%s'", where);
	log_warn("%s is not mounted yet (try 'xsysfs mount %s')", e->target.board->name,
		 e->target.board->name);
	e->mnt = realpath(e->target.board->mnt, NULL);
	if (!e->mnt)
		e->mnt = strdup(e->target.board->mnt);
	return e->mnt ? 0 : log_errno(-ENOMEM, "%s", e->target.board->name);
}

/* The folder for the files, with bin/ in it. */
static int make_folder(struct env *e)
{
	autofree char *dir = NULL;
	autofree char *bin = NULL;
	int r;

	dir = e->options->files
		      ? strdup(e->options->files)
		      : text_of("%s/%s/env", e->options->places.home, e->target.board->name);
	bin = dir ? places_join(dir, "bin") : NULL;
	r = bin ? io_mkdir_p(AT_FDCWD, bin, 0755) : -ENOMEM;
	if (r < 0)
		return log_errno(r, "cannot make '%s'", dir ? dir : "a folder");
	e->files = realpath(dir, NULL);
	e->bin = e->files ? places_join(e->files, "bin") : NULL;
	return e->bin ? 0 : log_errno(-errno, "cannot find '%s'", dir);
}

/* One that is the same is left as it is: CMake and Meson configure again when it is newer. */
static int write_file(const char *dir, const char *name, char *text)
{
	autofree char *wanted = text;
	autofree char *path = places_join(dir, name);
	autofree char *there = NULL;
	int r;

	if (!wanted || !path)
		return log_error("cannot write '%s' to '%s': no memory, or a path that is no UTF-8",
				 name, dir);
	if (io_read_file(AT_FDCWD, path, FILE_MAX, &there, NULL) == 0 && strcmp(there, wanted) == 0)
		return 0;
	r = places_write(dir, name, wanted);
	return r < 0 ? log_errno(r, "cannot write '%s'", path) : 0;
}

static int write_files(const struct env *e, const struct cross *c)
{
	autofree char *personality = NULL;
	char *why = NULL;
	int r;

	personality = text_of("%s.personality", e->target.toolchain.triple);
	if (!personality)
		return log_errno(-ENOMEM, "%s", e->files);
	r = write_file(e->files, CROSSENV_CMAKE, cross_cmake(c));
	if (r == 0)
		r = write_file(e->files, CROSSENV_MESON, cross_meson(c));
	if (r == 0)
		r = write_file(e->files, personality, cross_pkgconf(c));
	if (r == 0)
		r = write_file(e->files, CROSSENV_KIT, crossenv_kit(c, e->files));
	if (r == 0)
		r = write_file(e->files, CROSSENV_PRESETS, crossenv_presets(c, e->files));
	if (r == 0)
		r = write_file(e->files, CROSSENV_CPP, crossenv_cpp(c));
	if (r == 0 && (r = compilers_write(c, e->bin, &why)) < 0)
		why_log(why, r);
	return r;
}

static int say(const struct env *e, const struct cross *c)
{
	const struct options *o = e->options;
	enum crossenv_form form = o->json ? CROSSENV_JSON : o->fish ? CROSSENV_FISH : CROSSENV_SH;
	autostrv struct strv env = { 0 };
	autofree char *text = NULL;

	if (crossenv_variables(c, e->files, &env) == 0)
		text = crossenv_say(&env, form);
	if (!text)
		return log_error("cannot print: no memory, or a path that is no UTF-8");
	fputs(text, stdout);
	return 0;
}

static int look_around(struct env *e)
{
	const struct options *o = e->options;
	struct source_ways ways = options_ways(o);
	int r = target_find(&e->target, &o->places, o->where, o->n_args ? o->args[0] : NULL);

	if (r < 0)
		return r;
	r = target_open_toolchain(&e->target, &ways);
	source_release(&ways);
	if (r < 0)
		return r;
	r = find_mount(e);
	if (r == 0)
		r = make_folder(e);
	if (r == 0)
		e->emulator = find_emulator(&e->target.toolchain);
	return r;
}

int verb_env(struct options *o)
{
	cleanup(env_release) struct env e = { .options = o };
	int r = look_around(&e);
	struct cross cross = {
		.target = &e.target,
		.tools = e.target.toolchain.dir,
		.bin = e.bin,
		.sysroot = e.mnt,
		.emulator = e.emulator,
	};

	if (r == 0) {
		check_path(e.mnt);
		r = write_files(&e, &cross);
	}
	if (r == 0)
		r = say(&e, &cross);
	if (r < 0 && !o->json)
		puts("false"); /* so that 'eval "$(xsysfs env)" && make' stops here */
	return r < 0;
}
