// SPDX-License-Identifier: GPL-2.0-or-later
/* tempdir.h - a folder of its own for each test of the engine, and files in it.
 *
 * temp_test(f) in the table of tests makes an empty folder before `f`, in $TMPDIR or /tmp, in which
 * `f` runs, and removes it after. What cannot be made ends the program: it is no test's business.
 * To be included after <cmocka.h>.
 */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/strv.h"

#define temp_test(f) cmocka_unit_test_setup_teardown(f, temp_setup, temp_teardown)

static char temp_dir[PATH_MAX];

static inline int temp_setup(void **state)
{
	const char *where = getenv("TMPDIR");

	(void)state;
	umask(022);
	snprintf(temp_dir, sizeof(temp_dir), "%s/xsysfs-unit.XXXXXX", where ? where : "/tmp");
	return mkdtemp(temp_dir) && chdir(temp_dir) == 0 ? 0 : -1;
}

static inline int temp_teardown(void **state)
{
	(void)state;
	return chdir("/") == 0 && io_remove_tree(AT_FDCWD, temp_dir) == 0 ? 0 : -1;
}

/* Ends the program with 77 where whiteouts or xattrs are refused, as on a kernel overlay: point
 * TMPDIR at a better place. For the start of main. */
static inline void temp_needs_marks(void)
{
	bool can;

	if (temp_setup(NULL) < 0)
		abort();
	can = mknod("w", S_IFCHR, makedev(0, 0)) == 0 && mkdir("d", 0755) == 0 &&
	      setxattr("d", "user.overlay.opaque", "y", 1, 0) == 0;
	temp_teardown(NULL);
	if (can)
		return;
	fprintf(stderr, "whiteouts or user xattrs are refused below '%s'\n", temp_dir);
	exit(77);
}

static inline void make_dirs(const char *path)
{
	if (io_mkdir_p(AT_FDCWD, path, 0755) < 0)
		abort();
}

static inline void make_parent(const char *path)
{
	autofree char *dir = strdup(path);
	char *slash = strrchr(dir, '/');

	if (slash) {
		*slash = '\0';
		make_dirs(dir);
	}
}

/* Write a file, with the folders above it. */
static inline void put_bytes(const char *path, const void *data, size_t len)
{
	autofd int fd = -1;

	make_parent(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || io_write_all(fd, data, len) < 0)
		abort();
}

static inline void put(const char *path, const char *text)
{
	put_bytes(path, text, strlen(text));
}

static inline void put_link(const char *target, const char *path)
{
	make_parent(path);
	if (symlink(target, path) < 0)
		abort();
}

static inline void put_hard_link(const char *old, const char *path)
{
	make_parent(path);
	if (link(old, path) < 0)
		abort();
}

static inline void put_whiteout(const char *path)
{
	make_parent(path);
	if (mknod(path, S_IFCHR, makedev(0, 0)) < 0)
		abort();
}

static inline void put_opaque(const char *path)
{
	make_dirs(path);
	if (setxattr(path, "user.overlay.opaque", "y", 1, 0) < 0)
		abort();
}

static inline void remove_path(const char *path)
{
	if (io_remove_tree(AT_FDCWD, path) < 0)
		abort();
}

static inline bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static inline bool is_whiteout(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0);
}

static inline bool is_opaque_dir(const char *path)
{
	char value = 0;

	return lgetxattr(path, "user.overlay.opaque", &value, 1) == 1 && value == 'y';
}

static inline void assert_file(const char *path, const char *text)
{
	autofree char *got = NULL;
	int r = io_read_file(AT_FDCWD, path, 1 << 20, &got, NULL);

	if (r < 0)
		fail_msg("cannot read '%s': %s", path, strerror(-r));
	assert_string_equal(got, text);
}

static struct strv temp_seen;

static inline int temp_see(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)type;
	(void)ftw;
	return strv_addf(&temp_seen, "%s %o %lu %lld %ld.%09ld %ld.%09ld", path, st->st_mode,
			 (unsigned long)st->st_ino, (long long)st->st_size,
			 (long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec, (long)st->st_ctim.tv_sec,
			 st->st_ctim.tv_nsec);
}

/* All that is in a folder, with times of change: equal before and after means that nobody has
 * touched anything. For the caller to free. */
static inline char *fingerprint(const char *path)
{
	char *all;

	if (nftw(path, temp_see, 32, FTW_PHYS) != 0)
		abort();
	strv_sort(&temp_seen);
	all = strv_join(&temp_seen, "\n");
	strv_release(&temp_seen);
	return all;
}

#define assert_untouched(path, before)                   \
	do {                                             \
		autofree char *now_ = fingerprint(path); \
		assert_string_equal(now_, before);       \
	} while (0)
