// SPDX-License-Identifier: GPL-2.0-or-later
/* system.h - the build systems, one word each, and what each does in a phase. */
#pragma once

#include <stdbool.h>

#include "builder/recipe/recipe.h"

/* The word's system, or -1; and all words, NULL-terminated. */
int system_find(const char *word);
extern const char *const system_words[RECIPE_SYSTEMS + 1];

/* Whether it usually builds in the source folder. */
bool system_is_in_tree(enum recipe_system system);

/* Whether its make phase is no GNU make, and has to be told how many jobs it may run. */
bool system_counts_jobs(enum recipe_system system);

/* The usual shell line of a phase, without a recipe's options; the caller frees. NULL: it has no
 * such phase, or there was no memory. */
char *system_usual(enum recipe_system system, enum recipe_phase phase);

/* What is done before the line of a phase: autoreconf where a recipe wants it, and, for a command
 * or a script of its own, $CONFIGURE_ARGS, the words that the usual one has. The caller frees; ""
 * for nothing, NULL without memory. */
char *system_before(const struct recipe *r, enum recipe_phase phase);

/* The programs of the machine that its usual lines call, with blanks between them; the caller
 * frees. NULL: no memory. */
char *system_host(const struct recipe *r);

/* The shell line of a phase: the recipe's, or the usual one with the recipe's options; the caller
 * frees. NULL when the package has no such phase, or without memory. */
char *system_command(const struct recipe *r, enum recipe_phase phase);

/* The program that the usual lines for Python call, at $BOARD_PYTHON. */
extern const char system_python[];
