// SPDX-License-Identifier: GPL-2.0-or-later
/* sparse.h - the bytes of a file, where a hole costs nothing.
 *
 * A file may say that it has 15 TiB and hold none of them: only what is on disk is read. What comes
 * out is the same whether zeros are a hole or on disk, for that is another thing on each file
 * system, and cp(1) and tar(1) change it.
 */
#pragma once

#include "fs/base/digest.h"

/* One hash, or two with a colon between them, and a NUL. */
#define SPARSE_HASH (2 * DIGEST_HEX)

/* A word that says what is in the open file: the SHA-256 of its bytes; if it has longer stretches
 * of zeros, of the other bytes, and of where they are and how long it is. Returns 0 or -errno. */
int sparse_hash(int fd, char text[static SPARSE_HASH]);

/* Have the two open files the same bytes? Their offsets do not matter, and change. 1, 0 or -errno.
 */
int sparse_same(int a, int b);
