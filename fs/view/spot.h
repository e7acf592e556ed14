// SPDX-License-Identifier: GPL-2.0-or-later
/* spot.h - one name of a file in a view, and the others that its layer has for it.
 *
 * The names of a hard-link group need not all show: a layer above may have put something else
 * there. A copy of the file gets those that do, or none.
 *
 * All under view->lock. Functions return 0 or -errno, but for what is said.
 */
#pragma once

#include <stddef.h>
#include <sys/stat.h>

#include "fs/view/inside.h"

struct spot {
	struct node *dir; /* with a reference */
	char *name;
};

void spot_release(struct spot *spot);
#define autospot cleanup(spot_release)

/* A copy-up changes no times of a directory that one sees: first hold those that it has, in the
 * upper by the descriptor `fd` (O_PATH will do), then change its names, then let go of them with
 * what was held. Nobody else changes the directory in between. When holding fails there is nothing
 * to let go of. */
int spot_hold_times(struct node *dir, int fd, struct stat *held);
void spot_keep_times(struct node *dir, int fd, const struct stat *held);

/* Is it this file of a lower layer that shows there? 1, 0 or -errno; `found` says what does, and is
 * to be released. */
int spot_shows(const struct spot *spot, const struct layer *lower, ino_t real, struct found *found);

/* Call `f` with each name of `path`'s file in its layer that shows in the view, but for `path`
 * itself, until it returns other than 0; returns that. */
int spot_for_others(struct view *view, struct layer *lower, const char *path, ino_t real,
		    int (*f)(const struct spot *spot, void *arg), void *arg);

/* A copy in the upper, and the names that it has been given besides its own. */
struct links {
	struct view *view;
	int dir; /* where the copy is, and its name there */
	const char *name;
	/* out */
	struct spot *made;
	size_t n;
};

/* Give it all names that show of `path`'s file in `lower`, whose stat is `st`. When that fails, or
 * what comes after it, links_undo takes them away again: half of a group would be one number with
 * two contents. */
int links_make(struct links *links, struct layer *lower, const char *path, const struct stat *st);
void links_undo(struct links *links);
void links_release(struct links *links);
#define autolinks cleanup(links_release)
