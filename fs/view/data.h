// SPDX-License-Identifier: GPL-2.0-or-later
/* data.h - open descriptors of files' contents.
 *
 * The kernel does not tell us of opens (FUSE_NO_OPEN_SUPPORT), so reads and writes come by node and
 * find their descriptor here. Idle ones are closed, the longest unused first, when there are too
 * many. A node that has been unlinked keeps its descriptor: that is all there is of it.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "fs/view/dirs.h"

struct node;
struct view;

struct file {
	int fd;
	bool writable;
	struct files *files;
	/* under files->lock */
	bool pinned; /* of an unlinked node: not to be closed while the node lives */
	unsigned users;
	struct node *node; /* NULL: somebody took its place; goes with its last user */
	struct file *newer, *older;
};

struct files {
	pthread_mutex_t lock;
	struct file *newest, *oldest;
	size_t n, max;
	struct dirs dirs; /* directories' descriptors go with them: see dirs.h */
};

void files_init(struct files *files, size_t max);
void files_release(struct files *files);

/* The node's descriptor if it has one (writable, if asked so), else NULL. */
struct file *data_get(struct files *files, struct node *node, bool write);

/* Let the node have `fd`, which is ours from now on (closed on failure); for the caller, as
 * data_get. Unless `still(node, arg)` holds once nobody can interfere: -EAGAIN.
 * If the node has become an unlinked one meanwhile, its descriptor stays and is given instead;
 * -ENOENT when that cannot be written to. */
int data_put(struct files *files, struct node *node, int fd, bool writable, bool pinned,
	     bool (*still)(const struct node *node, const void *arg), const void *arg,
	     struct file **ret);
void data_close(struct file *file); /* takes NULL */

/* The node's contents are elsewhere now: let go of its descriptor. */
void data_forget(struct files *files, struct node *node);

/* Close the longest unused descriptors, else directories'; false: there is none. For when there are
 * too many. */
bool files_shrink(struct files *files);

/* Close the descriptors of all nodes of that view: its files are gone, and so shall be their space.
 */
void files_drop_view(struct files *files, const struct view *view);

/* Called for a node that is being freed. */
void data_drop(struct node *node);
