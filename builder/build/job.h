// SPDX-License-Identifier: GPL-2.0-or-later
/* job.h - one package of a request: what goes into it, and whether that is what is installed. */
#pragma once

#include "builder/base/child.h"
#include "builder/build/installed.h"
#include "builder/build/key.h"
#include "builder/build/package.h"
#include "builder/recipe/recipeset.h"
#include "builder/run/jobserver.h"
#include "builder/story/story.h"

enum job_state {
	JOB_OPEN,    /* not decided: something that it needs is not over */
	JOB_DUE,     /* to be built */
	JOB_RUNNING, /* `child` is at it */
	JOB_OVER
};

struct job {
	const struct recipe *recipe;
	const struct package_ways *ways; /* those of its side, as is what is installed there */
	struct installed *installed;
	struct story_package *told;
	struct job **needs; /* `n_needs`, directly, native ones too */
	size_t n_needs;
	struct job **sees; /* `n_sees`: every package that its build sees, by name */
	size_t n_sees;
	struct job **tools; /* `n_tools`: likewise, of the board `native`, when it is for another */
	size_t n_tools;
	char *line; /* "NAME LAYER", once it is over: what it is in the keys of those who see it */
	struct strv patches; /* from job_decide on, as are the next two */
	size_t source;	     /* of the recipe's: the one that it is built from */
	struct key key;	     /* with that one */
	char *before;	     /* its layer when it was decided; NULL: none */
	enum job_state state;
	bool forced;	    /* built also when it is up to date */
	bool taken;	    /* another builder has built it meanwhile */
	unsigned tries;	    /* how often it was decided anew, since what it needs has changed */
	char *reuse;	    /* a layer on disk that has its key; NULL: none */
	char *aside;	    /* the layer that it has become, when it is built to be compared */
	bool has_token;	    /* of the jobserver */
	char *archive;	    /* NULL: not fetched yet */
	size_t got;	    /* the source that it is of */
	struct recipe only; /* of a forced one: its recipe with but the places of that release from
			       which it was built */
	char *lacking;	    /* why its source cannot be had; NULL when it can */
	double urgency;	    /* seconds from its begin to the end of all that waits for it */
	struct child child;
	struct jobpipe jobs; /* while it runs */
};

/* Of all that its build sees, tools behind the packages of its own side; `at` is less than their
 * number. */
static inline struct job *job_seen(const struct job *j, size_t at)
{
	return at < j->n_sees ? j->sees[at] : j->tools[at - j->n_sees];
}

/* `told` is lent. */
void job_init(struct job *j, const struct recipeset *set, const char *node,
	      struct story_package *told);
void job_release(struct job *j);

/* Find out who needs and who sees whom among the `n` jobs: all of the graph, in its order. 0 or
 * -ENOMEM. */
int job_link(struct job *v, size_t n, const struct graph *g);

/* It is over: from now on it is this layer to others; NULL: there is none. 0 or -ENOMEM. */
int job_set_layer(struct job *j, const char *layer);

/* What it needs is installed: make the key. Returns 1 when it is up to date, 0 when it is due, or
 * -errno, said. */
int job_decide(struct job *j, const struct package_ways *ways, const struct installed *installed);

/* The recipe with the sources from which its archive may be had: one that is built once more to be
 * compared is built from what it was built from, wherever that can be had. Lent; NULL: no memory.
 */
const struct recipe *job_recipe_to_fetch(struct job *j);

/* Its archive is that of another source than was thought: another key. 0 or -errno, said. */
int job_use_source(struct job *j, const struct package_ways *ways, size_t source);

/* It was not built, and what it needs may have been installed anew by somebody else: see, by what
 * is installed on their sides. Returns whether it has to be decided once more. */
bool job_is_stale(struct job *j);

/* Why it is due: a few words, and a line for each input that has changed. The caller frees. NULL:
 * no memory. */
char *job_explain(const struct job *j, const struct package_ways *ways,
		  const struct installed *installed);

/* Start to build it: `child` runs. Its archive is there. 0 or -errno, said. */
int job_start(struct job *j, const struct package_ways *ways);

/* Instead: run `command` where it would be built (package_shell). Its exit status, or -errno;
 * said. */
int job_shell(struct job *j, const struct package_ways *ways, char *const *command);
