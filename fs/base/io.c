// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/text.h"

int io_read_file(int dir, const char *name, size_t max, char **ret, size_t *len)
{
	autofd int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	autofree char *data = NULL;
	size_t have = 0;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if ((size_t)st.st_size > max)
		return -EFBIG;
	data = malloc(st.st_size + 1);
	if (!data)
		return -ENOMEM;
	while (have < (size_t)st.st_size) {
		ssize_t n = read(fd, data + have, st.st_size - have);

		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		have += n;
	}
	data[have] = '\0';
	if (len)
		*len = have;
	*ret = take_ptr(data);
	return 0;
}

int io_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= n;
	}
	return 0;
}

int io_memory_file(const char *name, const void *data, size_t len)
{
	autofd int fd = memfd_create(name, MFD_CLOEXEC);
	int r = fd < 0 ? -errno : io_write_all(fd, data, len);

	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	return r < 0 ? r : take_fd(&fd);
}

int io_sync_dir(int dir)
{
	/* an O_PATH descriptor cannot be synced: open what it stands for */
	autofd int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

static int write_synced(int fd, const void *data, size_t len)
{
	int r = io_write_all(fd, data, len);

	if (r < 0)
		return r;
	return fsync(fd) < 0 ? -errno : 0;
}

/* The finished `temp` becomes `name`, for good. When that cannot be made to last, everything is as
 * before: the caller believes what he is told. */
static int replace_by(int dir, int own, const char *temp, const char *name)
{
	struct stat st;
	bool there = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode) &&
		     renameat2(dir, temp, dir, name, RENAME_EXCHANGE) == 0;
	int r = 0;

	if (!there && renameat(dir, temp, dir, name) < 0)
		return -errno;
	if (fsync(own) == 0) {
		if (there)
			unlinkat(dir, temp, 0);
		return 0;
	}
	r = -errno;
	if (there)
		renameat2(dir, temp, dir, name, RENAME_EXCHANGE);
	else
		unlinkat(dir, name, 0);
	return r;
}

int io_replace_file(int dir, const char *name, const void *data, size_t len)
{
	autofd int own = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autofree char *temp = NULL;
	autofd int fd = -1;
	unsigned long tag = 0;
	int r;

	if (own < 0 || getrandom(&tag, sizeof(tag), 0) < 0)
		return -errno;
	temp = text_of(".%s.%lx", name, tag);
	if (!temp)
		return -ENOMEM;
	fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	r = write_synced(fd, data, len);
	if (r == 0)
		r = replace_by(dir, own, temp, name);
	if (r < 0)
		unlinkat(dir, temp, 0);
	return r;
}

/* One stretch of data, at the same place in both files. */
static int copy_range(int from, int to, off_t start, off_t end)
{
	loff_t in = start, out = start;

	while (in < end) {
		ssize_t n = copy_file_range(from, &in, to, &out, end - in, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 &&
		    (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP))
			break;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0; /* the file has become shorter */
	}
	while (in < end) {
		char buf[65536];
		size_t want = (size_t)(end - in) < sizeof(buf) ? (size_t)(end - in) : sizeof(buf);
		ssize_t n = pread(from, buf, want, in);

		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		for (ssize_t done = 0; done < n;) {
			ssize_t w = pwrite(to, buf + done, n - done, in + done);

			if (w < 0)
				return -errno;
			done += w;
		}
		in += n;
	}
	return 0;
}

int io_copy_data(int from, int to, off_t size)
{
	off_t at = 0;

	if (size == 0 || ioctl(to, FICLONE, from) == 0)
		return 0;
	while (at < size) {
		off_t data = lseek(from, at, SEEK_DATA);
		off_t hole = data < 0 ? -1 : lseek(from, data, SEEK_HOLE);
		int r;

		if (data < 0 && errno == ENXIO)
			break;
		if (data < 0 || hole < 0) { /* a file system that knows no holes */
			data = at;
			hole = size;
		}
		r = copy_range(from, to, data, hole < size ? hole : size);
		if (r < 0)
			return r;
		at = hole;
	}
	return ftruncate(to, size) < 0 ? -errno : 0;
}

