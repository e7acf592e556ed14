// SPDX-License-Identifier: GPL-2.0-or-later
/* toolchain_fetch.h - the archive of a board's toolchain: by URL, or as a package of npm. */
#pragma once

#include "builder/source/source.h"
#include "builder/target/board.h"

/* The caller frees `*path`. 0 or -errno with `*why`. */
int toolchain_fetch(struct source_ways *w, const struct board *board, char **path, char **why);
