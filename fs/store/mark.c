// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/mark.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/xattr.h>

static ssize_t answer(ssize_t n)
{
	if (n >= 0)
		return n;
	return errno == EOPNOTSUPP || errno == ERANGE || errno == EACCES ? -ENODATA : -errno;
}

/* By proc(5), since fgetxattr(2) takes no descriptor of O_PATH. */
ssize_t mark_get(int fd, const char *xattr, void *value, size_t size)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return answer(getxattr(path, xattr, value, size));
}

ssize_t mark_get_at(int dir, const char *name, const char *xattr, void *value, size_t size)
{
	char path[32 + NAME_MAX];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir, name);
	return answer(lgetxattr(path, xattr, value, size));
}
