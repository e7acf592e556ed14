// SPDX-License-Identifier: GPL-2.0-or-later
/* tag.h - what a file's tag says, under its xattr names.
 *
 * The place of a file is its tag: the layer it is in knows the package. On a mount the answers are
 * the extended attributes user.xsysfs.package, .version, .layer and .origin, which getxattr(2)
 * answers and listxattr(2) does not name, so that `cp -a` and `rsync -X` do not copy them. The
 * mount's root also answers user.xsysfs.state: the path of its state folder.
 */
#pragma once

struct layer;

#define TAG_XATTR_PREFIX "user.xsysfs."
#define TAG_PART	 "part" /* by parts.h, of a file */
#define TAG_XATTR_STATE	 "user.xsysfs.state"

/* `what` is "package", "version", "layer" or "origin". Lent; NULL for any other word. */
const char *tag_of_layer(const struct layer *layer, const char *what);
