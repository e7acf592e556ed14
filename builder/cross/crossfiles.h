// SPDX-License-Identifier: GPL-2.0-or-later
/* crossfiles.h - how a compiler finds what is on a mount: said once, for all who have to be told.
 *
 * The same texts serve the phases inside the box and a user's own program outside of it; only the
 * paths differ. Whatever a path or a flag of a board has in it, it stays one word there: each text
 * is quoted by the rules of who reads it.
 *
 * Each function returns a text that the caller frees, or NULL without memory.
 */
#pragma once

#include "builder/target/target.h"

struct cross {
	const struct target *target;
	const char *tools;    /* the toolchain's folder, as it is seen */
	const char *bin;      /* the folder of compilers.h, as it is seen */
	const char *launcher; /* the folder of a launcher's links, as it is seen; NULL for none */
	const char *sysroot;  /* the mount, as it is seen */
	const char *extra;    /* more words for C compilers, as a shell reads them; NULL for none */
	const char *emulator; /* a program that runs the target's programs here; NULL for none */
	const char *host_paths; /* where compilers note that they were to look into the folders of
				   the machine that builds, which they refuse; NULL: they may */
};

/* Tells pkgconf to put the sysroot in front of folders of headers and libraries only, as
 * freedesktop's pkg-config does: a variable that says where to install would have it twice, once by
 * DESTDIR. */
#define CROSS_PC_RULES "PKG_CONFIG_FDO_SYSROOT_RULES"

/* "gcc" and the like, as variables have them: { "AR", "ar" }. Ends with NULL. */
extern const char *const cross_tools[][2];

/* What compilers know the sysroot by; native ones take its path as any other. */
const char *cross_root(const struct cross *c);

/* The words that compilers want, beside --sysroot, to find what is on the mount, and those that
 * their linker wants. 0 or -ENOMEM. */
int cross_search_words(const struct cross *c, struct strv *words);
int cross_link_words(const struct cross *c, struct strv *words);

/* The variables that phases and a user's own program both find: "NAME=value" each. 0 or -ENOMEM. */
int cross_variables(const struct cross *c, struct strv *env);

/* Where .pc files are, the nearest first. 0 or -ENOMEM. */
int cross_pc_folders(const struct cross *c, struct strv *folders);

char *cross_cmake(const struct cross *c);      /* cmake-toolchains(7) */
char *cross_meson(const struct cross *c);      /* a cross file */
char *cross_pkgconf(const struct cross *c);    /* pkgconf-personality(5) */
char *cross_pkg_config(const struct cross *c); /* pkg-config as a script of its own */
