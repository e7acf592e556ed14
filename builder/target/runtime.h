// SPDX-License-Identifier: GPL-2.0-or-later
/* runtime.h - a toolchain whose libraries are built here: 'runtime = BOARD'.
 *
 * Debian's compilers for ARM of 32 bits make code for any ARM, but what they link beside it is for
 * an ARMv7. So the toolchain of another board, BOARD, is taken, and what it links comes from
 * packages that are built on BOARD, over its sysroot, as any package is: from the recipes in the
 * folder `runtime` beside the boards. What they install lies over the sysroot of the new toolchain,
 * and their PREFIX/LIBRARY-DIR/gcc-runtime over the folder of the compiler's own libgcc.a.
 *
 * It is made once, in a folder that is named by all that it is made of: the other toolchain, what
 * BOARD says, and the recipes.
 */
#pragma once

#include "builder/source/source.h"
#include "builder/target/board.h"

/* Have the toolchain of a board with `runtime`, and say where; `*dir` is the caller's. What is
 * built meanwhile shows on stderr. 0, or -errno with `*why`. */
int runtime_toolchain(const struct board *board, struct source_ways *ways, char **dir, char **why);
