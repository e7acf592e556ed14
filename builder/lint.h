// SPDX-License-Identifier: GPL-2.0-or-later
/* lint.h - what is wrong with a recipe that works.
 *
 * A finding is one line, "FILE:LINE: what (what to do)". Most are seen in the recipe; what was
 * never used, or used and never said, is seen in what its last build left: its log, its files, and
 * what the file system knows of its reading.
 */
#pragma once

#include "builder/installed.h"
#include "builder/recipe.h"
#include "builder/sonames.h"

struct lint {
	const struct places *places;
	const struct strv *board_words;	   /* of all boards: what [SECTION:WORD] may name */
	const struct installed *installed; /* NULL: nothing is known of builds */
	const struct sonames *sonames;	   /* of what is installed */
	const char *work;		   /* the board's folder of work folders */
	struct strv findings;
};

/* Each adds to `findings`. 0 or -errno with `*why`. */
int lint_recipe(struct lint *l, const struct recipe *recipe, char **why);
/* The recipe is installed. lint_built.c */
int lint_built(struct lint *l, const struct recipe *recipe, char **why);

/* Where the recipe says it: the line of a key in a section, or 1. */
unsigned lint_line(const struct recipe *recipe, const char *section, const char *key);
