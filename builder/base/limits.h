// SPDX-License-Identifier: GPL-2.0-or-later
/* limits.h - how many processes a build may have, and how much memory they may take together.
 *
 * Who runs the phases looks at all processes that it sees, a few times a second: in a box these are
 * the build's. (RLIMIT_NPROC counts what a user has elsewhere too, and not at all for root;
 * cgroups belong to whoever runs the machine.)
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define LIMITS_PROCESSES 4096 /* unless a recipe says otherwise */

struct limits {
	uint64_t processes;
	uint64_t memory; /* bytes that no file stands behind; 0: all that the machine has */
};

enum limits_over { LIMITS_KEPT, LIMITS_TOO_MANY, LIMITS_TOO_MUCH };

/* Of the processes that this one sees, without itself. */
enum limits_over limits_look(const struct limits *l);
