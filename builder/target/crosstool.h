// SPDX-License-Identifier: GPL-2.0-or-later
/* crosstool.h - a toolchain that Crosstool-NG builds here: 'crosstool = FILE'.
 *
 * FILE is a configuration, as `ct-ng savedefconfig` or `ct-ng menuconfig` writes it. ct-ng is
 * started in a folder of its own, HOME/crosstool/HASH, which stays when it fails or is killed, so
 * that the next try goes on behind the last step that was done (CT_DEBUG_CT_SAVE_STEPS); it goes
 * when the toolchain is there. Where the result goes, and where archives are, is ours to say; all
 * else is the file's.
 *
 * https://crosstool-ng.github.io/docs/configuration/, .../build/
 */
#pragma once

#include "builder/source/source.h"
#include "builder/target/board.h"

/* Have the toolchain of a board with `crosstool`, and say where; `*dir` is the caller's. What ct-ng
 * says shows on stderr. 0, or -errno with `*why`. */
int crosstool_toolchain(const struct board *board, struct source_ways *ways, char **dir,
			char **why);
