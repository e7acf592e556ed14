// SPDX-License-Identifier: GPL-2.0-or-later
/* lint.h - what is wrong with a recipe that works.
 *
 * A finding says in which file and line what is wrong, and what to do. Most are seen in the recipe;
 * what was never used, or used and never said, is seen in what its last build left: its log, its
 * files, and what the file system knows of its reading.
 */
#pragma once

#include "builder/build/installed.h"
#include "builder/lint/sonames.h"
#include "builder/recipe/recipe.h"

struct lint_finding {
	char *file;
	unsigned line;
	char *text;
};

struct lint {
	const struct places *places;
	const struct strv *board_words;	   /* of all boards: what [SECTION:WORD] may name */
	const struct installed *installed; /* NULL: nothing is known of builds */
	const struct sonames *sonames;	   /* of what is installed */
	const char *work;		   /* the board's folder of work folders */
	struct lint_finding *findings;	   /* `n_findings` */
	size_t n_findings;
};

/* Its findings. */
void lint_release(struct lint *l);

/* Add a finding. 0 or -ENOMEM. */
int lint_find(struct lint *l, const char *file, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Each adds to `findings`. 0 or -errno with `*why`. */
int lint_recipe(struct lint *l, const struct recipe *recipe, char **why);
/* The recipe is installed. built.c */
int lint_built(struct lint *l, const struct recipe *recipe, char **why);

/* Where the recipe says it: the line of a key in a section, or 1. */
unsigned lint_line(const struct recipe *recipe, const char *section, const char *key);
