// SPDX-License-Identifier: GPL-2.0-or-later
/* fetch.h - one file from a URL into a folder. The one door to libcurl.
 *
 * The hash decides. Bytes arrive in NAME.part, which a later try goes on with; a whole file with
 * the right sha256 is renamed to NAME, one with a wrong one to NAME.bad. A host that did not answer
 * is not asked again by the same fetcher. What goes on is said on stderr: a bar on a terminal, a
 * line elsewhere. Names and passwords in URLs are never said.
 */
#pragma once

#include "fs/base/strv.h"

struct fetcher {
	struct strv dead; /* hosts that did not answer */
	void *curl;
};

#define autofetcher cleanup(fetch_release)
void fetch_release(struct fetcher *f);

/* 0, or -errno with `*why`: -EBADMSG for a wrong hash, -EHOSTUNREACH for a dead host, else -EIO. */
int fetch_url(struct fetcher *f, const char *url, const char *dir, const char *name,
	      const char *sha256, char **why);

/* Whether the regular file DIR/NAME has this sha256. 1, 0, or -errno. */
int fetch_check(const char *dir, const char *name, const char *sha256);
