// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/base/times.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"

int64_t times_epoch(int64_t newest)
{
	return newest < 0 ? 0 : newest > UINT32_MAX ? UINT32_MAX : newest;
}

/* `name` in `dir`; "" for `dir` itself. */
static int bound(int dir, const char *name, const struct stat *st, int64_t epoch)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = epoch } };
	int flags = AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH);

	if (st->st_mtim.tv_sec < epoch || (st->st_mtim.tv_sec == epoch && !st->st_mtim.tv_nsec))
		return 0;
	return utimensat(dir, name, times, flags) < 0 ? -errno : 0;
}

static int bound_one(int dir, const char *name, int64_t epoch)
{
	autofd int fd = -1;
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return bound(dir, name, &st, epoch);
	fd = io_open_dir(dir, name);
	return fd < 0 ? fd : times_bound(fd, epoch);
}

int times_bound(int dir, int64_t epoch)
{
	autodir DIR *d = fdopendir(dup(dir));
	struct dirent *e;
	struct stat st;
	int r = 0;

	if (!d)
		return -errno;
	while (r == 0 && (errno = 0, e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			r = bound_one(dir, e->d_name, epoch);
	if (r == 0)
		r = -errno;
	if (r == 0 && fstat(dir, &st) < 0)
		r = -errno;
	return r == 0 ? bound(dir, "", &st, epoch) : r;
}
