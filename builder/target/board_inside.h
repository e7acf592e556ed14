// SPDX-License-Identifier: GPL-2.0-or-later
/* board_inside.h - what the parts of a board's reader share; nobody else includes it. */
#pragma once

#include "builder/base/ini.h"
#include "builder/target/board.h"

/* "~/x" is the user's, "x" is beside the board's file. The caller frees; NULL: no memory. */
char *board_path(const struct ini *ini, const char *path);

/* Take what [toolchain] says. 0 or -errno with `*why`, NULL for -ENOMEM. */
int board_take_toolchain(struct board *b, const struct ini *ini, char **why);
