// SPDX-License-Identifier: GPL-2.0-or-later
/* whiteout.h - how a layer says "this name is gone".
 *
 * A package may delete a file it does not own. The file below is never touched; the package's layer
 * gets a marker of the same name instead, as the kernel's overlayfs has it (overlayfs.rst,
 * "whiteouts and opaque directories", with -o userxattr):
 *   - a deleted name is a 0:0 character device, which Linux 5.8 and later let anyone make;
 *   - a directory that was deleted and made again carries user.overlay.opaque=y: what is below it
 * in other layers does not show.
 *
 * An overlay keeps both for itself, and so do some FUSE file systems: where the state lies on one
 * (a container's root), a deleted name is a FIFO with all of the bits 07000 and no others, and the
 * xattr is user.xsysfs.opaque. Both formats are always read, and make no difference to a layer's
 * id.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#define OVERLAY_XATTR_PREFIX "user.overlay."
#define OPAQUE_XATTR	     "user.overlay.opaque"
#define SECOND_OPAQUE_XATTR  "user.xsysfs.opaque"

/* Is this what lstat(2) says of a whiteout? */
bool whiteout_is(const struct stat *st);

/* The mode that something else has on disk, where that of a whiteout was asked for. */
mode_t whiteout_other_mode(mode_t mode);

/* Make a whiteout called `name` in `dir`; -EEXIST when the name is taken. */
int whiteout_make(int dir, const char *name);

/* Is the open directory opaque, or that of a name in it? 1, 0 or -errno, which is no "no": see
 * mark.h. */
int opaque_is(int fd);
int opaque_is_at(int dir, const char *name);
int opaque_set(int fd);

/* Can all this be had in the directory `dir`, with the renames that go with it? 0 or -errno. */
int whiteout_try(int dir);
