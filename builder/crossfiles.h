// SPDX-License-Identifier: GPL-2.0-or-later
/* crossfiles.h - what other build systems have to be told of a toolchain and a sysroot.
 *
 * The same texts serve the phases inside the box and a user's own program outside of it; only the
 * paths differ.
 */
#pragma once

#include "builder/board.h"
#include "builder/toolchain.h"

struct cross {
	const struct board *board;
	const struct toolchain *toolchain;
	const char *tools;   /* the toolchain's folder, as it is seen */
	const char *sysroot; /* the mount, as it is seen */
	const char *extra;   /* more words for compilers, "" for none */
};

/* Each returns a text that the caller frees, or NULL without memory. */
char *cross_cmake(const struct cross *c);   /* cmake-toolchains(7) */
char *cross_meson(const struct cross *c);   /* a cross file */
char *cross_pkgconf(const struct cross *c); /* pkgconf-personality(5) */
char *cross_shell(const struct cross *c);   /* lines for sh to eval */
/* A kit for VS Code's CMake Tools, with that toolchain file. */
char *cross_kit(const struct cross *c, const char *toolchain_file);
