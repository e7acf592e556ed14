// SPDX-License-Identifier: GPL-2.0-or-later
/* git.h - the one door to git(1).
 *
 * What it is called with does not depend on who calls: it runs no hooks, asks nobody, speaks the
 * protocols of a recipe's sources and no others, and checks the objects that it takes. On the
 * network it has the user's settings (proxies, logins), away from it none.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct git {
	const char *repository; /* NULL: in none */
	bool network;
	bool talks;    /* and so shows that it is alive */
	int patience;  /* seconds without a sign of life; 0: 30 */
	uint64_t most; /* bytes of a file that it writes, or a server sends; 0: no limit */
	int out;       /* a descriptor; 0: what it says is kept, its errors with it */
};

/* Its exit status (0: well), or -errno; -ETIME: nothing came. `*said` is the caller's; not touched
 * with `out`. */
int git_call(const struct git *c, const char *const *words, char **said);

/* Why it could not be called. Returns `r`. */
int git_cannot(int r, int patience, char **why);

/* What it complained of: the first line that says so, without what logs one in, and without
 * what could drive a terminal. In place, lent. */
const char *git_complaint(char *said);
