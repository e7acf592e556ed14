// SPDX-License-Identifier: GPL-2.0-or-later
/* recipeset.h - the recipes that a request needs, and their order. */
#pragma once

#include "builder/base/places.h"
#include "builder/recipe/graph.h"
#include "builder/recipe/recipe.h"

/* In which words recipes are read. Both may be NULL. */
struct recipeset_words {
	const struct strv *board;
	const struct strv *native; /* those of the board `native` */
	bool is_native;		   /* it is the board: what is native is needed as all else is */
};

/* A recipe may be in it twice, as what the board's build needs and as what `native` needs. */
struct recipeset {
	struct recipe **recipes;
	size_t n;
	struct graph graph;
	struct strv order; /* nodes (recipe.h), dependencies first */
};

void recipeset_release(struct recipeset *s);

/* Load the recipes of `wanted` (NULL-terminated) and, through their needs, all others, and order
 * them. 0 or -errno with `*why`. */
int recipeset_load(struct recipeset *s, const struct searchpath *recipes,
		   const struct recipeset_words *words, char *const *wanted, char **why);

/* The names of all recipes: of the user's own when there is a folder of them, sorted. 0 or -errno
 * with `*why`. */
int recipeset_names(const struct searchpath *recipes, struct strv *ret, char **why);

/* Say which of them, and of their patches, hide installed ones. */
void recipeset_say_hidden(const struct recipeset *s, const struct places *places);

/* As recipe_load, from the first folder that has it; -ENOENT when none has. */
int recipe_search(const struct searchpath *recipes, const char *name, const struct strv *words,
		  struct recipe **ret, char **why);

/* By its node; NULL: it is not there. */
const struct recipe *recipeset_find(const struct recipeset *s, const char *node);

/* Whether there is anything native in it, besides what the board itself is. */
bool recipeset_has_native(const struct recipeset *s);
