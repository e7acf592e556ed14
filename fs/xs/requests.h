// SPDX-License-Identifier: GPL-2.0-or-later
/* requests.h - how often the kernel has asked for what. A message is what a FUSE file system costs,
 * so these numbers say why something is slow, or that a cached header really costs nothing.
 *
 * Counted where requests are read, by any thread, without a lock. Knows no FUSE but its numbers.
 */
#pragma once

#include <stdint.h>

enum { REQUESTS_KINDS = 64 };

struct requests {
	uint64_t n[REQUESTS_KINDS]; /* by opcode; the last one also counts all above; atomic */
};

void requests_count(struct requests *requests, unsigned opcode);
uint64_t requests_get(const struct requests *requests, unsigned opcode);

/* The protocol's name of it, as in linux/fuse.h but "lookup" for FUSE_LOOKUP; "other" for one that
 * we do not know. */
const char *requests_name(unsigned opcode);
