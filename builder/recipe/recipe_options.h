// SPDX-License-Identifier: GPL-2.0-or-later
/* recipe_options.h - the options of a recipe: [options], each with a yes or no that counts when
 * nobody says another.
 *
 * Whoever says another has it among the words that a recipe is read with: "PACKAGE.OPTION=yes", a
 * board's [options] first, then the command line's. An option is a word itself then, of this recipe
 * alone: [needs:x264] is for who has it, [needs:no-x264] for who has not.
 */
#pragma once

#include "builder/base/ini.h"

/* Whether it is "PACKAGE.OPTION=yes" or "...=no". */
bool recipe_option_is_choice(const char *word);

/* The words that the recipe `name` is overlaid with, those of `words` (NULL: none) first, into
 * `ret`, and "OPTION=yes" or "OPTION=no" for each of its options into `chosen`. 0, or -errno with
 * `*why`; -EINVAL for a choice of an option that it has not. */
int recipe_take_options(const struct ini *ini, const char *name, const struct strv *words,
			struct strv *ret, struct strv *chosen, char **why);