int io_mkdir_p(int dir, const char *path, mode_t mode)
{
	autofree char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	for (char *p = copy + (*copy == '/'); p;) {
		char *slash = strchr(p, '/');

		if (slash)
			*slash = '\0';
		if (*p && mkdirat(dir, copy, mode) < 0 && errno != EEXIST)
			return -errno;
		if (slash)
			*slash++ = '/';
		p = slash;
	}
	return 0;
}

int io_open_dir(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int io_readlink(int fd, char **ret)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(fd, "", target, sizeof(target));

	if (n < 0)
		return -errno;
	*ret = strndup(target, n);
	return *ret ? 0 : -ENOMEM;
}

/* A directory that is to be emptied, so that we may do as we like in it. */
static int open_to_empty(int parent, const char *name, dev_t dev)
{
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (st.st_dev != dev)
		return -EXDEV;
	/* chmod follows links, but this is a directory, in a folder of ours */
	if ((st.st_mode & 0700) != 0700 && fchmodat(parent, name, 0700, 0) < 0)
		return -errno;
	return io_open_dir(parent, name);
}

/* A tree that is being removed. Directories found further down are moved up to its top, so that any
 * depth takes two descriptors. */
struct removal {
	int top;
	dev_t dev;
	unsigned moved;
};

static int move_up(struct removal *r, int dir, const char *name)
{
	char temp[32];
	struct stat st;

	/* the directory's own ".." changes: that is a write to it (rename(2), EACCES) */
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if ((st.st_mode & 0700) != 0700 && fchmodat(dir, name, 0700, 0) < 0)
		return -errno;
	for (;;) {
		snprintf(temp, sizeof(temp), ".%u", r->moved++);
		if (renameat2(dir, name, r->top, temp, RENAME_NOREPLACE) == 0)
			return 0;
		if (errno != EEXIST)
			return -errno;
	}
}

/* Remove what is in the open directory but for directories, which `on_dir` deals with. */
static int remove_entries(struct removal *r, int fd,
			  int (*on_dir)(struct removal *r, int dir, const char *name))
{
	autodir DIR *d = NULL;
	autofd int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	struct dirent *e;

	d = own < 0 ? NULL : fdopendir(own);
	if (!d)
		return -errno;
	take_fd(&own);
	rewinddir(d);
	while ((errno = 0, e = readdir(d))) {
		int result;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    unlinkat(fd, e->d_name, 0) == 0 || errno == ENOENT)
			continue;
		if (errno != EISDIR)
			return -errno;
		if (unlinkat(fd, e->d_name, AT_REMOVEDIR) == 0)
			continue;
		result = on_dir(r, fd, e->d_name);
		if (result < 0)
			return result;
	}
	return -errno;
}

static int remove_in_top(struct removal *r, int dir, const char *name)
{
	autofd int fd = open_to_empty(dir, name, r->dev);
	int result = fd < 0 ? fd : remove_entries(r, fd, move_up);

	if (result == 0 && unlinkat(dir, name, AT_REMOVEDIR) < 0)
		result = -errno;
	return result;
}

int io_remove_tree(int dir, const char *name)
{
	struct removal removal = { .top = -1 };
	autofd int top = -1;
	struct stat st;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	top = open_to_empty(dir, name, st.st_dev);
	if (top < 0)
		return top;
	removal.top = top;
	removal.dev = st.st_dev;
	for (;;) { /* what was moved up comes in the next round */
		int r = remove_entries(&removal, top, remove_in_top);

		if (r < 0)
			return r;
		if (unlinkat(dir, name, AT_REMOVEDIR) == 0)
			return 0;
		if (errno != ENOTEMPTY)
			return -errno;
	}
}

void io_fill_standard(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			return;
}
