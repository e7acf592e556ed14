// SPDX-License-Identifier: GPL-2.0-or-later
/* errand.h - the way of one recipe through its sources, for the parts of source.h that are on it.
 *
 * It ends in errand_succeed, or in errand_give_up of its last source; then it is gone.
 */
#pragma once

#include "builder/base/child.h"
#include "builder/source/source.h"

struct errand {
	struct source_ways *ways;
	const struct source_events *events;
	const struct recipe *recipe;
	size_t i;	  /* of the recipe */
	size_t at;	  /* its source that is tried */
	char *dir, *file; /* where to it goes */
	char *path;	  /* the archive, once it is there */
	int *failed;
	struct child git;    /* when the source is one */
	char *answer;	     /* of git: a path, or why there is none */
	struct errand *next; /* in ways->git */
};

/* The one that is tried. */
static inline const struct recipe_source *errand_source(const struct errand *e)
{
	return &e->recipe->sources[e->at];
}

/* ---- source.c ---- */

/* This source will not do, for what is said in that line of the recipe: "cannot VERB ...". The next
 * one is tried. `why` is taken; NULL: `r` says it. */
void errand_give_up(struct errand *e, unsigned line, const char *verb, int r, char *why);

/* The archive is there; `path` is taken, NULL: no memory. What is signed is checked then. */
void errand_has_archive(struct errand *e, char *path);

/* It is there, and good. */
void errand_succeed(struct errand *e);

/* ---- source_signature.c ---- */

/* Get the signature of e->path, and check it. Succeeds or gives up, now or later. */
void errand_check_signature(struct errand *e);

/* ---- source_git.c ---- */

/* For fetch_run, with the struct source_ways: look after the gits that run, begin those that wait.
 * Whether there are more. */
bool errand_look_after_gits(void *ways);
