// SPDX-License-Identifier: GPL-2.0-or-later
/* schedule.h - the packages of a request, built side by side in the order of what they need.
 *
 * One process, one loop: it starts a child for every package whose needs are installed and whose
 * source is there, while there are job tokens, and hears what they say. Whatever is built first,
 * the result is the same: a build sees the layers that it needs and no others.
 *
 * A package is decided when all that it needs is over, so that one whose needs came out as they
 * were is not built again.
 */
#pragma once

#include "builder/base/json.h"
#include "builder/build/job.h"
#include "builder/build/supply.h"
#include "builder/run/jobserver.h"

struct screen;

/* How packages are built for one board, and what is installed there. Lent. */
struct schedule_side {
	const struct package_ways *ways;
	struct installed *installed;
};

struct schedule {
	/* lent, set by the caller */
	struct schedule_side sides[2]; /* the board's, and that of tools (recipe.h, is_native) */
	struct source_ways *sources;
	size_t most; /* packages at a time, while other machines lend their cores; 0: as many as
			jobs */
	const struct recipeset *set;
	struct jobserver *jobs;
	struct story *story;
	struct screen *screen;
	const struct strv
		*forced;    /* names of the board's that are built also when they are up to date */
	struct strv *aside; /* "NAME LAYER" of what was put aside, with its ways' aside */
	bool keep_going, explain;
	bool quiet; /* no word of what is up to date */

	struct job *v; /* in the order of set->order */
	size_t n;
	size_t n_running, n_failed;
	struct supply supply;
	bool stopping;	/* nothing more is started */
	int signal;	/* that ended it */
	double kill_at; /* after a signal: when patience ends */
};

/* Make the jobs, and decide those that can be. 0 or -errno, said. */
int schedule_init(struct schedule *s);
void schedule_release(struct schedule *s);

/* Build what is due. 0; -EIO when a package failed; -EINTR when a signal ended it (s->signal).
 * All has been said. */
int schedule_run(struct schedule *s);

/* Say what schedule_run would do. */
void schedule_show(const struct schedule *s);
/* The same as objects of `rows`, an array, in the order of needs: "package", "native" (a tool of
 * the building machine), "version", "action" ("none", "build", "take" its layer from disk, "maybe":
 * if "because" changes), "because" (a package that comes before, or null), "why" (as --explain has
 * it, or null while that is open). 0 or -ENOMEM, said. */
int schedule_rows(const struct schedule *s, json_t *rows);
