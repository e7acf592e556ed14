// SPDX-License-Identifier: GPL-2.0-or-later
/* tarball.h - a tar archive on stdout: the door to libarchive's writing half.
 *
 * The same entries give the same bytes: owners are those of the stats, and times are the files'
 * own, but none later than $SOURCE_DATE_EPOCH (reproducible-builds.org) when that is set.
 *
 * Extended attributes are written as GNU tar and bsdtar have them (SCHILY.xattr), capabilities with
 * them, and ACLs by the numbers of who they name (SCHILY.acl).
 */
#pragma once

#include <stddef.h>
#include <sys/stat.h>

struct tarball;

/* NULL: no memory. */
struct tarball *tarball_new(int fd);

/* Begin an entry; `target` is a symlink's, else NULL. A second name of one file (by st_dev and
 * st_ino) becomes a hard link. 0 or -errno. */
int tarball_begin(struct tarball *tarball, const char *path, const struct stat *st,
		  const char *target);

/* An extended attribute of the entry that has begun. 0 or -errno. */
int tarball_attribute(struct tarball *tarball, const char *name, const void *value, size_t size);

/* Write the entry that has begun; `fd` is open on a regular file's contents, else -1. 0 or -errno.
 */
int tarball_add(struct tarball *tarball, int fd);

/* Write the end, and free. Returns 0 or -errno. */
int tarball_finish(struct tarball *tarball);
