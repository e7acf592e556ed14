// SPDX-License-Identifier: GPL-2.0-or-later
/* supply.h - the sources of a build, fetched beside it by a process of its own.
 *
 * What it hears goes into the jobs: `archive` or `lacking`, and how far it is into what is told of
 * them.
 */
#pragma once

#include "builder/build/job.h"
#include "builder/source/source.h"

struct supply {
	struct child child;
	const struct recipe **recipes; /* what it was asked for, and whose it is, side by side */
	struct job **jobs;
	size_t n;
	bool ended; /* by supply_end: what it has not said it will not say, and nothing has failed
		     */
};

/* Start to get the sources of all of the `n` jobs that are not over: also of those that may turn
 * out to be up to date, since mostly they are not, and time is short. 0 or -errno. */
int supply_start(struct supply *s, struct source_ways *ways, struct job *jobs, size_t n);
void supply_release(struct supply *s);

/* Whether more is to be heard of it. */
bool supply_is_on(const struct supply *s);

/* End it, by a signal: nobody waits for sources any more. */
void supply_end(struct supply *s, int signal);

/* Take in what it tells: `changed` is called for each job that it is about, `said` for each line.
 */
void supply_hear(struct supply *s, void (*changed)(void *arg, struct job *j),
		 void (*said)(void *arg, char *line), void *arg);
