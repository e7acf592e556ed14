// SPDX-License-Identifier: GPL-2.0-or-later
/* recipe_source.h - the [source] and [source:WORD] sections of a recipe: where the release can be
 * had, and what proves that it is the release. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fs/base/digest.h"

struct ini;
struct ini_entry;

/* Exactly one of none, url, debian and git is set. */
struct recipe_source {
	char *word; /* of [source:WORD]; "" for [source] */
	bool none;  /* the package is made of what is beside its recipe, or of the toolchain */
	char *url;
	char *debian;		 /* "libffi 3.4.4-1" */
	char *git;		 /* a URL */
	char *commit;		 /* with git: 40 or 64 hex digits */
	char *file;		 /* the archive's name; NULL for debian and none */
	char *sig;		 /* URL of a detached signature; NULL: none */
	char *key;		 /* path of the keys that it may be of; with sig */
	char sha256[DIGEST_HEX]; /* "" with git and none */
	uint64_t size;		 /* of the archive, in bytes; with git the most; 0: not said */
	bool without_submodules; /* git: leave their folders empty */
	unsigned line;		 /* of what identifies it */
	unsigned sig_line;
};

void recipe_source_release(struct recipe_source *s);

/* Whether two places have the same bytes: they are one in a build's key. */
bool recipe_source_same(const struct recipe_source *a, const struct recipe_source *b);

/* Take what the section of the entry `head` says. `name` is the package's, `dir` the recipe's
 * folder. 0, or -errno with `*why` (file and line), NULL for -ENOMEM; what was taken is released by
 * the caller in any case. */
int recipe_source_take(struct recipe_source *s, const struct ini *ini, const struct ini_entry *head,
		       const char *name, const char *dir, char **why);

/* Whether it is a URL that files are fetched from; one that git may be given. */
bool recipe_source_is_url(const char *s);
bool recipe_source_is_git(const char *s);
bool recipe_source_is_commit(const char *s);

/* The last part of a URL without query; the caller frees. */
char *recipe_source_url_file(const char *url);
