// SPDX-License-Identifier: GPL-2.0-or-later
/* key.h - everything that goes into a build, as text, and its hash.
 *
 * Two builds with one key give the same files, so a package whose installed key is the one that we
 * would build is up to date. What is hashed is what was understood, not what was written: a comment
 * in a recipe is no input. The text is kept, so that a difference can be shown.
 */
#pragma once

#include "builder/recipe/recipe.h"
#include "fs/base/digest.h"

struct toolchain;

#define KEY_FORMAT 3 /* raise it when the same inputs are built in another way */

struct key {
	char hex[DIGEST_HEX];
	char *text; /* one "what value" a line */
};

/* How it will be built: bits. A launcher (launcher.h) is no input, since it changes who compiles
 * and not what; but debugging information has other columns when it is of preprocessed text. */
enum key_how {
	KEY_BOXED = 1,	      /* it sees what is in the key and nothing else (box.h) */
	KEY_PREPROCESSED = 2, /* debugging information is of preprocessed text */
};

/* All that a build can see, and that can change what comes out of it: box/shown.h names each thing.
 * What is left out on purpose: recipe.ini itself, of which only what was understood counts, and
 * which the box does not show; who builds, on how many processors, under which kernel, and when.
 * All lent. */
struct key_inputs {
	const struct recipe *recipe;
	const struct recipe_source *source; /* the one that is used: two archives are two builds */
	const struct strv *patches;
	const struct toolchain *toolchain;
	const char *sysroot;	   /* what the mount stands on, by content */
	const struct strv *given;  /* variables and files that we make (phase_inputs) */
	const struct strv *needs;  /* "NAME LAYER" of every package that it sees, sorted: by what
				      it is, not by how it came about, so one that was built again
				      to the same bytes changes nothing */
	const struct strv *native; /* likewise, the tools that it sees */
	const struct strv *host;   /* "NAME VERSION" of the machine's programs that it calls */
	unsigned how;		   /* of enum key_how */
};

void key_release(struct key *k);

/* 0 or -errno with `*why`. */
int key_make(struct key *k, const struct key_inputs *in, char **why);

/* The key of what was begun with other inputs, or by hand, and goes on with these: nobody else's,
 * so that the next build begins anew. 0 or -errno. */
int key_of_continued(const struct key *k, struct key *ret);

/* Keep the text below the folder `keys`, by the key's name, and get it back (NULL: not kept, or not
 * what it was). */
int key_store(const char *keys, const struct key *k);
char *key_recall(const char *keys, const char *hex);

/* What is only in one of the two, each behind `margin`: lines as "- old" and "+ new", and of one
 * that is another now, which words: "~ cflags: -O2 -> -O3". The caller frees; NULL: no memory. */
char *key_difference(const char *old, const char *new, const char *margin);
