// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/base/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"

static void remove_old(const char *parent)
{
	autodir DIR *d = opendir(parent);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		autofd int fd = -1;

		if (*e->d_name == '.')
			continue;
		fd = io_open_dir(dirfd(d), e->d_name);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			io_remove_tree(dirfd(d), e->d_name);
	}
}

/* 1; 0 when somebody took it for an old one before it was locked; -errno. */
static int try_make(struct scratch *s, const char *parent)
{
	autofree char *path = places_join(parent, "XXXXXX");
	autofd int fd = -1;
	struct stat st;

	if (!path)
		return -ENOMEM;
	if (!mkdtemp(path))
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 0 : -errno;
	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	s->path = take_ptr(path);
	s->fd = take_fd(&fd);
	return 1;
}

int scratch_make(struct scratch *s, const struct places *places, char **why)
{
	autofree char *parent = places_join(places->home, "scratch");
	int r = parent ? io_mkdir_p(AT_FDCWD, parent, 0755) : -ENOMEM;

	if (r == 0)
		remove_old(parent);
	while (r == 0)
		r = try_make(s, parent);
	return r < 0 ? why_errno(why, r, "cannot make a folder in '%s'", parent ? parent : "") : 0;
}

void scratch_remove(struct scratch *s)
{
	if (s->path)
		io_remove_tree(AT_FDCWD, s->path);
	free(s->path);
	if (s->fd >= 0)
		close(s->fd);
	*s = (struct scratch)SCRATCH_NONE;
}
