// SPDX-License-Identifier: GPL-2.0-or-later
/* special.h - a 0:0 character device that is one.
 *
 * In a layer a 0:0 character device is a whiteout. One that a program makes through the mount, by
 * mknod(2) or by a rename with RENAME_WHITEOUT, must not become one: it is kept as an empty file
 * with the sticky bit (which files otherwise do not have) and the xattr user.xsysfs.special, and
 * shown as what it stands for.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#define SPECIAL_XATTR "user.xsysfs.special"

/* Worth asking special_is about? Ordinary files are told by their stat alone. */
bool special_may_be(const struct stat *st);
/* Any descriptor of the file. 1, 0 or -errno. */
int special_is(int fd);

/* Make one in `dir`; -EEXIST when the name is taken. */
int special_make(int dir, const char *name, mode_t mode);

/* The permission bits on disk of one that has these. */
mode_t special_mode(mode_t mode);

/* Turn the stat of what is on disk into that of the device. */
void special_show(struct stat *st);
