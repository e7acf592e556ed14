// SPDX-License-Identifier: GPL-2.0-or-later
/* crossfiles.h - what other build systems have to be told of a toolchain and a sysroot.
 *
 * The same texts serve the phases inside the box and a user's own program outside of it; only the
 * paths differ. Whatever a path or a flag of a board has in it, it stays one word there: each text
 * is quoted by the rules of who reads it.
 *
 * Each function returns a text that the caller frees, or NULL without memory.
 */
#pragma once

#include "builder/board.h"
#include "builder/toolchain.h"

struct cross {
	const struct board *board;
	const struct toolchain *toolchain;
	const char *tools;    /* the toolchain's folder, as it is seen */
	const char *launcher; /* a program in front of the compilers; NULL for none */
	const char *sysroot;  /* the mount, as it is seen */
	const char *extra;    /* more words for compilers; NULL for none */
	const char *emulator; /* a program that runs the target's programs here; NULL for none */
};

/* "gcc" and the like, as variables have them: { "AR", "ar" }. Ends with NULL. */
extern const char *const cross_tools[][2];

/* The words that compilers want to find what is on the mount, and linkers. 0 or -ENOMEM. */
int cross_compile_words(const struct cross *c, struct strv *words);
int cross_link_words(const struct cross *c, struct strv *words);

/* Where .pc files are, the nearest first. 0 or -ENOMEM. */
int cross_pc_folders(const struct cross *c, struct strv *folders);

char *cross_cmake(const struct cross *c);      /* cmake-toolchains(7) */
char *cross_meson(const struct cross *c);      /* a cross file */
char *cross_pkgconf(const struct cross *c);    /* pkgconf-personality(5) */
char *cross_pkg_config(const struct cross *c); /* pkg-config as a script of its own */
