// SPDX-License-Identifier: GPL-2.0-or-later
/* verbs.h - the commands of xsysfs-build. Each returns the program's exit status. */
#pragma once

#include "builder/target/board.h"
#include "builder/verb/options.h"

int verb_build(struct options *o);
int verb_board_of(struct options *o);
int verb_board_state(struct options *o);
int verb_bump(struct options *o);
int verb_clean(struct options *o);
int verb_env(struct options *o);
int verb_fetch(struct options *o);
int verb_graph(struct options *o);
int verb_lint(struct options *o);
int verb_mount(struct options *o);
int verb_boards(struct options *o);
int verb_names(struct options *o);
int verb_new_board(struct options *o);
int verb_new_recipe(struct options *o);
int verb_recipes(struct options *o);
int verb_report(struct options *o);
int verb_shell(struct options *o);
int verb_toolchain(struct options *o);
