// SPDX-License-Identifier: GPL-2.0-or-later
/* source.h - the archive of a package, from wherever it can be had.
 *
 * The recipe's sources are tried in the order written: first all of them among what is at hand
 * (shelf.h), then over the network. What the hash accepts is taken; it is checked again each time,
 * and so is the signature where the source has one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "builder/aptsource.h"
#include "builder/board.h"
#include "builder/fetch.h"
#include "builder/options.h"
#include "builder/recipe.h"

struct errand;

/* What downloads share during one run. */
struct source_ways {
	const struct places *places;
	struct fetcher fetcher;
	struct aptsource apt;
	bool offline;	    /* what is not at hand cannot be had */
	struct errand *git; /* those that a git is at, or will be */
};

/* As the command line has it. */
struct source_ways source_ways(const struct options *o);
void source_release(struct source_ways *w);

/* How they are heard of; `i` is the index of the recipe. Any may be NULL. */
struct source_events {
	void (*got)(void *arg, size_t i, const char *path);
	void (*failed)(void *arg, size_t i, const char *why);
	void (*progress)(void *arg, size_t i, uint64_t have,
			 uint64_t total); /* bytes; 0: unknown */
	void *arg;
};

/* Have the sources of `n` recipes: those at hand are found first, the rest is downloaded, many at
 * once. `got` or `failed` is called once for each. A source that fails is said in a line, as long
 * as there is another. Returns how many failed. */
int source_get_all(struct source_ways *w, const struct recipe *const *recipes, size_t n,
		   const struct source_events *events);

/* The archive of a board's toolchain; the caller frees `*path`. 0 or -errno with `*why`. */
int source_get_toolchain(struct source_ways *w, const struct board *board, char **path, char **why);
