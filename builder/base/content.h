// SPDX-License-Identifier: GPL-2.0-or-later
/* content.h - all that is in a folder, by content: what a build that sees the folder can see of it.
 *
 * A line for each name, in byte order of the paths: the path as it is below the folder, the mode,
 * and what is there. Owners and times are left out. Other file systems that are mounted below the
 * folder are not entered, and a file that we may not read is said to be unreadable, since it is so
 * for the build too.
 */
#pragma once

#include "fs/base/digest.h"
#include "fs/base/strv.h"

struct known;

/* Add "PATH MODE SHA256" (a file), "PATH/ MODE", "PATH -> TARGET" for what is below the folder
 * `path`, each behind `word` and a blank; `except` is a name in the folder itself that is left out,
 * NULL for none. `known` remembers digests; NULL: every file is read. 0 or -errno. */
int content_list(const char *path, const char *word, const char *except, struct known *known,
		 struct strv *lines);

/* One hash of all that, wherever the folder lies. 0 or -errno. */
int content_hash(const char *path, struct known *known, char hex[static DIGEST_HEX]);
