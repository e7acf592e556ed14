// SPDX-License-Identifier: GPL-2.0-or-later
/* toolchain_ask.h - what a compiler says of itself.
 *
 * It is a stranger's program, and is asked in a box that shows it the toolchain and a sysroot, both
 * to read, and no home and no network; where the machine has no box (box.h), outside of one, which
 * is said. Answers are kept in HOME/asked, as long as what they depend on is the same; not where
 * one names a file outside of the toolchain.
 */
#pragma once

#include "fs/base/strv.h"

/* A question of ours: the values of what counts of the macros that it begins with, "NAME VALUE "
 * for each. All others are options that it answers. */
#define TOOLCHAIN_MACROS "macros"

/* Another: an empty object file, in hex. */
#define TOOLCHAIN_OBJECT "object"

struct toolchain_asked {
	const char *home;    /* where answers are kept */
	const char *cc;	     /* below `tree` */
	const char *tree;    /* the toolchain's folder */
	const char *sysroot; /* NULL: the compiler's own */
	const char *flags;   /* it is asked with these, as a shell splits them; NULL: with none */
	const char *about;   /* the answers depend on this, one line; NULL: they are not kept */
};

/* The answers to `n` questions, in their order, each without its last line breaks. A question that
 * fails is -EINVAL with `*why`; else 0 or -errno with `*why`. */
int toolchain_ask(const struct toolchain_asked *a, const char *const *questions, size_t n,
		  struct strv *answers, char **why);
