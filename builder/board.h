// SPDX-License-Identifier: GPL-2.0-or-later
/* board.h - the machine that is built for: boards/NAME.ini. boards/README.md tells a user the same.
 *
 * A board says where its toolchain is to be had and what the compiler cannot know (the processor,
 * where libraries go, what the Pi has). The rest is asked of the toolchain.
 */
#pragma once

#include <stdbool.h>

#include "builder/places.h"
#include "fs/base/digest.h"

struct board {
	char *name;
	char *path; /* boards/NAME.ini */
	char *summary;

	char *toolchain; /* a folder of the user's; else one of the next two: */
	char *url;
	char *npm;		 /* "NAME VERSION" of the npm registry */
	char *file;		 /* name of the archive */
	char sha256[DIGEST_HEX]; /* of the archive; "" with a folder */
	char *inner;		 /* pattern of the archive inside the archive; NULL for none */
	char *sysroot;		 /* NULL: the compiler's own */
	char *launcher;		 /* in front of its compilers (launcher.h); NULL when not said */
	unsigned toolchain_line;

	struct strv words;	      /* its name, its cpu, and what it says: for [SECTION:WORD] */
	char *cpu, *cflags, *ldflags; /* "" when not said */
	char *prefix;		      /* where packages go, "/usr/local" */
	char *libdir;		      /* below the prefix, "lib" */
	char *glibc;		      /* what the Pi has; NULL when not said */
	struct strv stage_without;    /* sub-packages that are not staged */

	char *state, *mnt, *work, *keys, *builds; /* absolute */
};

void board_free(struct board *b); /* takes NULL */

/* For cleanup(cleanup_board). */
static inline void cleanup_board(struct board **b)
{
	board_free(*b);
}

/* Read BOARDS/NAME.ini. 0 or -errno with `*why`. */
int board_load(const struct places *places, const char *name, struct board **ret, char **why);

/* Which board is meant when none is named: the only one there is, the only one whose mount point is
 * mounted at the moment, or rpi3-aarch64. */
int board_default(const struct places *places, struct board **ret, char **why);

/* The words of all boards, as [SECTION:WORD] may name them. 0 or -errno with `*why`. */
int board_words(const struct places *places, struct strv *ret, char **why);

/* Whether its cflags ask for debugging information. */
bool board_has_debug(const struct board *b);

/* Whether an xsysfs is mounted at its mount point. */
bool board_is_mounted(const struct board *b);
