// SPDX-License-Identifier: GPL-2.0-or-later
/* fault.h - one call of many fails, on purpose.
 *
 * The program is linked with --wrap for each function of fault.c: while armed, the n-th of the
 * calls that change or open something (FAULT_CALLS), or that ask for memory (FAULT_MEMORY), fails
 * with the given errno without having been made.
 */
#pragma once

#include <stdbool.h>

enum fault_kind {
	FAULT_NONE,
	FAULT_CALLS,
	FAULT_MEMORY,
};

/* The n-th call from now, counted from 1. */
void fault_arm(enum fault_kind kind, unsigned n, int error);
/* No more; did it happen? */
bool fault_disarm(void);
/* What failed; "" for nothing yet. */
const char *fault_what(void);
