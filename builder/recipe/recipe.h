// SPDX-License-Identifier: GPL-2.0-or-later
/* recipe.h - what a package is made from and how; recipes/README.md tells a user the same. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "builder/base/limits.h"
#include "builder/recipe/fixup_rules.h"
#include "builder/recipe/recipe_source.h"
#include "fs/base/strv.h"

#define RECIPE_FILE "recipe.ini"

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
	bool is_native; /* read for the board `native`, in a set that is for another */
	char *node;	/* in messages and graphs: its name, "native:NAME" when it is that */
	char *dir;	/* recipes/NAME */
	char *path;	/* recipes/NAME/recipe.ini */
	char *summary, *license, *homepage; /* NULL when not said */
	struct strv needs;
	unsigned needs_line;
	struct strv native; /* packages of the board `native` that its build calls */
	unsigned native_line;
	struct strv host; /* programs of the machine that its build calls, besides its system's */
	struct strv host_least; /* beside it, how new each has to be, "" when not said */
	unsigned host_line;
	struct strv replaces;
	struct recipe_source *sources;
	size_t n_sources;

	enum recipe_system system;
	bool in_tree;
	bool autoreconf; /* its configure is made first */
	char *subdir; /* where in the archive the project's build system lies; NULL: at its top */
	unsigned subdir_line;
	char *options[PHASE_COUNT]; /* shell words behind the phase's usual command; "" for none */
	char *command[PHASE_COUNT]; /* in place of the usual command; NULL for that */
	char *script[PHASE_COUNT];  /* path of configure.sh, build.sh, install.sh; NULL when none */
	struct strv cache;	    /* "ac_cv_x=y" */
	struct strv env;	    /* "NAME=value", "NAME+=value" behind what is there */
	struct limits limits;	    /* of what its build may take */
	bool fixups[FIXUP_COUNT];   /* which rules are on */
	bool says_strip;	    /* it says so of FIXUP_STRIP, whatever its board says */
	struct strv other_machine;  /* patterns of files that may be for another machine */

	/* what its files are, and whether they are staged: subpackages.h */
	struct strv parts;     /* "NAME PATTERN", as written */
	struct strv leave_out; /* patterns */
	struct strv without;   /* names */
	bool says_without;     /* even if it says none */

	struct strv chosen; /* "OPTION=yes" or "OPTION=no" of each of its options */
};

void recipe_free(struct recipe *r);

/* The variables that values in [env] may name, NULL-terminated. */
extern const char *const recipe_variables[];

/* What `at`, a '$' in such a value, begins: how long it is, and in it the name ("" for "$$"). 0: it
 * is a dollar and nothing more. */
size_t recipe_variable(const char *at, const char **name, size_t *len);

/* Its patterns for files of other machines, from the root on, with blanks between them; the caller
 * frees. NULL: no memory. */
char *recipe_other_machine(const struct recipe *r, const char *prefix);

/* The sub-packages that a package has without saying so (subpackages.h), NULL behind the last. */
extern const char *const recipe_usual_parts[];

/* The names of its sub-packages, those included. 0 or -ENOMEM. */
int recipe_part_names(const struct recipe *recipe, struct strv *ret);

/* Read RECIPES/NAME/recipe.ini, with what it has in [SECTION:WORD] for those of `words` (of a
 * board; NULL: none). 0, or -errno with `*why` (file and line); -ENOENT: no such recipe.
 */
int recipe_load(const char *recipes, const char *name, const struct strv *words,
		struct recipe **ret, char **why);
