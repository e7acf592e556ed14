// SPDX-License-Identifier: GPL-2.0-or-later
/* fetch.h - files from URLs into folders, many at once. The one door to libcurl.
 *
 * The hash decides. Bytes arrive in NAME.part, which a later try goes on with; a whole file with
 * the right sha256 is renamed to NAME, one with a wrong one to NAME.bad. Two processes, or two
 * downloads of one, that want the same file take turns, and the second finds it there. A host that
 * did not answer is not asked again by the same fetcher. Proxies and ~/.netrc are as curl has them.
 * Names and passwords in URLs are never said.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fs/base/strv.h"

struct download;

struct fetcher {
	struct strv dead; /* hosts that did not answer */
	int patience;	  /* seconds without a byte; 0: 30 */
	/* Other work, which is looked after while downloads run, some ten times a second: whether
	 * there is more of it. May be NULL, may start downloads. */
	bool (*meanwhile)(void *arg);
	void *meanwhile_arg;
	struct download *all;
	void *multi;
};

#define autofetcher cleanup(fetch_release)
void fetch_release(struct fetcher *f);

/* How a download is heard of. */
struct fetch_events {
	/* it is over: 0, or -errno with `why`, the listener's: -EBADMSG for a wrong hash,
	 * -EHOSTUNREACH for a dead host, else -EIO. May start others. */
	void (*done)(void *arg, int r, char *why);
	/* at most ten times a second; `total` 0: not known. May be NULL */
	void (*progress)(void *arg, uint64_t have, uint64_t total);
	void *arg;
};

/* Start to get the file DIR/NAME; all is copied. Without `sha256` (NULL) whatever comes is taken,
 * and takes the place of what is there. 0, and `done` will be called by fetch_run; or -ENOMEM. */
int fetch_start(struct fetcher *f, const char *url, const char *dir, const char *name,
		const char *sha256, const struct fetch_events *events);

/* Go on until all that was started is over, other work too. */
void fetch_run(struct fetcher *f);

/* Whether the regular file DIR/NAME has this sha256. 1, 0, or -errno. */
int fetch_check(const char *dir, const char *name, const char *sha256);
