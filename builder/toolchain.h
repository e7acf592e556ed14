// SPDX-License-Identifier: GPL-2.0-or-later
/* toolchain.h - a cross compiler and its sysroot, which is never written.
 *
 * One that we fetch is unpacked into TOOLCHAINS/HASH, without write permission for anybody, by a
 * rename at the end: it is whole or not there. All that can be asked of the compiler is asked.
 */
#pragma once

#include <stdbool.h>

#include "builder/board.h"
#include "builder/source.h"
#include "fs/base/digest.h"

struct toolchain {
	char *dir;
	char *cc;      /* DIR/bin/TRIPLE-gcc */
	char *cross;   /* "TRIPLE-", which the tools' names start with */
	char *triple;  /* -dumpmachine */
	char *version; /* -dumpversion */
	char *sysroot; /* -print-sysroot, or the board's */
	int bits;      /* of a pointer */
	bool big_endian;
	char *glibc;		   /* "2.17"; NULL for another C library */
	char identity[DIGEST_HEX]; /* of its tools and C library, wherever it lies */
};

#define autotoolchain cleanup(toolchain_release)
void toolchain_release(struct toolchain *t);

/* Have it there: fetch and unpack it when it is not, and ask it. 0 or -errno with `*why`. */
int toolchain_open(struct toolchain *t, const struct board *board, struct source_ways *ways,
		   char **why);
