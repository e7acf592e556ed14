// SPDX-License-Identifier: GPL-2.0-or-later
/* mark.h - ask a layer's file for one of the extended attributes that are ours.
 *
 * Opaque directories (whiteout.h), notes (note.h) and devices that are files (special.h) are told
 * by an xattr. That there is none is an answer; that it could not be asked for is not: who takes an
 * I/O error for "no" has deleted files come back. So nobody else asks for these, and who does gets
 * one of three:
 *   - its length, and the value
 *   - -ENODATA: there is none. So it is where the file system knows no xattrs, where the value is
 *     longer than `size` (nobody of us wrote that), and where the file may not be read: whoever
 *     marks a file sees to it that he can read it (note_real_mode)
 *   - another -errno: nobody knows, and what was asked of us fails
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* Of any open file, one of O_PATH too. */
ssize_t mark_get(int fd, const char *xattr, void *value, size_t size);
/* Of a name in an open directory, not followed. */
ssize_t mark_get_at(int dir, const char *name, const char *xattr, void *value, size_t size);
