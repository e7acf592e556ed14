// SPDX-License-Identifier: GPL-2.0-or-later
/* known.h - digests of large files that have been read before, the compilers of a toolchain say.
 *
 * DIR/known has a line for each, "DEV INO SIZE MTIME CTIME SHA256": a file whose inode says the
 * same has the same bytes, since nobody sets the time of its last change (inode(7)). One that was
 * changed in the last seconds is read each time, as it might change again within the same tick.
 */
#pragma once

#include <stdbool.h>

#include "fs/base/digest.h"
#include "fs/base/strv.h"

struct known {
	const char *dir;   /* lent */
	struct strv lines; /* the oldest first */
	bool changed;
};

/* What cannot be read is not known. Both never fail. */
void known_open(struct known *k, const char *dir);
/* Write down what is new. */
void known_close(struct known *k);

/* The sha256 of the open file. 0 or -errno. */
int known_digest(struct known *k, int fd, char hex[static DIGEST_HEX]);
