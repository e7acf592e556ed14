// SPDX-License-Identifier: GPL-2.0-or-later
/* recipeset.h - the recipes that a request needs, and their order. */
#pragma once

#include "builder/graph.h"
#include "builder/recipe.h"

struct recipeset {
	struct recipe **recipes;
	size_t n;
	struct graph graph;
	struct strv order; /* names, dependencies first */
};

void recipeset_release(struct recipeset *s);

/* Load the recipes of `wanted` (NULL-terminated) and, through their needs, all others, and order
 * them. `words` as in recipe_load. 0 or -errno with `*why`. */
int recipeset_load(struct recipeset *s, const char *recipes, const struct strv *words,
		   char *const *wanted, char **why);

/* The names of all folders in `recipes` that have a recipe, sorted. 0 or -errno with `*why`. */
int recipeset_names(const char *recipes, struct strv *ret, char **why);

const struct recipe *recipeset_find(const struct recipeset *s, const char *name);
