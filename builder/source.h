// SPDX-License-Identifier: GPL-2.0-or-later
/* source.h - the archive of a package, from wherever it can be had.
 *
 * The recipe's sources are tried in the order written: first all of them in the folders of archives
 * at hand (what was downloaded before, and every --sources DIR), then over the network. What the
 * hash accepts is taken; it is checked again each time.
 */
#pragma once

#include <stdint.h>
#include "builder/aptsource.h"
#include "builder/board.h"
#include "builder/fetch.h"
#include "builder/places.h"
#include "builder/recipe.h"

/* What downloads share during one run. */
struct source_ways {
	const struct places *places;
	struct fetcher fetcher;
	struct aptsource apt;
};

void source_release(struct source_ways *w);

/* The path of an archive that is the recipe's; the caller frees. 0 or -errno with `*why`. A source
 * that fails is said in a line, as long as there is another. */
int source_get(struct source_ways *w, const struct recipe *recipe, char **path, char **why);

/* The same for a board's toolchain. */
int source_get_toolchain(struct source_ways *w, const struct board *board, char **path, char **why);

/* What is told while sources are fetched. `i` is the index of the recipe. Any may be NULL. */
struct source_events {
	void (*got)(void *arg, size_t i, const char *path);
	void (*failed)(void *arg, size_t i, const char *why);
	void (*progress)(void *arg, size_t i, uint64_t have, uint64_t total);
	void *arg;
};
int source_get_all(struct source_ways *w, const struct recipe *const *recipes, size_t n,
		   const struct source_events *events);
