// SPDX-License-Identifier: GPL-2.0-or-later
/* cores.h - how long cores had nothing to do while there was something to be done. */
#pragma once

#include <stdbool.h>

struct cores {
	double at, idle; /* at the last look, in seconds */
	bool waiting;	 /* was there work that nobody did, then? */
};

/* Since the last look: core-seconds without work (proc_stat(5)), of at most `jobs` cores, if there
 * was work all the time. `at` is now, in seconds of any clock; `waiting` as from now. 0 the first
 * time. */
double cores_look(struct cores *c, double at, bool waiting, int jobs);
