// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/whiteout.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

bool whiteout_is(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

int whiteout_make(int dir, const char *name)
{
	return mknodat(dir, name, S_IFCHR | 0000, makedev(0, 0)) < 0 ? -errno : 0;
}

bool opaque_is(int fd)
{
	char value;

	return fgetxattr(fd, OPAQUE_XATTR, &value, 1) == 1 && value == 'y';
}

/* By a path in /proc, whose last name is not followed: one call, not three. */
int opaque_is_at(int dir, const char *name)
{
	char path[64 + NAME_MAX], value = 0;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir, name);
	n = lgetxattr(path, OPAQUE_XATTR, &value, 1);
	if (n < 0 && errno == ENOMEM)
		return -ENOMEM;
	return n == 1 && value == 'y';
}

int opaque_set(int fd)
{
	return fsetxattr(fd, OPAQUE_XATTR, "y", 1, 0) < 0 ? -errno : 0;
}
