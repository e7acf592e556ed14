// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/package.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "builder/patch.h"
#include "builder/phase.h"
#include "builder/proc.h"
#include "builder/unpack.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"

static void folders_release(struct phase_folders *f)
{
	free(f->work);
	free(f->src);
	free(f->build);
	free(f->log);
	free(f->recipe);
	free(f->toolchain);
	*f = (struct phase_folders){ 0 };
}

/* Returns the work folder's lock, a descriptor, or -errno with `*why`. */
static int lock_folders(struct phase_folders *f, const struct package_build *b, char **why)
{
	autofree char *lock = NULL;
	autofd int fd = -1;
	int r;

	f->work = places_join(b->board->work, b->recipe->name);
	f->recipe = realpath(b->recipe->dir, NULL);
	f->toolchain = strdup(b->toolchain->dir);
	if (!f->recipe || !f->toolchain)
		return why_errno(why, -errno, "cannot find '%s'", b->recipe->dir);
	if (!f->work || !(f->src = places_join(f->work, "src")) ||
	    !(f->build = places_join(f->work, "build")) ||
	    !(f->log = places_join(f->work, "log")) || !(lock = places_join(f->work, "lock")))
		return why_errno(why, -ENOMEM, "cannot name folders");
	r = io_mkdir_p(AT_FDCWD, f->log, 0755);
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

static int write_plan(const struct package_build *b, const struct phase_folders *f, int64_t newest,
		      char **why)
{
	autostrv struct strv env = { 0 };
	int jobs = b->options->jobs ? b->options->jobs : get_nprocs();
	int r = phase_environment(b->recipe, b->board, b->toolchain, f, jobs, newest, &env);

	if (r < 0)
		return why_errno(why, r, "%s", b->recipe->name);
	return phase_write_plan(b->recipe, f, &env, why);
}

/* Everything that happens outside the build view. */
static int prepare(const struct package_build *b, const struct phase_folders *f, char **why)
{
	autofree char *archive = NULL;
	int64_t newest = 0;
	int r = source_get(b->ways, b->recipe, &archive, why);

	if (r == 0)
		r = make_folders(f, why);
	if (r == 0)
		r = unpack_archive(archive, f->src, NULL, &newest, why);
	if (r == 0)
		r = apply_patches(b, f, why);
	if (r == 0)
		r = write_plan(b, f, newest, why);
	if (r == 0 && (r = key_store(b->board->keys, b->key)) < 0)
		why_errno(why, r, "cannot write to '%s'", b->board->keys);
	return r;
}

/* The one install. What goes wrong in it is said by who is inside. */
static int install(const struct package_build *b, const struct phase_folders *f)
{
	const struct places *places = &b->options->places;
	const struct recipe *recipe = b->recipe;
	autofree char *needs = strv_join(&recipe->needs, ",");
	autofree char *replaces = strv_join(&recipe->replaces, ",");
	const char *argv[24] = { places->xsysfs, "run",	       "-C",	    b->where,
				 "--package",	 recipe->name, "--version", recipe->version,
				 "--key",	 b->key->hex };
	size_t n = 10;
	int status;

	if (!needs || !replaces)
		return log_errno(-ENOMEM, "%s", recipe->name);
	if (*needs) {
		argv[n++] = "--needs";
		argv[n++] = needs;
	}
	if (*replaces) {
		argv[n++] = "--replaces";
		argv[n++] = replaces;
	}
	argv[n++] = "--";
	argv[n++] = places->self;
	argv[n++] = "run-phases";
	argv[n++] = f->work;
	status = proc_run(&(struct proc){ .argv = argv });
	if (status < 0)
		return log_errno(status, "cannot run '%s'", places->xsysfs);
	return status == 0 ? 0 : -EIO;
}

int package_build(const struct package_build *b)
{
	cleanup(folders_release) struct phase_folders f = { 0 };
	autofree char *name = NULL;
	autofd int lock = -1;
	char *why = NULL;
	int r;

	if (asprintf(&name, "%s %s", b->recipe->name, b->recipe->version) < 0) {
		name = NULL;
		return log_errno(-ENOMEM, "%s", b->recipe->name);
	}
	lock = lock_folders(&f, b, &why);
	if (lock < 0)
		return why_log_of(why, lock, name);
	r = prepare(b, &f, &why);
	if (r < 0) {
		clean(&f);
		return why_log_of(why, r, name);
	}
	r = install(b, &f);
	if (r < 0) {
		log_error("%s: not installed, the mount is as it was", name);
		return r;
	}
	return b->options->keep ? 0 : clean(&f);
}
