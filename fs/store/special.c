// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/special.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/store/mark.h"

bool special_may_be(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_mode & S_ISVTX && st->st_size == 0;
}

int special_is(int fd)
{
	ssize_t n = mark_get(fd, SPECIAL_XATTR, NULL, 0);

	return n >= 0 ? 1 : n == -ENODATA ? 0 : n;
}

/* It has to be readable for us to see what it is; S_ISGID says that it does not look so. */
mode_t special_mode(mode_t mode)
{
	return (mode & 0777) | S_IRUSR | S_ISVTX | (mode & S_IRUSR ? 0 : S_ISGID);
}

int special_make(int dir, const char *name, mode_t mode)
{
	autofd int fd =
		openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		return -errno;
	if (fsetxattr(fd, SPECIAL_XATTR, "c 0 0", 5, 0) == 0 && fchmod(fd, special_mode(mode)) == 0)
		return 0;
	r = -errno;
	unlinkat(dir, name, 0);
	return r;
}

void special_show(struct stat *st)
{
	if (st->st_mode & S_ISGID)
		st->st_mode &= ~S_IRUSR;
	st->st_mode = S_IFCHR | (st->st_mode & 0777);
	st->st_rdev = 0;
	st->st_blocks = 0;
}
