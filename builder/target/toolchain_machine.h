// SPDX-License-Identifier: GPL-2.0-or-later
/* toolchain_machine.h - whether what a toolchain links runs on its board.
 *
 * A compiler makes code for whatever processor its flags name. What it links beside that, the start
 * files, libgcc and the C library, is for the one that they were made for: Debian's of 32 bits is
 * an ARMv7, and a program for a Pi Zero with them stops at the first instruction of theirs.
 */
#pragma once

#include "builder/target/toolchain.h"
#include "builder/target/toolchain_ask.h"

/* Only of ARM of 32 bits is there something to ask; `how` is how. 0; -EINVAL when they do not fit,
 * or -errno; with `*why`. */
int toolchain_check_machine(const struct toolchain *t, const struct board *board,
			    const struct toolchain_asked *how, char **why);
