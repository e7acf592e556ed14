// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/package.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "builder/box.h"
#include "builder/jobserver.h"
#include "builder/launcher.h"
#include "builder/patch.h"
#include "builder/phase.h"
#include "builder/proc.h"
#include "builder/subpackages.h"
#include "builder/unpack.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"

#define RULES "parts" /* in the work folder: for `xsysfs run --parts` */

static void folders_release(struct phase_folders *f)
{
	free(f->work);
	free(f->src);
	free(f->build);
	free(f->log);
	free(f->recipe);
	free(f->toolchain);
	free(f->written);
	*f = (struct phase_folders){ 0 };
}

char *package_log_folder(const struct package_ways *ways, const char *package)
{
	char *path;

	return asprintf(&path, "%s/%s/log", ways->work, package) < 0 ? NULL : path;
}

static int fill_folders(struct phase_folders *f, const char *work, const char *package)
{
	f->work = places_join(work, package);
	if (!f->work || !(f->src = places_join(f->work, "src")) ||
	    !(f->build = places_join(f->work, "build")) || !(f->log = places_join(f->work, "log")))
		return -ENOMEM;
	return 0;
}

/* The folders as they are. */
static int name_outside(struct phase_folders *f, const struct package_build *b, char **why)
{
	int r = fill_folders(f, b->ways->work, b->recipe->name);

	if (r < 0)
		return why_errno(why, r, "cannot name folders");
	f->recipe = realpath(b->recipe->dir, NULL);
	if (!f->recipe)
		return why_errno(why, -errno, "cannot find '%s'", b->recipe->dir);
	f->toolchain = strdup(b->ways->toolchain->dir);
	if (asprintf(&f->written, "%s/pending/%s/root", b->ways->state, b->recipe->name) < 0)
		f->written = NULL;
	return f->toolchain && f->written ? 0 : why_errno(why, -ENOMEM, "cannot name folders");
}

/* The folders as the commands see them. */
static int name_inside(struct phase_folders *f, const struct package_build *b)
{
	int r = fill_folders(f, BOX_WORK, b->recipe->name);

	f->recipe = strdup(BOX_RECIPE);
	f->toolchain = strdup(BOX_TOOLCHAIN);
	f->written = strdup(BOX_WRITTEN);
	return r == 0 && f->recipe && f->written && f->toolchain ? 0 : -ENOMEM;
}

/* Returns the work folder's lock, a descriptor, or -errno with `*why`. */
static int lock_folders(const struct phase_folders *f, char **why)
{
	autofree char *lock = places_join(f->work, "lock");
	autofd int fd = -1;
	int r = lock ? io_mkdir_p(AT_FDCWD, f->log, 0755) : -ENOMEM;

	if (r < 0)
		return why_errno(why, r, "cannot make '%s'", f->log);
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return why_errno(why, -errno, "cannot write '%s'", lock);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return why_set(why, -EBUSY, "another 'xsysfs build' is at it");
	return take_fd(&fd);
}

/* Everything but the logs goes, also what somebody who was killed has left. */
static int clean(const struct phase_folders *f)
{
	autodir DIR *d = opendir(f->work);
	struct dirent *e;
	int r = 0;

	if (!d)
		return -errno;
	while (r == 0 && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    strcmp(e->d_name, "log") != 0 && strcmp(e->d_name, "lock") != 0)
			r = io_remove_tree(dirfd(d), e->d_name);
	return r;
}

static int make_folders(const struct phase_folders *f, char **why)
{
	autofree char *tmp = places_join(f->work, "tmp");
	int r = tmp ? clean(f) : -ENOMEM;

	if (r == 0)
		r = io_mkdir_p(AT_FDCWD, f->build, 0755);
	if (r == 0)
		r = io_mkdir_p(AT_FDCWD, tmp, 0755);
	return r < 0 ? why_errno(why, r, "cannot make folders in '%s'", f->work) : 0;
}

static int apply_patches(const struct package_build *b, const struct phase_folders *f, char **why)
{
	autofree char *path = places_join(f->log, "patch.log");
	autofd int log = -1;
	int r = 0;

	if (!b->patches->n)
		return 0;
	log = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
	if (log < 0)
		return why_errno(why, -errno, "cannot write the log of the patches");
	strv_foreach (patch, b->patches)
		if (r == 0)
			r = patch_apply(*patch, f->src, log, why);
	if (r < 0) {
		autofree char *reason = *why;

		return why_set(why, r, "%s (log: '%s')", reason, path);
	}
	return 0;
}

static int write_plan(const struct package_build *b, const struct phase_folders *outside,
		      const struct phase_folders *inside, int64_t newest, int events, char **why)
{
	const struct package_ways *ways = b->ways;
	const struct phase_plan plan = {
		.recipe = b->recipe,
		.board = ways->board,
		.toolchain = ways->toolchain,
		.outside = outside,
		.inside = inside,
		.sysroot = ways->boxed ? BOX_SYSROOT : ways->mountpoint,
		.launcher = ways->launcher ? launcher_links(ways->launcher, ways->boxed) : NULL,
		.jobs = ways->jobs->tokens,
		.epoch = newest,
		.events = events,
	};
	autostrv struct strv env = { 0 };
	int r = phase_environment(&plan, &env);

	if (r == 0)
		r = jobserver_environment(ways->jobs, &env);
	if (r == 0 && ways->launcher)
		r = launcher_environment(ways->launcher, ways->boxed, &env);
	if (r < 0)
		return why_errno(why, r, "%s", b->recipe->name);
	return phase_write_plan(&plan, &env, why);
}

