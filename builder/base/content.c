// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/base/content.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/base/known.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"

struct listing {
	const char *word;
	struct known *known;
	struct strv *lines;
	dev_t device;
	char path[PATH_MAX]; /* of the folder that is read, with a slash at its end; "" for the
				first */
};

static int list_folder(struct listing *l, int fd, const char *except);

static int digest_of(struct listing *l, int fd, char hex[static DIGEST_HEX])
{
	return l->known ? known_digest(l->known, fd, hex) : digest_of_fd(fd, hex);
}

static int list_file(struct listing *l, int dir, const char *name, unsigned mode)
{
	autofd int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char hex[DIGEST_HEX];
	int r;

	if (fd < 0 && errno != EACCES)
		return -errno;
	if (fd < 0)
		return strv_addf(l->lines, "%s %s%s %o unreadable", l->word, l->path, name, mode);
	r = digest_of(l, fd, hex);
	return r < 0 ? r : strv_addf(l->lines, "%s %s%s %o %s", l->word, l->path, name, mode, hex);
}

static int list_link(struct listing *l, int dir, const char *name)
{
	autofd int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	autofree char *target = NULL;
	int r = fd < 0 ? -errno : io_readlink(fd, &target);

	return r < 0 ? r : strv_addf(l->lines, "%s %s%s -> %s", l->word, l->path, name, target);
}

static int list_below(struct listing *l, int dir, const char *name, const struct stat *st)
{
	autofd int fd = -1;
	size_t before = strlen(l->path);
	int n = snprintf(l->path + before, sizeof(l->path) - before, "%s/", name);
	int r;

	if (n < 0 || (size_t)n >= sizeof(l->path) - before)
		return -ENAMETOOLONG;
	r = strv_addf(l->lines, "%s %s %o%s", l->word, l->path, st->st_mode & 07777,
		      st->st_dev == l->device ? "" : " another file system");
	fd = r == 0 && st->st_dev == l->device ? io_open_dir(dir, name) : -1;
	if (fd >= 0)
		r = list_folder(l, fd, NULL);
	else if (r == 0 && st->st_dev == l->device)
		r = fd == -EACCES ? strv_addf(l->lines, "%s %s unreadable", l->word, l->path) : fd;
	l->path[before] = '\0';
	return r;
}

static int list_one(struct listing *l, int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return list_below(l, dir, name, &st);
	if (S_ISLNK(st.st_mode))
		return list_link(l, dir, name);
	if (S_ISREG(st.st_mode))
		return list_file(l, dir, name, st.st_mode & 07777);
	return strv_addf(l->lines, "%s %s%s %o", l->word, l->path, name, st.st_mode);
}

static int list_folder(struct listing *l, int fd, const char *except)
{
	autodir DIR *d = fdopendir(dup(fd));
	autostrv struct strv names = { 0 };
	struct dirent *e;
	int r = 0;

	if (!d)
		return -errno;
	while (r == 0 && (errno = 0, e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    !(except && strcmp(e->d_name, except) == 0))
			r = strv_add(&names, e->d_name);
	if (r == 0)
		r = -errno;
	strv_sort(&names);
	strv_foreach (name, &names)
		if (r == 0)
			r = list_one(l, fd, *name);
	return r;
}

int content_list(const char *path, const char *word, const char *except, struct known *known,
		 struct strv *lines)
{
	struct listing l = { .word = word, .known = known, .lines = lines };
	autofd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	l.device = st.st_dev;
	return list_folder(&l, fd, except);
}

int content_hash(const char *path, struct known *known, char hex[static DIGEST_HEX])
{
	autostrv struct strv lines = { 0 };
	struct digest *d = digest_new();
	int r = d ? content_list(path, "", NULL, known, &lines) : -ENOMEM;

	strv_foreach (line, &lines)
		if (r == 0) /* with its NUL, so that no name reads as two lines */
			r = digest_add(d, *line, strlen(*line) + 1);
	if (r == 0)
		r = digest_hex(d, hex);
	digest_free(d);
	return r;
}
