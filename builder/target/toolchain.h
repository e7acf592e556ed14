// SPDX-License-Identifier: GPL-2.0-or-later
/* toolchain.h - a cross compiler and its sysroot, which is never written.
 *
 * One that we fetch is unpacked into TOOLCHAINS/HASH, without write permission for anybody, by a
 * rename at the end: it is whole or not there. All that can be asked of the compiler is asked.
 */
#pragma once

#include <stdbool.h>

#include "builder/source/source.h"
#include "builder/target/board.h"
#include "fs/base/digest.h"

struct toolchain {
	char *dir;
	bool native;   /* this machine's own; its sysroot has nothing but a folder for the prefix */
	char *cc;      /* DIR/bin/TRIPLE-gcc */
	char *cross;   /* "TRIPLE-", which the tools' names start with; native: "" */
	char *triple;  /* -dumpmachine */
	char *version; /* -dumpversion */
	char *sysroot; /* -print-sysroot, or the board's */
	int bits;      /* of a pointer */
	bool big_endian;
	char *glibc;		   /* "2.17"; NULL for another C library */
	char lock[DIGEST_HEX];	   /* of Debian's packages that it is made of; "" for another */
	char identity[DIGEST_HEX]; /* of every file of it, wherever it lies: toolchain_identify */
};

#define autotoolchain cleanup(toolchain_release)
void toolchain_release(struct toolchain *t);

struct known;

/* Have it there: fetch and unpack it when it is not, and ask it. 0 or -errno with `*why`. */
int toolchain_open(struct toolchain *t, const struct board *board, struct source_ways *ways,
		   char **why);

/* Its folder, as who runs in a box sees it. */
const char *toolchain_inside(const struct toolchain *t);

/* Find out its identity: what is in its folder, and what the compiler uses that lies elsewhere. All
 * of it is read the first time. 0 or -errno with `*why`. */
int toolchain_identify(struct toolchain *t, struct known *known, char **why);

/* That of a sysroot on which a mount stands; one that its own mount hides is not looked into
 * (`mountpoint`; NULL when nothing is mounted). 0 or -errno with `*why`. */
int toolchain_identify_sysroot(const char *sysroot, const char *mountpoint, struct known *known,
			       char hex[static DIGEST_HEX], char **why);
