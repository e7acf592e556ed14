// SPDX-License-Identifier: GPL-2.0-or-later
/* tarball.h - a tar archive on stdout: the door to libarchive's writing half.
 *
 * The same entries give the same bytes: owners are those of the stats, and times are the files'
 * own, but none later than $SOURCE_DATE_EPOCH (reproducible-builds.org) when that is set.
 */
#pragma once

#include <sys/stat.h>

struct tarball;

/* NULL: no memory. */
struct tarball *tarball_new(int fd);

/* Add something; `fd` is open on a regular file's contents, else -1; `target` is a symlink's, else
 * NULL. A second name of one file (by st_dev and st_ino) becomes a hard link. 0 or -errno. */
int tarball_add(struct tarball *tarball, const char *path, const struct stat *st,
		const char *target, int fd);

/* Write the end, and free. Returns 0 or -errno. */
int tarball_finish(struct tarball *tarball);
