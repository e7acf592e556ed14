// SPDX-License-Identifier: GPL-2.0-or-later
/* package.h - the life of one package: fetched, unpacked, patched, and then configured, made and
 * installed by one `xsysfs run`, so that all three see the declared dependencies and nothing else.
 *
 * The work folder BOARD/work/PKG has src, build and log; the first two go when the package is
 * installed. Of two builders the second is refused while the first is at the same package.
 */
#pragma once

#include "builder/board.h"
#include "builder/key.h"
#include "builder/options.h"
#include "builder/source.h"
#include "builder/toolchain.h"

struct package_build {
	const struct options *options;
	const struct board *board;
	const struct toolchain *toolchain;
	struct source_ways *ways;
	const char *where; /* the mount */
	const struct recipe *recipe;
	const struct strv *patches;
	const struct key *key;
};

/* 0, or -errno; what failed has been said. */
int package_build(const struct package_build *b);
