// SPDX-License-Identifier: GPL-2.0-or-later
/* recipetext.h - a recipe as it was written, to change some words of it and leave every other byte
 * as it is: comments, blanks, the order. */
#pragma once

#include "builder/base/ini.h"

struct recipetext {
	struct ini ini; /* what is in which line */
	char *old;	/* the whole text */
	struct strv lines;
	bool *changed; /* of each line */
};

#define autorecipetext cleanup(recipetext_release)
void recipetext_release(struct recipetext *t);

/* 0 or -errno with `*why`. */
int recipetext_load(struct recipetext *t, const char *path, char **why);

/* Put `to` in the place of `from` in the value of a key, wherever it stands there. 0 or -ENOMEM. */
int recipetext_put(struct recipetext *t, const struct ini_entry *e, const char *from,
		   const char *to);

/* The value of a key brought from one version to another, as recipetext_bump does. */
int recipetext_bump_value(struct recipetext *t, const struct ini_entry *e, const char *from,
			  const char *to);

/* Put the line "KEY = VALUE" behind that of `e`. 0 or -ENOMEM. */
int recipetext_add(struct recipetext *t, const struct ini_entry *e, const char *key,
		   const char *value);

/* Take out the section with this head, and the comment right above it. */
void recipetext_drop(struct recipetext *t, const struct ini_entry *head);

/* The text as it is now; the caller frees. NULL: no memory. */
char *recipetext_join(const struct recipetext *t);

/* A URL or a file name with version `to` where it has version `from`: whole ("1.2.3", also written
 * 1_2_3 and 1-2-3), and as a folder of its first two parts ("/1.2/"). The host stays. The caller
 * frees. NULL: no memory. */
char *recipetext_bump(const char *text, const char *from, const char *to);

/* Whether the version stands in it. */
bool recipetext_names(const char *text, const char *version);
