// SPDX-License-Identifier: GPL-2.0-or-later
/* fetch.h - files from URLs into folders, many at once.
 *
 * What was asked for first is begun first. The hash decides. Bytes arrive in NAME.part, which a
 * later try goes on with (part.h). A server that is busy, or cuts the connection, is asked again
 * some seconds later, or when it says (Retry-After); a few times. Nobody sends more than the file
 * may have, and who sends hardly anything for a minute is left. Two processes, or two downloads of
 * one, that want the same file take turns, and the second finds it there. A host (and port) that
 * did not answer is not asked again by the same fetcher. How one is done is in transfer.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fs/base/strv.h"

struct download;

struct fetcher {
	struct strv dead; /* hosts that did not answer */
	int patience;	  /* seconds without a byte (twice that, with few); 0: 30 */
	/* Other work, which is looked after while downloads run, some ten times a second: whether
	 * there is more of it. May be NULL, may start downloads. */
	bool (*meanwhile)(void *arg);
	void *meanwhile_arg;
	struct download *all;
	void *all_transfers;
};

#define autofetcher cleanup(fetch_release)
void fetch_release(struct fetcher *f);

/* What is wanted: the file DIR/NAME. Without `sha256` (NULL) whatever comes is taken, and takes the
 * place of what is there. */
struct fetch_order {
	const char *url, *dir, *name, *sha256;
	uint64_t size; /* bytes that it has; 0: not known */
	bool quiet;    /* who wants it has said so */
	uint64_t most; /* bytes that it may have when that is not known; 0: PART_MOST */
};

/* How a download is heard of. */
struct fetch_events {
	/* it is over: 0, or -errno with `why`, the listener's: -EBADMSG for a wrong hash or
	 * size, -EFBIG for too much, -EHOSTUNREACH for a dead host, else -EIO. May start others.
	 */
	void (*done)(void *arg, int r, char *why);
	/* at most ten times a second; `total` 0: not known. May be NULL */
	void (*progress)(void *arg, uint64_t have, uint64_t total);
	void *arg;
};

/* Start to get it; all is copied. 0, and `done` will be called by fetch_run; or -ENOMEM. */
int fetch_start(struct fetcher *f, const struct fetch_order *o, const struct fetch_events *events);

/* Get `n` files, all at once, and wait for them. 0, or what `done` has of the first that failed,
 * with
 * `*why`. */
typedef int fetch_some(struct fetcher *f, const struct fetch_order *orders, size_t n, char **why);

/* Go on until all that was started is over, other work too. */
void fetch_run(struct fetcher *f);

/* Whether the regular file DIR/NAME has this sha256. 1, 0, or -errno. */
int fetch_check(const char *dir, const char *name, const char *sha256);
