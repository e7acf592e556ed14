// SPDX-License-Identifier: GPL-2.0-or-later
/* searchpath.h - the folders in which recipes, patches or boards are looked for.
 *
 * The user's own come first: those of the command line in their order, else that of the current
 * folder, where there is one. Behind them is the one that `make install` filled, which is never
 * written. What a folder has hides what the ones behind it have of the same name.
 */
#pragma once

#include <stdbool.h>

#include "fs/base/strv.h"

struct searchpath {
	struct strv dirs;
	size_t n_own; /* as many of them are the user's */
};

void searchpath_release(struct searchpath *p);

/* One more of the user's own folders. 0 or -ENOMEM. */
int searchpath_add(struct searchpath *p, const char *dir);

/* The rest: `here`, when nothing was added and it is a folder, and `installed`, which is nobody's
 * own although it was added. 0 or -ENOMEM. */
int searchpath_finish(struct searchpath *p, const char *here, const char *installed);

/* The first folder in which there is a file or folder NAME, or NAME/FILE unless `file` is NULL;
 * lent. NULL: none has it. */
const char *searchpath_find(const struct searchpath *p, const char *name, const char *file);

/* The folder behind `dir` which has it too, and is hidden. NULL: none. */
const char *searchpath_hidden(const struct searchpath *p, const char *dir, const char *name,
			      const char *file);

/* Are they one folder? */
bool searchpath_is_same(const char *a, const char *b);

bool searchpath_is_own(const struct searchpath *p, const char *dir);

/* For "all of them": as many folders as are the user's own, or all when none is. */
size_t searchpath_some(const struct searchpath *p);

/* "'a', 'b'", for messages; the caller frees. NULL: no memory. */
char *searchpath_said(const struct searchpath *p);
