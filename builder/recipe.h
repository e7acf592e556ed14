// SPDX-License-Identifier: GPL-2.0-or-later
/* recipe.h - what a package is made from and how; recipes/README.md tells a user the same. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "builder/fixup.h"
#include "builder/recipe_source.h"
#include "fs/base/strv.h"

enum recipe_system {
	RECIPE_AUTOTOOLS,
	RECIPE_CMAKE,
	RECIPE_MESON,
	RECIPE_MAKE,
	RECIPE_PYTHON,
	RECIPE_SCRIPT,
	RECIPE_SYSTEMS
};

enum recipe_phase { PHASE_CONFIGURE, PHASE_MAKE, PHASE_INSTALL, PHASE_COUNT };
extern const char *const recipe_phase_names[PHASE_COUNT];

struct recipe {
	char *name, *version;
	char *dir;			    /* recipes/NAME */
	char *path;			    /* recipes/NAME/recipe.ini */
	char *summary, *license, *homepage; /* NULL when not said */
	struct strv needs;
	unsigned needs_line;
	struct strv replaces;
	struct recipe_source *sources;
	size_t n_sources;

	enum recipe_system system;
	bool in_tree;
	char *options[PHASE_COUNT]; /* shell words behind the phase's usual command; "" for none */
	char *command[PHASE_COUNT]; /* in place of the usual command; NULL for that */
	char *script[PHASE_COUNT];  /* path of configure.sh, build.sh, install.sh; NULL when none */
	struct strv cache;	    /* "ac_cv_x=y" */
	struct strv env;	    /* "NAME=value" */
	bool fixups[FIXUP_COUNT];   /* which rules are on */

	/* what its files are, and whether they are staged: subpackages.h */
	struct strv parts;     /* "NAME PATTERN", as written */
	struct strv leave_out; /* patterns */
	struct strv without;   /* names */
	bool says_without;     /* even if it says none */
};

void recipe_free(struct recipe *r);

/* Read RECIPES/NAME/recipe.ini, with what it has in [SECTION:WORD] for those of `words` (of a
 * board; NULL: none). 0, or -errno with `*why` (file and line); -ENOENT: no such recipe.
 */
int recipe_load(const char *recipes, const char *name, const struct strv *words,
		struct recipe **ret, char **why);
