// SPDX-License-Identifier: GPL-2.0-or-later
/* subpackages.h - the rules that the file system is given for a package's parts (see `xsysfs help
 * parts`): what the recipe says in [sub-packages] and [stage], then what is usual.
 *
 * They are no input of a build: what is installed already is given other rules, not built again.
 */
#pragma once

#include "builder/build/installed.h"
#include "builder/recipe/recipe.h"
#include "builder/target/board.h"

/* Rules, one a line, for the caller to free. 0 or -errno with `*why`. */
int subpackages_rules(const struct recipe *recipe, const struct board *board, char **ret,
		      char **why);

/* Warn of what a board does not stage and no recipe has: a mistyped word, most likely. */
void subpackages_check_board(const struct board *board, const struct searchpath *recipes);

/* Give a package that is installed these rules, if it has others. 1 when it had, 0, or -errno,
 * said. */
int subpackages_settle(const struct recipe *recipe, const struct board *board,
		       const struct installed *installed, const struct places *places,
		       const char *where);