static int write_rules(const struct package_build *b, const struct phase_folders *f, char **why)
{
	autofree char *rules = NULL;
	int r = subpackages_rules(b->recipe, b->ways->board, &rules, why);

	if (r < 0)
		return r;
	r = places_scratch(f->work, RULES, rules);
	return r < 0 ? why_errno(why, r, "cannot write '%s/%s'", f->work, RULES) : 0;
}

/* Everything that happens outside the build view. */
static int prepare(const struct package_build *b, const struct phase_folders *outside,
		   const struct phase_folders *inside, int events, char **why)
{
	const struct board *board = b->ways->board;
	int64_t newest = 0;
	int r = make_folders(outside, why);

	dprintf(events, "phase unpack\n");
	if (r == 0)
		r = unpack_archive(b->archive, outside->src, NULL, &newest, why);
	if (r == 0 && b->patches->n)
		dprintf(events, "phase patch\n");
	if (r == 0)
		r = apply_patches(b, outside, why);
	if (r == 0)
		r = write_plan(b, outside, inside, newest, events, why);
	if (r == 0)
		r = write_rules(b, outside, why);
	if (r == 0 && (r = key_store(board->keys, b->key)) < 0)
		why_errno(why, r, "cannot write to '%s'", board->keys);
	return r;
}

static int add_option(struct strv *argv, const char *option, const struct strv *values)
{
	autofree char *list = strv_join(values, ",");
	int r = list ? 0 : -ENOMEM;

	if (r == 0 && *list && (r = strv_add(argv, option)) == 0)
		r = strv_add(argv, list);
	return r;
}

static int add_run(const struct package_build *b, const char *work, struct strv *argv)
{
	autofree char *rules = places_join(work, RULES);
	const struct recipe *recipe = b->recipe;
	const char *words[] = {
		b->ways->places->xsysfs,
		"run",
		"-C",
		b->ways->where,
		"--package",
		recipe->name,
		"--version",
		recipe->version,
		"--key",
		b->key->hex,
		"--parts",
		rules,
	};
	int r = rules ? 0 : -ENOMEM;

	for (size_t i = 0; i < ARRAY_SIZE(words) && r == 0; i++)
		r = strv_add(argv, words[i]);
	if (r == 0)
		r = add_option(argv, "--needs", &recipe->needs);
	if (r == 0)
		r = add_option(argv, "--replaces", &recipe->replaces);
	return r == 0 ? strv_add(argv, "--") : r;
}

/* What is to run in the build view: this program, in a box where there can be one. */
static int add_inside(const struct package_build *b, const struct phase_folders *outside,
		      const struct phase_folders *inside, struct strv *argv)
{
	const struct launcher *launcher = b->ways->launcher;
	const struct box box = {
		.mountpoint = b->ways->mountpoint,
		.outside = outside,
		.self = b->ways->places->self,
		.package = b->recipe->name,
		.open = launcher ? launcher->openings : NULL,
		.n_open = launcher ? launcher->n_openings : 0,
		.network = launcher && launcher->network,
	};
	int r = b->ways->boxed ? box_prepare(&box) : 0;

	if (r == 0 && b->ways->boxed)
		r = box_arguments(&box, argv);
	if (r == 0)
		r = strv_add(argv, b->ways->boxed ? BOX_BUILDER : box.self);
	if (r == 0)
		r = strv_add(argv, "run-phases");
	return r == 0 ? strv_add(argv, inside->work) : r;
}

/* The one install. What goes wrong in it is said by who is inside. */
static int install(const struct package_build *b, const struct phase_folders *outside,
		   const struct phase_folders *inside)
{
	autostrv struct strv argv = { 0 };
	int r = add_run(b, outside->work, &argv);
	int status;

	if (r == 0)
		r = add_inside(b, outside, inside, &argv);
	if (r < 0)
		return log_errno(r, "%s", b->recipe->name);
	status = proc_run(&(struct proc){ .argv = (const char *const *)argv.v });
	if (status < 0)
		return log_errno(status, "cannot run '%s'", argv.v[0]);
	return status == 0 ? 0 : -EIO;
}

int package_build(const struct package_build *b, int events)
{
	cleanup(folders_release) struct phase_folders outside = { 0 }, inside = { 0 };
	const struct phase_folders *seen = b->ways->boxed ? &inside : &outside;
	autofree char *name = NULL;
	autofd int lock = -1;
	char *why = NULL;
	int r;

	if (asprintf(&name, "%s %s", b->recipe->name, b->recipe->version) < 0 ||
	    name_inside(&inside, b) < 0)
		return log_errno(-ENOMEM, "%s", b->recipe->name);
	r = name_outside(&outside, b, &why);
	if (r == 0)
		r = lock = lock_folders(&outside, &why);
	if (r < 0)
		return why_log_of(why, r, name);
	r = prepare(b, &outside, seen, events, &why);
	if (r < 0) {
		clean(&outside);
		return why_log_of(why, r, name);
	}
	r = install(b, &outside, seen);
	if (r < 0) {
		log_error("%s: not installed, the mount is as it was", name);
		return r;
	}
	return b->ways->keep ? 0 : clean(&outside);
}
