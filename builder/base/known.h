// SPDX-License-Identifier: GPL-2.0-or-later
/* known.h - what was once found out about files that hardly ever change: the digests of a
 * toolchain's, and the versions of the machine's programs.
 *
 * DIR/known has a line for each, "DEV INO SIZE MTIME CTIME SHA256" or the same behind "version" and
 * with a text at its end: a file whose inode says the same has the same bytes, since nobody sets
 * the time of its last change (inode(7)). One that was changed in the last seconds is asked each
 * time, as it might change again within the same tick.
 */
#pragma once

#include <stdbool.h>

#include "fs/base/digest.h"
#include "fs/base/strv.h"

struct known {
	const char *dir;    /* lent */
	struct strv lines;  /* as they were read, sorted */
	struct strv fresh;  /* what has been found out since */
	struct strv wanted; /* those of `lines` that were asked for: they are kept the longest */
};

#define autoknown cleanup(known_close)

/* What cannot be read is not known. Both never fail. */
void known_open(struct known *k, const char *dir);
/* Write down what is new. */
void known_close(struct known *k);

/* The sha256 of the open file. 0 or -errno. */
int known_digest(struct known *k, int fd, char hex[static DIGEST_HEX]);

/* The version of the open program, lent until the next call; NULL: not known. */
const char *known_version(struct known *k, int fd);
/* Keep it; it has no line break. 0 or -errno. */
int known_set_version(struct known *k, int fd, const char *version);

/* What the inode of the open file says, in words without a line break, for who keeps something of
 * his own about it; the caller frees. NULL: no memory, or it may change again unseen. */
char *known_inode(int fd);
