// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/target/crosstool.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/base/proc.h"
#include "builder/base/why.h"
#include "builder/target/toolchain_make.h"
#include "fs/base/cleanup.h"
#include "fs/base/digest.h"
#include "fs/base/io.h"
#include "fs/base/log.h"
#include "fs/base/text.h"

#define CONFIG_MAX (1 << 20)
#define STEPS	   ".build/*/state/*" /* a folder for each that is done */
#define PATH	   "/usr/sbin:/usr/bin:/sbin:/bin"

/* The same configuration with others of our settings is another toolchain. */
#define WAY "1"

struct making {
	const struct board *board;
	struct source_ways *ways;
	char *config; /* the text */
	char *work, *dir;
};

static void making_release(struct making *m)
{
	free(m->config);
	free(m->work);
	free(m->dir);
}

static int name_it(struct making *m, char **why)
{
	const struct places *places = m->ways->places;
	autofree char *text = NULL;
	char hex[DIGEST_HEX];
	int r = io_read_file(AT_FDCWD, m->board->crosstool, CONFIG_MAX, &m->config, NULL);

	if (r < 0)
		return toolchain_refuse(why, m->board, r, "cannot read the configuration '%s': %s",
					m->board->crosstool, strerror(-r));
	text = text_of("crosstool " WAY "\n%s", m->config);
	r = text ? digest_of_data(text, strlen(text), hex) : -ENOMEM;
	if (r < 0)
		return why_errno(why, r, "%s", m->board->name);
	m->work = text_of("%s/crosstool/%.16s", places->home, hex);
	m->dir = text_of("%s/%.16s", places->toolchains, hex);
	return m->work && m->dir ? 0 : why_errno(why, -ENOMEM, "%s", m->board->name);
}

/* Its own cache of archives when nobody names a folder. */
static char *archives(const struct making *m)
{
	const struct strv *mirrors = &m->ways->places->mirrors;

	return mirrors->n ? realpath(mirrors->v[0], NULL)
			  : text_of("%s/crosstool/tarballs", m->ways->places->home);
}

/* What stands last in a configuration counts. */
static int write_config(const struct making *m, const char *tarballs)
{
	const char *root = geteuid() == 0 ? "CT_EXPERIMENTAL=y\nCT_ALLOW_BUILD_AS_ROOT=y\n"
					    "CT_ALLOW_BUILD_AS_ROOT_SURE=y\n"
					  : "";
	autofree char *text = NULL;

	text = text_of("%s\nCT_PREFIX_DIR=\"%s/result\"\nCT_LOCAL_TARBALLS_DIR=\"%s\"\n"
		       "CT_SAVE_TARBALLS=y\n%sCT_DEBUG_CT=y\nCT_DEBUG_CT_SAVE_STEPS=y\n"
		       "# CT_PREFIX_DIR_RO is not set\n# CT_LOG_PROGRESS_BAR is not set\n%s",
		       m->config, m->work, tarballs,
		       m->ways->offline ? "CT_FORBID_DOWNLOAD=y\n" : "", root);
	return text ? places_scratch(m->work, ".config", text) : -ENOMEM;
}

/* The step that was done last, lent from `g`; NULL: none was. */
static const char *last_step(const struct making *m, glob_t *g)
{
	autofree char *pattern = places_join(m->work, STEPS);
	struct timespec latest = { 0 };
	const char *last = NULL;
	struct stat st;

	*g = (glob_t){ 0 };
	if (!pattern || glob(pattern, GLOB_ONLYDIR, NULL, g) != 0)
		return NULL;
	for (size_t i = 0; i < g->gl_pathc; i++)
		if (stat(g->gl_pathv[i], &st) == 0 &&
		    (st.st_mtim.tv_sec > latest.tv_sec || (st.st_mtim.tv_sec == latest.tv_sec &&
							   st.st_mtim.tv_nsec >= latest.tv_nsec))) {
			latest = st.st_mtim;
			last = strrchr(g->gl_pathv[i], '/') + 1;
		}
	return last;
}

