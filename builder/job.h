// SPDX-License-Identifier: GPL-2.0-or-later
/* job.h - one package of a request: what goes into it, and whether that is what is installed. */
#pragma once

#include "builder/child.h"
#include "builder/installed.h"
#include "builder/key.h"
#include "builder/package.h"
#include "builder/recipeset.h"
#include "builder/story.h"

enum job_state {
	JOB_OPEN,    /* not decided: something that it needs is not over */
	JOB_DUE,     /* to be built */
	JOB_RUNNING, /* `child` is at it */
	JOB_OVER
};

struct job {
	const struct recipe *recipe;
	struct story_package *told;
	struct strv sees;    /* every package that its build sees, sorted */
	struct strv patches; /* from job_decide on, as is the key */
	struct key key;
	char *before; /* its layer when it was decided; NULL: none */
	enum job_state state;
	bool forced;	/* built also when it is up to date */
	bool has_token; /* of the jobserver */
	char *archive;	/* NULL: not fetched yet */
	char *lacking;	/* why its source cannot be had; NULL when it can */
	double urgency; /* seconds from its begin to the end of all that waits for it */
	struct child child;
};

/* `told` is lent. 0 or -errno, said. */
int job_init(struct job *j, const struct recipeset *set, const char *name,
	     struct story_package *told);
void job_release(struct job *j);

/* What it needs is installed: make the key. Returns 1 when it is up to date, 0 when it is due, or
 * -errno, said. */
int job_decide(struct job *j, const struct package_ways *ways, const struct installed *installed);

/* Why it is due: a few words, and a line for each input that has changed. The caller frees. NULL:
 * no memory. */
char *job_explain(const struct job *j, const struct package_ways *ways,
		  const struct installed *installed);

/* Start to build it: `child` runs. Its archive is there. 0 or -errno, said. */
int job_start(struct job *j, const struct package_ways *ways);
