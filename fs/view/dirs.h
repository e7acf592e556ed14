// SPDX-License-Identifier: GPL-2.0-or-later
/* dirs.h - open descriptors of directories, in each layer that has them.
 *
 * By path a look-up walks from the layer's root and opens what it finds; relative to its directory
 * it is one statx(2). So a directory that names are looked up in keeps a descriptor for each layer
 * that was asked, until the layers that it is made of change. When there are too many, those of the
 * directory that was unused for longest are closed.
 *
 * An upper's directory stays the same file through all renames, its descriptor too. A view whose
 * upper another view writes to keeps none: directories may come and go there behind its back.
 *
 * Locks: dirs->lock, as innermost as files->lock (view.h); a descriptor that somebody has is not
 * closed.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct files;
struct layerset;
struct node;
struct view;

struct dirs {
	pthread_mutex_t lock;
	struct dirset *newest, *oldest; /* under lock */
	size_t n, max;			/* descriptors; n under lock */
};

/* The descriptors of one directory: the upper's, one for each layer below, and that of the layer
 * whose files do not show. */
struct dirset;

void dirs_init(struct dirs *dirs, size_t max);
void dirs_release(struct dirs *dirs);

/* Under view->lock: what `dir`, made of `below`, has; for the caller to put. NULL: no memory. */
struct dirset *dirset_get(struct node *dir, struct layerset *below);
void dirset_put(struct dirset *set); /* takes NULL */

enum {
	DIRSET_UPPER = -1,
	DIRSET_HIDE = -2, /* view->hide; that it has none is remembered: it never changes */
};

/* An O_PATH descriptor of the directory in the upper or in layer `i` of those below, lent until the
 * set is put. -ENOENT and so on where that layer has none. */
int dirset_fd(struct dirset *set, int i);

/* Close the directory that was unused for longest. Returns false: there is none. */
bool dirs_shrink(struct dirs *dirs);
void dirs_drop_view(struct dirs *dirs, const struct view *view);
/* Called for a node that is being freed. */
void dirs_drop(struct node *dir);
