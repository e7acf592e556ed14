// SPDX-License-Identifier: GPL-2.0-or-later
/* whiteout.h - how a layer says "this name is gone".
 *
 * A package may delete a file it does not own. The file below is never touched; the package's layer
 * gets a marker of the same name instead, as the kernel's overlayfs has it (overlayfs.rst,
 * "whiteouts and opaque directories", with -o userxattr):
 *   - a deleted name is a 0:0 character device, which Linux 5.8 and later let anyone make;
 *   - a directory that was deleted and made again carries user.overlay.opaque=y: what is below it
 * in other layers does not show.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#define OVERLAY_XATTR_PREFIX "user.overlay."
#define OPAQUE_XATTR	     "user.overlay.opaque"

/* Is this what lstat(2) says of a whiteout? */
bool whiteout_is(const struct stat *st);

/* Make a whiteout called `name` in `dir`; -EEXIST when the name is taken. */
int whiteout_make(int dir, const char *name);

/* `fd` is an open directory (O_RDONLY). Unreadable xattrs count as "no". */
bool opaque_is(int fd);
/* The same of a name in an open directory: 1, 0 or -ENOMEM. */
int opaque_is_at(int dir, const char *name);
int opaque_set(int fd);
