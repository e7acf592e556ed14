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
	FAULT_DEATH, /* instead of the call, of the same as FAULT_CALLS, the process ends */
};

enum { FAULT_GRAVE = 99 }; /* its exit status */

/* The n-th call from now, counted from 1. */
void fault_arm(enum fault_kind kind, unsigned n, int error);
/* No more; did it happen? */
bool fault_disarm(void);
/* Before the n-th call from now of the function `call`, whoever makes it, call `f`; once. */
void fault_meanwhile(const char *call, unsigned n, void (*f)(void *arg), void *arg);
/* From now on, or no more: refuse what an overlay that is written to does (0:0 devices, its own
 * xattrs, RENAME_WHITEOUT). */
void fault_poor(bool is);
/* What failed; "" for nothing yet. */
const char *fault_what(void);
