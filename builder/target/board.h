// SPDX-License-Identifier: GPL-2.0-or-later
/* board.h - the machine that is built for: boards/NAME.ini. boards/README.md tells a user the same.
 *
 * A board says where its toolchain is to be had and what the compiler cannot know (the processor,
 * where libraries go, what the Pi has). The rest is asked of the toolchain.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "builder/base/places.h"
#include "fs/base/digest.h"
#include "fs/client/where.h"

#define BOARD_NATIVE WHERE_NATIVE /* the board of [needs] native */

struct board {
	char *name;
	char *path; /* boards/NAME.ini */
	char *summary;

	char *toolchain; /* a folder of the user's; else one of the next six: */
	char *runtime;	 /* another board, on which its libraries are built: runtime.h */
	char *crosstool; /* a configuration of Crosstool-NG (crosstool.h), which `ct_ng` builds */
	bool native;	 /* this machine's own compilers; its prefix is BOX_NATIVE (box.h) */
	unsigned debian; /* whose release's cross compilers for `triple`; 0 */
	char *url;
	char *npm;		 /* "NAME VERSION" of the npm registry */
	char *file;		 /* name of the archive */
	char sha256[DIGEST_HEX]; /* of the archive, or of Debian's lock (debian.h), which may be
				  * anything: ""; "" with a folder */
	char *ct_ng;		 /* "ct-ng" when not said */
	uint64_t size;		 /* the most that the archive may have; 0: not said */
	char *triple;		 /* which of its compilers, TRIPLE-gcc; NULL: the only one */
	char *inner;		 /* pattern of the archive inside the archive; NULL for none */
	char *sysroot;		 /* NULL: the compiler's own */
	char *launcher;		 /* in front of its compilers (launcher.h); NULL when not said */
	unsigned toolchain_line, sysroot_line;

	struct strv words; /* its name, its cpu, and what it says, for [SECTION:WORD]; and its
			    * choices among recipes' options (recipe_options.h) */
	char *cpu, *cflags, *ldflags; /* "" when not said */
	bool strip;		      /* what recipes do not say otherwise of */
	char *prefix;		      /* where packages go, "/usr/local" */
	char *libdir;		      /* below the prefix, "lib" */
	char *glibc;		      /* what the Pi has; NULL when not said */
	bool glibc_newer;	      /* a toolchain may have a newer one */
	bool processor_newer;	      /* its libraries may be for another processor */
	char *python;		      /* what the Pi has, "3.11"; NULL when not said */
	struct strv stage_without;    /* sub-packages that are not staged */
	unsigned stage_line;

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

/* Which board is meant when nothing says it (target.h): the only one there is, `native` aside, or
 * rpi3-aarch64. */
int board_default(const struct places *places, struct board **ret, char **why);

/* Names of all boards, sorted. 0 or -errno. */
int board_names(const struct places *places, struct strv *names);

/* The words of all boards, as [SECTION:WORD] may name them. 0 or -errno with `*why`. */
int board_words(const struct places *places, struct strv *ret, char **why);

/* Whether its cflags ask for debugging information. */
bool board_has_debug(const struct board *b);
