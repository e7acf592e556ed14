// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/run/work.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/base/places.h"
#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/text.h"

#define LOG   "log"
#define KEPT  "kept"  /* a file: see work_keep */
#define OWNER "owner" /* in the logs' folder: the process that has the lock */

void work_release(struct work *w)
{
	free(w->path);
	if (w->dir >= 0)
		close(w->dir);
	if (w->log >= 0)
		close(w->log);
	*w = WORK_NONE;
}

static bool is_content(const char *name)
{
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, LOG) != 0;
}

/* A folder of ours in `dir`, that nobody else may look into. */
static int open_private(int dir, const char *name)
{
	autofd int fd = -1;
	struct stat st;

	if (mkdirat(dir, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = io_open_dir(dir, name);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid())
		return -EPERM;
	if ((st.st_mode & 07777) != 0700 && fchmod(fd, 0700) < 0)
		return -errno;
	return take_fd(&fd);
}

/* Older builds could put something else there. */
static int open_log(int dir)
{
	int fd = open_private(dir, LOG);

	if (fd != -ELOOP && fd != -ENOTDIR)
		return fd;
	fd = io_remove_tree(dir, LOG);
	return fd < 0 ? fd : open_private(dir, LOG);
}

static int lock(struct work *w, int how, char **why)
{
	autofd int fd = -1;

	if (flock(w->log, how) < 0)
		return errno == EWOULDBLOCK
			       ? why_set(why, -EBUSY, "another 'xsysfs build' is at it")
			       : why_errno(why, -errno, "cannot lock '%s'", w->path);
	/* for people: if it cannot be written, nobody is told */
	fd = openat(w->log, OWNER, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		dprintf(fd, "%d\n", (int)getpid());
	return 0;
}

int work_open(struct work *w, const char *all, const char *package, char **why)
{
	int r = io_mkdir_p(AT_FDCWD, all, 0700);
	autofd int parent = r < 0 ? r : open(all, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*w = WORK_NONE;
	if (parent < 0)
		return why_errno(why, r < 0 ? r : -errno, "cannot make '%s'", all);
	w->path = places_join(all, package);
	if (!w->path)
		return why_errno(why, -ENOMEM, "cannot name folders");
	w->dir = open_private(parent, package);
	if (w->dir == -EPERM)
		return why_set(why, w->dir, "'%s' is another user's", w->path);
	if (w->dir < 0)
		return why_errno(why, w->dir, "cannot make '%s'", w->path);
	w->log = open_log(w->dir);
	if (w->log < 0)
		return why_errno(why, w->log, "cannot make '%s/" LOG "'", w->path);
	return lock(w, LOCK_EX | LOCK_NB, why);
}

int work_wait(struct work *w, char **why)
{
	return lock(w, LOCK_EX, why);
}

int work_owner(const struct work *w)
{
	autofree char *text = NULL;

	return io_read_file(w->log, OWNER, 32, &text, NULL) < 0 ? 0 : atoi(text);
}

int work_clear(const struct work *w)
{
	int copy = openat(w->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;
	int r = 0;

	if (!d)
		return -errno;
	while (r == 0 && (e = readdir(d)))
		if (is_content(e->d_name))
			r = io_remove_tree(w->dir, e->d_name);
	return r;
}

int work_new_log(const struct work *w, const char *name)
{
	autofree char *file = NULL;
	int r, fd;

	file = text_of("%s.log", name);
	if (!file)
		return -ENOMEM;
	r = io_remove_tree(w->log, file);
	if (r < 0)
		return r;
	fd = openat(w->log, file, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0644);
	return fd < 0 ? -errno : fd;
}

int work_keep(const struct work *w)
{
	autofd int fd = openat(w->dir, KEPT, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);

	return fd < 0 ? -errno : 0;
}

/* ---- what is left ---- */

void work_lefts_release(struct work_lefts *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].package);
	free(l->v);
	*l = (struct work_lefts){ 0 };
}

/* Through no symlink, and as deep as trees are; what cannot be read counts nothing. */
static uint64_t size_of(int dir, const char *name, unsigned depth)
{
	struct stat st;
	uint64_t bytes;
	int fd;
	DIR *d;
	struct dirent *e;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	bytes = (uint64_t)st.st_blocks * 512;
	fd = S_ISDIR(st.st_mode) && depth < 200 ? io_open_dir(dir, name) : -1;
	d = fd < 0 ? NULL : fdopendir(fd);
	while (d && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			bytes += size_of(fd, e->d_name, depth + 1);
	if (d)
		closedir(d);
	return bytes;
}

/* 1 when there is something in it, 0 when not, or it is being built in. */
static int look(int all, const char *name, struct work_left *left)
{
	autofd int fd = io_open_dir(all, name), log = -1;
	autodir DIR *d = NULL;
	struct dirent *e;
	struct stat st;
	int found = 0, copy;

	if (fd < 0 || fstat(fd, &st) < 0)
		return 0;
	log = io_open_dir(fd, LOG);
	if (log >= 0 && flock(log, LOCK_EX | LOCK_NB) < 0)
		return 0;
	copy = io_open_dir(fd, ".");
	d = copy < 0 ? NULL : fdopendir(copy);
	*left = (struct work_left){ .when = st.st_mtim };
	while (d && (e = readdir(d))) {
		if (!is_content(e->d_name))
			continue;
		found = 1;
		left->kept = left->kept || strcmp(e->d_name, KEPT) == 0;
		left->bytes += size_of(fd, e->d_name, 0);
	}
	return found;
}

static int later_first(const void *a, const void *b)
{
	const struct timespec *x = &((const struct work_left *)a)->when;
	const struct timespec *y = &((const struct work_left *)b)->when;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? 1 : -1;
	return (x->tv_nsec < y->tv_nsec) - (x->tv_nsec > y->tv_nsec);
}

int work_list(const char *all, struct work_lefts *ret)
{
	autodir DIR *d = opendir(all);
	struct dirent *e;

	*ret = (struct work_lefts){ 0 };
	if (!d)
		return errno == ENOENT ? 0 : -errno;
	while ((e = readdir(d))) {
		struct work_left left, *v;

		if (*e->d_name == '.' || !look(dirfd(d), e->d_name, &left))
			continue;
		left.package = strdup(e->d_name);
		v = left.package ? reallocarray(ret->v, ret->n + 1, sizeof(*v)) : NULL;
		if (!v) {
			free(left.package);
			return -ENOMEM;
		}
		ret->v = v;
		v[ret->n++] = left;
	}
	qsort(ret->v, ret->n, sizeof(*ret->v), later_first);
	return 0;
}

void work_limit(const char *all, size_t most)
{
	cleanup(work_lefts_release) struct work_lefts lefts = { 0 };
	size_t seen = 0;

	if (work_list(all, &lefts) < 0)
		return;
	for (size_t i = 0; i < lefts.n; i++) {
		autowork struct work w = WORK_NONE;
		char *why = NULL;

		if (lefts.v[i].kept || ++seen <= most)
			continue;
		if (work_open(&w, all, lefts.v[i].package, &why) == 0)
			work_clear(&w);
		free(why);
	}
}
