// SPDX-License-Identifier: GPL-2.0-or-later
/* disk.c - a disk that remembers in which order it was written to, and what was flushed when.
 *
 * usage: disk IMAGE LOG MOUNTPOINT
 *
 * The mount has a file "disk", to be put under a loop device, and a file "mark", to which whoever
 * works on the disk writes what he was told. The writes go to IMAGE, and to LOG as records: a head
 * and its data. From these tests/crash/cut makes the disks that a power cut at any moment may have
 * left: what was written before the last flush, and any part of what came after it.
 *
 * While the mark last written is "fail reads", every read of the disk is EIO.
 */
#define FUSE_USE_VERSION 31
#include <fuse.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct record {
	char kind; /* 'W'rite, 'F'lush, 'M'ark */
	char pad[7];
	uint64_t offset, size;
};

static int image, record_log;
static int fail_reads;

static int is_disk(const char *path)
{
	return strcmp(path, "/disk") == 0;
}

static int put(char kind, uint64_t offset, const void *data, size_t size)
{
	struct record record = { .kind = kind, .offset = offset, .size = size };

	if (write(record_log, &record, sizeof(record)) != sizeof(record) ||
	    write(record_log, data, size) != (ssize_t)size)
		return -EIO;
	return 0;
}

static int disk_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	(void)fi;
	memset(st, 0, sizeof(*st));
	if (strcmp(path, "/") == 0) {
		st->st_mode = S_IFDIR | 0755;
		st->st_nlink = 2;
		return 0;
	}
	if (!is_disk(path) && strcmp(path, "/mark") != 0)
		return -ENOENT;
	if (is_disk(path) && fstat(image, st) < 0)
		return -errno;
	st->st_mode = S_IFREG | 0666;
	st->st_nlink = 1;
	return 0;
}

static int disk_open(const char *path, struct fuse_file_info *fi)
{
	(void)path;
	fi->direct_io = 1;
	return 0;
}

static int disk_truncate(const char *path, off_t size, struct fuse_file_info *fi)
{
	(void)size;
	(void)fi;
	return is_disk(path) ? -EPERM : 0;
}

static int disk_read(const char *path, char *buf, size_t size, off_t at, struct fuse_file_info *fi)
{
	ssize_t n = is_disk(path) ? pread(image, buf, size, at) : 0;

	(void)fi;
	if (is_disk(path) && fail_reads)
		return -EIO;
	return n < 0 ? -errno : (int)n;
}

static int disk_write(const char *path, const char *data, size_t size, off_t at,
		      struct fuse_file_info *fi)
{
	int r;

	(void)fi;
	if (!is_disk(path))
		fail_reads = size == 10 && memcmp(data, "fail reads", 10) == 0;
	if (!is_disk(path))
		at = 0;
	else if (pwrite(image, data, size, at) != (ssize_t)size)
		return -EIO;
	r = put(is_disk(path) ? 'W' : 'M', at, data, size);
	return r < 0 ? r : (int)size;
}

static int disk_fsync(const char *path, int datasync, struct fuse_file_info *fi)
{
	(void)datasync;
	(void)fi;
	return is_disk(path) ? put('F', 0, "", 0) : 0;
}

static const struct fuse_operations operations = {
	.getattr = disk_getattr,
	.truncate = disk_truncate,
	.open = disk_open,
	.read = disk_read,
	.write = disk_write,
	.fsync = disk_fsync,
};

int main(int argc, char **argv)
{
	/* one thread: the log has one order */
	char *args[] = { argv[0], (char *)"-f", (char *)"-s", NULL, NULL };

	if (argc != 4) {
		fprintf(stderr, "usage: disk IMAGE LOG MOUNTPOINT\n");
		return 2;
	}
	image = open(argv[1], O_RDWR | O_CLOEXEC);
	record_log = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	if (image < 0 || record_log < 0) {
		perror("disk");
		return 1;
	}
	args[3] = argv[3];
	return fuse_main(4, args, &operations, NULL);
}
