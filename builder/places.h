// SPDX-License-Identifier: GPL-2.0-or-later
/* places.h - where the builder finds and keeps things.
 *
 * Data that a user edits (recipes, patches, boards) comes from a folder named on the command line,
 * else from the current folder, else from where `make install` put it. What the builder makes goes
 * below $XSYSFS_HOME (default $XDG_DATA_HOME/xsysfs, default ~/.local/share/xsysfs).
 */
#pragma once

#include "fs/base/strv.h"

struct places {
	char *home;
	char *recipes;
	char *patches;
	char *boards;
	char *toolchains;    /* HOME/toolchains */
	char *sources;	     /* HOME/sources: what was downloaded */
	struct strv mirrors; /* folders of archives that are looked through, never written */
	char *self;	     /* this program */
	char *xsysfs;	     /* the file system's program, beside this one */
};

#define autoplaces cleanup(places_release)
void places_release(struct places *p);

/* Fill in what is not set yet (recipes, patches, boards may be). Makes HOME. 0 or -errno, said. */
int places_init(struct places *p);

/* Put `text` into the file DIR/NAME, whole or not at all. 0 or -errno. */
int places_write(const char *dir, const char *name, const char *text);

/* The same without waiting for the disk: for a file of a work folder, which is thrown away if it
 * was not all that is wanted. */
int places_scratch(const char *dir, const char *name, const char *text);

/* DIR/NAME; the caller frees. NULL: no memory. */
char *places_join(const char *dir, const char *name);
