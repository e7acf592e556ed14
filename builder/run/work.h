// SPDX-License-Identifier: GPL-2.0-or-later
/* work.h - the work folder of a package, and whose is what in it.
 *
 *   src build tmp   the build's, and all of it that a build can write to
 *   log             the builder's: what the phases said. No build sees it; it outlives the others
 *   all else        what the builder writes for a build to read
 *
 * What the builder opens here it opens from the folder's descriptor, never through a symlink, and a
 * log is a new file each time: whatever an older build has left leads nowhere. The folder is its
 * owner's alone, since what lies in it may be set-id. Of two builders one has it at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct work {
	char *path;
	int dir, log; /* the lock is on `log` */
};

#define WORK_NONE ((struct work){ .dir = -1, .log = -1 })
#define autowork  cleanup(work_release)
void work_release(struct work *w);

/* Take the folder of `package` in the folder `all`; both are made if need be. 0; -EBUSY when
 * another builder has it; -errno. All with `*why`. */
int work_open(struct work *w, const char *all, const char *package, char **why);

/* After -EBUSY, which leaves `w` open: wait until the other one is done with it. 0 or -errno with
 * `*why`. */
int work_wait(struct work *w, char **why);
/* The process that has it, or had it last; 0: not known. */
int work_owner(const struct work *w);

/* Remove everything but the logs, also what somebody who was killed has left. 0 or -errno. */
int work_clear(const struct work *w);

/* A new, empty log/NAME.log, for reading and for writing at its end. A descriptor or -errno. */
int work_new_log(const struct work *w, const char *name);

/* It is kept because somebody wants it; else what is in it is left of a build that failed. 0 or
 * -errno. */
int work_keep(const struct work *w);

/* A folder of work folders, and what is in each that nobody is building in. */
struct work_left {
	char *package;
	bool kept; /* see work_keep */
	struct timespec when;
	uint64_t bytes; /* on disk, without the logs */
};

struct work_lefts {
	struct work_left *v; /* those with anything but logs, the latest first */
	size_t n;
};

void work_lefts_release(struct work_lefts *l);

/* 0, also when there is no such folder, or -errno. */
int work_list(const char *all, struct work_lefts *ret);

/* Clear away what failed builds have left, but for the latest `most`. */
void work_limit(const char *all, size_t most);
