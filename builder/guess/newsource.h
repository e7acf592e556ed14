// SPDX-License-Identifier: GPL-2.0-or-later
/* newsource.h - a source that no recipe has yet: what came is hashed, and put where a build will
 * find it. */
#pragma once

#include "builder/source/source.h"

struct newsource {
	char *path;		 /* of the archive, on the shelf */
	char *file;		 /* its name */
	char sha256[DIGEST_HEX]; /* of it; with git, of no use in a recipe */
	uint64_t size;		 /* 0 with git */
};

#define autonewsource cleanup(newsource_release)
void newsource_release(struct newsource *s);

/* Download `url` as the file `file`; `scratch` is a folder for the meantime. 0 or -errno with
 * `*why`. */
int newsource_fetch(struct newsource *s, struct source_ways *w, const char *url, const char *file,
		    const char *scratch, char **why);

/* The commit of a repository, for a package of this name. */
int newsource_git(struct newsource *s, const struct source_ways *w, const char *url,
		  const char *commit, bool without_submodules, const char *name, char **why);

/* Fetch a signature into `scratch` and check it, by the keys in the file `key`; a good one is put
 * beside the archive. */
int newsource_check(const struct newsource *s, struct source_ways *w, const char *sig,
		    const char *key, const char *scratch, char **why);
