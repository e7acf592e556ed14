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

#include "builder/base/places.h"
#include "builder/recipe/recipe.h"
#include "builder/source/aptsource.h"
#include "builder/source/fetch.h"

#define SIGNATURE_MOST (1 << 20) /* bytes */

struct errand;

/* What downloads share during one run. */
struct source_ways {
	const struct places *places;
	struct fetcher fetcher;
	struct aptsource apt;
	fetch_some *fetch_some; /* how what is waited for is fetched: fetch_shown.h */
	/* how a toolchain that was just made is tried: box/trial.h */
	int (*trial)(const char *dir, const char *triple, char **why);
	bool offline;	    /* what is not at hand cannot be had */
	struct errand *git; /* those that a git is at, or will be */
};

void source_release(struct source_ways *w);

/* How they are heard of; `i` is the index of the recipe, `source` that of its source. Any may be
 * NULL. */
struct source_events {
	void (*got)(void *arg, size_t i, size_t source, const char *path);
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
