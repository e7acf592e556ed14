// SPDX-License-Identifier: GPL-2.0-or-later
/* traits.h - the extended attributes that are part of a file.
 *
 * File capabilities, ACLs and whatever a program has put there make a difference on the Pi, so two
 * files that differ in them are not the same. Not among them: what layers and overlays mark their
 * own files with, and what this machine's policy says of every file (SELinux, IMA...).
 */
#pragma once

#include "fs/base/digest.h"

/* The SHA-256 of all that the open file has (O_PATH will do), "" for none. A file system that knows
 * no attributes has none. Returns 0 or -errno. */
int traits_hash(int fd, char hex[static DIGEST_HEX]);

/* Have the two the same? 1, 0 or -errno. */
int traits_same(int a, int b);
