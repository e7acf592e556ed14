// SPDX-License-Identifier: GPL-2.0-or-later
/* places.h - where the builder finds and keeps things.
 *
 * Data that a user edits (recipes, patches, boards) comes from folders named on the command line,
 * else from the current folder, and then from where it was installed with the program
 * (searchpath.h). What the builder makes goes below $XSYSFS_HOME (default $XDG_DATA_HOME/xsysfs,
 * default
 * ~/.local/share/xsysfs).
 */
#pragma once

#include <stdbool.h>

#include "builder/base/searchpath.h"

struct places {
	char *home;
	struct searchpath recipes;
	struct searchpath patches;
	struct searchpath boards;
	char *toolchains;    /* HOME/toolchains */
	char *sources;	     /* HOME/sources: what was downloaded */
	struct strv mirrors; /* folders of archives that are looked through, never written */
	char *prefix;	     /* the folder above that of this program */
	char *data;	     /* installed with this program: recipes/, patches/, boards/ */
	char *self;	     /* this program */
	char *xsysfs;	     /* the file system's program, beside this one */
};

#define autoplaces cleanup(places_release)
void places_release(struct places *p);

/* Fill in what is not set yet (recipes, patches, boards may have folders). 0 or -errno, said. */
int places_init(struct places *p);

/* Make HOME and what is in it. 0 or -errno, said. */
int places_make(const struct places *p);

/* Put `text` into the file DIR/NAME, whole or not at all. 0 or -errno. */
int places_write(const char *dir, const char *name, const char *text);

/* The same without waiting for the disk: for a file of a work folder, which is thrown away if it
 * was not all that is wanted. */
int places_scratch(const char *dir, const char *name, const char *text);

/* DIR/NAME; the caller frees. NULL: no memory. */
char *places_join(const char *dir, const char *name);

/* Whether the path is that folder, or in it; by their letters. */
bool places_is_below(const char *path, const char *dir);
