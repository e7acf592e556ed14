// SPDX-License-Identifier: GPL-2.0-or-later
/* underway.h - the requests that are under way, as the next worker finds them.
 *
 * Each thread of a worker notes in the memory that outlives it (handover.h) what it is at. When the
 * worker dies, the kernel sends those requests again, to the next one; but that may be some time
 * from now, and the next one may die before they come. So a note stays until its request has been
 * answered, whoever answers it: those of threads are in the first slots, and what a worker takes
 * over goes behind them.
 *
 * Every step is made so that a death in it loses no note: there may be two of one request then, and
 * that of the thread is the newer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/store/handover.h"

/* One for each thread; the rest of HANDOVER_REQUESTS is for what is taken over. */
enum { UNDERWAY_THREADS = 10 };

/* How many workers may fail at a request before it is refused. */
enum { UNDERWAY_DEATHS = 3 };

/* Since Linux 6.9, which the headers of Debian 12 do not know: FUSE_UNIQUE_RESEND. */
#define UNDERWAY_RESENT (UINT64_C(1) << 63)

/* Before the first request: take over what there is. `settle` is asked once about each: was it
 * done, but for the answer? 1, 0, or -errno when that cannot be found out: then it is refused. */
void underway_take(struct handover_head *head,
		   int (*settle)(void *arg, const struct handover_request *request), void *arg);

/* The thread's slot, for a request whose bytes begin with a struct fuse_in_header; `keep_body`: and
 * a copy of them. `*again`: a worker before us has begun it, and what it has left is in the slot.
 */
struct handover_request *underway_begin(struct handover_head *head, size_t thread,
					const void *request, size_t size, bool keep_body,
					bool *again);
/* It has been answered. */
void underway_end(struct handover_request *slot);
