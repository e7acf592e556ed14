// SPDX-License-Identifier: GPL-2.0-or-later
/* key.h - everything that goes into a build, as text, and its hash.
 *
 * Two builds with one key give the same files, so a package whose installed key is the one that we
 * would build is up to date. What is hashed is what was understood, not what was written: a comment
 * in a recipe is no input. The text is kept, so that a difference can be shown.
 */
#pragma once

#include "builder/board.h"
#include "builder/recipe.h"
#include "builder/toolchain.h"

#define KEY_FORMAT 2 /* raise it when the same inputs are built in another way */

struct key {
	char hex[DIGEST_HEX];
	char *text; /* one "what value" a line */
};

/* How it will be built: bits. A launcher (launcher.h) is no input, since it changes who compiles
 * and not what; but debugging information has other columns when it is of preprocessed text. */
enum key_how {
	KEY_BOXED = 1,	      /* it sees what is in the key and nothing else (box.h) */
	KEY_PREPROCESSED = 2, /* compilers are given preprocessed text */
};

void key_release(struct key *k);

/* `needs` are "NAME LAYER" of everything that the build will see, sorted: a dependency goes in by
 * what it is, not by how it came about, so one that was built again to the same bytes changes
 * nothing. `how` is of enum key_how. 0 or -errno with `*why`. */
int key_make(struct key *k, const struct recipe *recipe, const struct strv *patches,
	     const struct board *board, const struct toolchain *toolchain, const struct strv *needs,
	     unsigned how, char **why);

/* Keep the text below the folder `keys`, by the key's name, and get it back (NULL: not kept, or not
 * what it was). */
int key_store(const char *keys, const struct key *k);
char *key_recall(const char *keys, const char *hex);

/* The lines of only one of the two, as "- old" and "+ new", each behind `margin`. The caller frees;
 * NULL: no memory. */
char *key_difference(const char *old, const char *new, const char *margin);
