// SPDX-License-Identifier: GPL-2.0-or-later
/* texts.h - texts in the memory that outlives the process (handover.h): names of nodes, and paths.
 *
 * A text has a number; 0 is the empty one, always. What has been freed is used again by a text of
 * about that length; what of it lies in the memory a worker leaves is lost to the next one.
 *
 * The caller sees to it that nothing happens at once; reading needs no lock, and a text stays where
 * it is until it is freed.
 */
#pragma once

#include <stdint.h>

struct handover;

enum { TEXTS_UNIT = 8 }; /* bytes: the record size of HANDOVER_NAMES */

struct texts {
	struct handover *memory;
	uint32_t freed[64];  /* chains, by size in units */
	uint32_t freed_long; /* a chain of longer ones */
};

/* Over this memory, which a worker before ours may have used. Returns 0 or -ENOMEM. */
int texts_init(struct texts *texts, struct handover *memory);

/* Keep a copy. Returns its number, -ENOMEM, or -ENAMETOOLONG for more than an extent. */
int64_t texts_keep(struct texts *texts, const char *text);
void texts_free(struct texts *texts, uint32_t number);
const char *texts_at(const struct texts *texts, uint32_t number);
