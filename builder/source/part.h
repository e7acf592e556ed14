// SPDX-License-Identifier: GPL-2.0-or-later
/* part.h - a file that is on its way here: DIR/NAME.part, until it is whole.
 *
 * It is locked by whom it is taken by, and kept between tries, so that a later one goes on with it.
 * Whole and with the right sha256 it becomes DIR/NAME; with a wrong one, DIR/NAME.bad. More than it
 * may have is never written, and such a file is emptied: nothing can come of it. Without a sha256
 * nobody knows what an old one is a part of, and it is begun anew.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fs/base/digest.h"

#define PART_MOST (2ULL << 30) /* bytes, for those whose size is not known */

struct part {
	char *dir, *name;
	char *path, *part_path, *bad_path;
	char sha256[DIGEST_HEX]; /* "": any */
	uint64_t size;		 /* what it has to have; 0: not known */
	uint64_t most;		 /* what it may have */
	int fd;			 /* locked; -1: not taken */
};

/* Nothing is touched yet. 0 or -ENOMEM. */
int part_init(struct part *p, const char *dir, const char *name, const char *sha256, uint64_t size,
	      uint64_t most);

/* An empty one is removed, any other is kept. */
void part_drop(struct part *p);
void part_release(struct part *p);

/* Open it and lock it. 1; 0 when somebody else has it; -errno. */
int part_take(struct part *p);

/* How much is there. Bytes, or -errno. */
off_t part_have(const struct part *p);

/* Whether it may become `total` bytes: 0, or -EFBIG or -EBADMSG with `*why`. */
int part_expect(const struct part *p, uint64_t total, char **why);

/* Add what has come. 0, -EFBIG when it is more than it may have, or -errno; with `*why`. */
int part_add(struct part *p, const void *data, size_t len, char **why);

/* Begin anew. 0 or -errno with `*why`. */
int part_empty(struct part *p, char **why);

/* Whether it is whole: size and sha256. 0, -EBADMSG or -errno, with `*why`. */
int part_check(struct part *p, char **why);

/* Whether there is anything to check: it has all bytes that it may have, as far as one knows. */
bool part_may_be_whole(const struct part *p);

/* DIR/NAME from here on. 0 or -errno with `*why`. */
int part_keep(struct part *p, char **why);

/* DIR/NAME.bad from here on, which `*why` then says too. */
void part_put_aside(struct part *p, char **why);
