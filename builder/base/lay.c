// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/base/lay.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/text.h"

static int copy_link(int from, int to, const char *name)
{
	autofd int fd = openat(from, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	autofree char *target = NULL;
	int r = fd < 0 ? -errno : io_readlink(fd, &target);

	if (r < 0)
		return r;
	return symlinkat(target, to, name) < 0 ? -errno : 0;
}

static int copy_file(int from, int to, const char *name, const struct stat *st)
{
	autofd int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	autofd int out = -1;
	int r;

	if (in < 0)
		return -errno;
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	r = io_copy_data(in, out, st->st_size);
	return r == 0 && fchmod(out, st->st_mode & 0777) < 0 ? -errno : r;
}

static int lay_folder(int from, int to, const char *name, bool link, char **where)
{
	autofd int in = -1, out = -1;

	if (mkdirat(to, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	in = io_open_dir(from, name);
	out = in < 0 ? in : io_open_dir(to, name);
	return out < 0 ? out : lay_over(in, out, link, where);
}

static int lay_one(int from, int to, const char *name, bool link, char **where)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return lay_folder(from, to, name, link, where);
	if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return 0;
	if (unlinkat(to, name, 0) < 0 && errno != ENOENT)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return copy_link(from, to, name);
	if (link && linkat(from, name, to, name, 0) == 0)
		return 0;
	return copy_file(from, to, name, &st);
}

/* The names on the way back from where it failed. */
static void say_where(char **where, const char *name)
{
	autofree char *below = *where;

	*where = below ? text_of("%s/%s", name, below) : strdup(name);
}

int lay_over(int from, int to, bool link, char **where)
{
	autofd int fd = io_open_dir(from, ".");
	autodir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	int r = 0;

	if (!d)
		return -errno;
	fd = -1; /* it is the stream's */
	while (r == 0 && (errno = 0, e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		r = lay_one(from, to, e->d_name, link, where);
		if (r < 0 && where)
			say_where(where, e->d_name);
	}
	return r == 0 ? -errno : r;
}
