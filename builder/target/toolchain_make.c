// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/target/toolchain_make.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/text.h"

/* chmod -R a-w, without following links. */
static int make_read_only(int parent, const char *name)
{
	autofd int fd = io_open_dir(parent, name);
	autodir DIR *d = fd < 0 ? NULL : fdopendir(dup(fd));
	struct dirent *e;
	struct stat st;

	if (!d)
		return fd < 0 ? fd : -errno;
	while ((errno = 0, e = readdir(d))) {
		int r = 0;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		if (S_ISDIR(st.st_mode))
			r = make_read_only(fd, e->d_name);
		else if (S_ISREG(st.st_mode) && fchmodat(fd, e->d_name, st.st_mode & 0555, 0) < 0)
			r = -errno;
		if (r < 0)
			return r;
	}
	if (errno)
		return -errno;
	return fstat(fd, &st) < 0 || fchmod(fd, st.st_mode & 0555) < 0 ? -errno : 0;
}

/* What the folder has is on the disk before it gets its name: after a power cut nobody could tell
 * that files of it are empty. */
static int settle(const char *aside, char **why)
{
	autofd int fd = -1;
	int r = make_read_only(AT_FDCWD, aside);

	if (r < 0)
		return why_errno(why, r, "cannot make '%s' read-only", aside);
	fd = io_open_dir(AT_FDCWD, aside);
	r = fd < 0 ? fd : syncfs(fd) < 0 ? -errno : 0;
	return r < 0 ? why_errno(why, r, "cannot write '%s' to the disk", aside) : 0;
}

/* One at a time: the second finds what the first has made. A descriptor, or -errno with `*why`. */
static int lock_toolchains(const char *toolchains, char **why)
{
	autofree char *path = places_join(toolchains, ".lock");
	autofd int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644) : -1;

	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return why_errno(why, -errno, "cannot lock '%s'", toolchains);
	return take_fd(&fd);
}

int toolchain_make(const struct places *places, const char *dir, toolchain_maker *make, void *arg,
		   char **why)
{
	autofree char *aside = NULL;
	autofd int lock = -1;
	int r;

	if (access(dir, F_OK) == 0)
		return 0;
	lock = lock_toolchains(places->toolchains, why);
	if (lock < 0 || access(dir, F_OK) == 0)
		return lock < 0 ? lock : 0;
	aside = text_of("%s.new", dir);
	if (!aside)
		return why_errno(why, -ENOMEM, "%s", dir);
	r = io_remove_tree(AT_FDCWD, aside);
	if (r < 0)
		return why_errno(why, r, "cannot remove '%s'", aside);
	r = make(arg, aside, why);
	if (r == 0)
		r = settle(aside, why);
	if (r == 0 && rename(aside, dir) < 0)
		r = why_errno(why, -errno, "cannot rename to '%s'", dir);
	io_remove_tree(AT_FDCWD, aside);
	return r;
}
