// SPDX-License-Identifier: GPL-2.0-or-later
/* guess.h - what can be read off a source tree for a first recipe.
 *
 * The tree is a stranger's: its files are only read, at most a mebibyte of each, never through a
 * link; nothing of it is run. What is not sure is not said but noted, for a person to decide. All
 * that goes into a recipe is one line of plain text.
 */
#pragma once

#include "builder/recipe/recipe.h"

struct searchpath;

struct guess {
	char *name, *version; /* NULL: not known */
	char *summary, *homepage;
	char *license; /* an SPDX expression */
	enum recipe_system system;
	struct strv build; /* further lines of [build] */
	struct strv needs; /* recipes without which it would not be built */
	struct strv maybe; /* recipes that it takes when they are there */
	struct strv notes; /* what a person should look at */
};

#define autoguess cleanup(guess_release)
void guess_release(struct guess *g);

/* Name and version by a URL, and the file to call it (NULL: as the URL ends). What cannot be seen
 * stays NULL. 0 or -ENOMEM. */
int guess_by_url(struct guess *g, const char *url, char **file);

/* All the rest by the tree `dir`; `recipes` has those that may be needed. What is
 * known of name and version stays. 0 or -ENOMEM. */
int guess_by_tree(struct guess *g, const char *dir, const struct searchpath *recipes);

/* ---- the parts, each in a file of its own ---- */

int guess_system(struct guess *g, const char *dir);  /* system.c */
int guess_make(struct guess *g, const char *dir);    /* make.c: what a Makefile must be told */
int guess_about(struct guess *g, const char *dir);   /* about.c: summary, homepage, version */
int guess_licence(struct guess *g, const char *dir); /* licence.c */
int guess_needs(struct guess *g, const char *dir, const struct searchpath *recipes); /* needs.c */

/* The text DIR/NAME, which the caller frees; NULL when there is none. */
char *guess_read(const char *dir, const char *name);
/* The same as licences and headers are compared: words in lower case with one blank between. */
char *guess_words(const char *text);
/* `text` as a value of a recipe: without control characters, quotes and line breaks, at most `max`
 * bytes. The caller frees. */
char *guess_value(const char *text, size_t len, size_t max);
/* Names in DIR, sorted. */
int guess_list(const char *dir, struct strv *names);

/* The SPDX expression of a licence's whole text, lent; NULL when it is not known. `*more` says that
 * there is much else in it. For texts of the GNU family "-only" or "-or-later" has to be added. */
const char *guess_licence_text(const char *text, bool *more);
