// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/whiteout.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/store/mark.h"

/* What nobody makes on purpose. */
#define SECOND_MODE (S_ISUID | S_ISGID | S_ISVTX)

bool whiteout_is(const struct stat *st)
{
	return (S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0)) ||
	       st->st_mode == (S_IFIFO | SECOND_MODE);
}

mode_t whiteout_other_mode(mode_t mode)
{
	return mode == (S_IFIFO | SECOND_MODE) ? mode & ~S_ISVTX : mode;
}

static bool is_refused(void)
{
	return errno == EPERM || errno == EOPNOTSUPP || errno == EINVAL;
}

int whiteout_make(int dir, const char *name)
{
	if (mknodat(dir, name, S_IFCHR | 0000, makedev(0, 0)) == 0)
		return 0;
	if (is_refused() && mknodat(dir, name, S_IFIFO | SECOND_MODE, 0) == 0)
		return 0;
	return -errno;
}

/* Of the file `fd`, or of the name in it. */
static int ask(int fd, const char *name)
{
	static const char *const xattrs[] = { OPAQUE_XATTR, SECOND_OPAQUE_XATTR };

	for (size_t i = 0; i < ARRAY_SIZE(xattrs); i++) {
		char value;
		ssize_t n = name ? mark_get_at(fd, name, xattrs[i], &value, 1)
				 : mark_get(fd, xattrs[i], &value, 1);

		if (n < 0 && n != -ENODATA)
			return n;
		if (n == 1 && value == 'y')
			return 1;
	}
	return 0;
}

int opaque_is(int fd)
{
	return ask(fd, NULL);
}

int opaque_is_at(int dir, const char *name)
{
	return ask(dir, name);
}

int opaque_set(int fd)
{
	if (fsetxattr(fd, OPAQUE_XATTR, "y", 1, 0) == 0)
		return 0;
	if (is_refused() && fsetxattr(fd, SECOND_OPAQUE_XATTR, "y", 1, 0) == 0)
		return 0;
	return -errno;
}

static int try_marks(int dir, const char *gone, const char *alone)
{
	autofd int fd = -1;
	int r = whiteout_make(dir, gone);

	if (r < 0)
		return r;
	if (mkdirat(dir, alone, 0700) < 0)
		return -errno;
	fd = io_open_dir(dir, alone);
	r = fd < 0 ? fd : opaque_set(fd);
	if (r < 0)
		return r;
	return renameat2(dir, gone, dir, alone, RENAME_EXCHANGE) < 0 ? -errno : 0;
}

int whiteout_try(int dir)
{
	int r = try_marks(dir, "gone", "alone");

	io_remove_tree(dir, "gone");
	io_remove_tree(dir, "alone");
	return r;
}