static int run(const struct making *m, const char *what, char **why)
{
	autofree char *home = text_of("HOME=%s", m->work);
	autofree char *words = NULL;
	/* it refuses what would get in its way, LIBRARY_PATH and the like */
	char *env[] = { home, (char *)"PATH=" PATH, (char *)"LC_ALL=C", NULL };
	const char *argv[] = { m->board->ct_ng, what, NULL };
	int status = home ? proc_run(&(struct proc){
				    .argv = argv, .env = env, .dir = m->work, .out = 2, .err = 2 })
			  : -ENOMEM;

	if (status == -ENOENT)
		return toolchain_refuse(
			why, m->board, status,
			"there is no '%s' (Crosstool-NG has to be installed, or 'ct-ng = FILE' "
			"says where it is)",
			m->board->ct_ng);
	if (status < 0)
		return why_errno(why, status, "cannot run '%s'", m->board->ct_ng);
	words = proc_words(status);
	return status == 0 ? 0
			   : toolchain_refuse(
				     why, m->board, -EIO,
				     "'ct-ng %s' failed: %s (log: '%s/build.log'; the same command "
				     "goes on from there)",
				     what, words ? words : "", m->work);
}

static int build(const struct making *m, char **why)
{
	autofree char *restart = NULL;
	const char *step;
	glob_t g;
	int r = run(m, "olddefconfig", why);

	if (r < 0)
		return r;
	step = last_step(m, &g);
	restart = step ? text_of("%s+", step) : strdup("build");
	if (step)
		log_note("%s: Crosstool-NG goes on at '%s'", m->board->name, step);
	globfree(&g);
	return restart ? run(m, restart, why) : why_errno(why, -ENOMEM, "%s", m->board->name);
}

/* Of two that want the same, one builds. A descriptor, or -errno with `*why`. */
static int take_work(const struct making *m, char **why)
{
	int r = io_mkdir_p(AT_FDCWD, m->work, 0755);
	autofd int fd = r < 0 ? r : io_open_dir(AT_FDCWD, m->work);

	if (fd < 0)
		return why_errno(why, fd, "cannot make '%s'", m->work);
	return flock(fd, LOCK_EX) < 0 ? why_errno(why, -errno, "cannot lock '%s'", m->work)
				      : take_fd(&fd);
}

/* Beside whoever else makes a toolchain: this takes hours. */
static int build_it(const struct making *m, char **why)
{
	autofree char *tarballs = archives(m);
	int r = tarballs ? 0 : -ENOMEM;

	if (r == 0 && !m->ways->places->mirrors.n)
		r = io_mkdir_p(AT_FDCWD, tarballs, 0755);
	if (r == 0)
		r = write_config(m, tarballs);
	if (r < 0)
		return why_errno(why, r, "cannot write to '%s'", m->work);
	log_note("Crosstool-NG builds the toolchain of %s in '%s': that takes its time",
		 m->board->name, m->work);
	return build(m, why);
}

static int take_result(void *arg, const char *aside, char **why)
{
	const struct making *m = arg;
	autofree char *result = places_join(m->work, "result");

	if (!result)
		return why_errno(why, -ENOMEM, "%s", m->board->name);
	if (rename(result, aside) < 0)
		return toolchain_refuse(why, m->board, -errno, "Crosstool-NG has left no '%s': %s",
					result, strerror(errno));
	return 0;
}

static int make_it(struct making *m, char **why)
{
	autofd int lock = take_work(m, why);
	int r;

	if (lock < 0)
		return lock;
	r = access(m->dir, F_OK) == 0 ? 0 : build_it(m, why);
	if (r == 0)
		r = toolchain_make(m->ways->places, m->dir, take_result, m, why);
	if (r == 0)
		io_remove_tree(AT_FDCWD, m->work);
	return r;
}

int crosstool_toolchain(const struct board *board, struct source_ways *ways, char **dir, char **why)
{
	cleanup(making_release) struct making m = { .board = board, .ways = ways };
	int r = name_it(&m, why);

	if (r == 0 && access(m.dir, F_OK) < 0)
		r = make_it(&m, why);
	if (r == 0)
		*dir = take_ptr(m.dir);
	return r;
}
