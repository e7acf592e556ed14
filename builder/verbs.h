// SPDX-License-Identifier: GPL-2.0-or-later
/* verbs.h - the commands of xsysfs-build. Each returns the program's exit status. */
#pragma once

#include "builder/board.h"
#include "builder/options.h"

int verb_build(struct options *o);
int verb_bump(struct options *o);
int verb_env(struct options *o);
int verb_fetch(struct options *o);
int verb_graph(struct options *o);
int verb_lint(struct options *o);
int verb_mount(struct options *o);
int verb_new_recipe(struct options *o);
int verb_report(struct options *o);
int verb_toolchain(struct options *o);

/* The board that the options mean; said when there is none. 0 or -errno. */
int verb_board(const struct options *o, const char *name, struct board **ret);
