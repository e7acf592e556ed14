// SPDX-License-Identifier: GPL-2.0-or-later
/* outlook.h - how far a build is, and how long the rest will take.
 *
 * In seconds, not in packages: of each package how long it took before, and of what was never built
 * the average of what is known. What goes on side by side is what it was so far; but nothing is
 * over before the longest chain of needs is, nor before what is still to be fetched has come, as
 * fast as it came so far.
 */
#pragma once

#include "builder/story/story.h"

struct outlook {
	double share; /* of the time that has passed, 0 to 1; of packages, where no time is known */
	double left;  /* seconds; < 0: nothing is known */
	size_t packages, over, failed, running, fetching; /* how many of them */
};

#define OUTLOOK_LEFT 40 /* bytes of "7 min left" */

struct outlook outlook_of(const struct story *story);

/* "7 min left"; "" where nothing is known. */
void outlook_left(const struct outlook *o, char words[static OUTLOOK_LEFT]);
/* "2 of 5, 1 failed, 1 running, 1 fetching, 7 min left", cut to `size` bytes. */
void outlook_words(const struct outlook *o, char *words, size_t size);
