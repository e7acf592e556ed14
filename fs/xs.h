// SPDX-License-Identifier: GPL-2.0-or-later
/* xs.h - one mounted xsysfs: its state, its views, and what changes them. Knows no FUSE.
 *
 * A change of the stack (commit, remove, rollback) is put on disk, then shown in the root view and
 * in staging, and then the kernel is told which names it may no longer believe; when the call
 * returns, everybody sees the new files.
 *
 * Locks: xs->changing is held across such a change and guards the state. xs->lock guards the list
 * of views, for a few instructions. Both are taken before any of view.h, in this order. The kernel
 * is told without any: it takes directory locks, whose holders may be waiting for an answer of
 * ours.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "fs/base/strv.h"
#include "fs/data.h"
#include "fs/node.h"
#include "fs/requests.h"

struct install;
struct install_request;
struct layer;
struct names;
struct state;
struct layerset;
struct view;
struct view_options;

/* What the kernel is told. Called without any lock. */
struct xs_events {
	void (*entry_changed)(void *arg, uint64_t dir, const char *name);
	void (*node_changed)(void *arg, uint64_t id);
	void (*quit)(void *arg); /* end serving; may return before that is done */
	void *arg;
};

/* A build view or a package view. */
struct sight {
	struct sight *next;
	struct view *view;
	struct layer *layer;
	struct install *install; /* of a build view, while it is open */
	bool closed;
};

struct xs {
	struct state *state;
	struct nodes nodes;
	struct files files;
	struct view *root, *staging;
	struct xs_events events;
	struct requests requests;

	pthread_mutex_t changing;
	pthread_mutex_t lock;
	struct sight *sights; /* under lock */
};

/* Takes over `state`, whose base is set, also when it fails. */
int xs_new(struct state *state, struct xs **ret);
void xs_free(struct xs *xs); /* takes NULL */

/* virtual.c */

/* Look up in .xsysfs and below, or .xsysfs itself in the root; -ENOENT for what is not there. */
bool xs_is_virtual(const struct xs *xs, const struct node *dir, const char *name);
int xs_lookup_virtual(struct xs *xs, struct node *dir, const char *name, struct node **ret,
		      struct stat *st);
/* The names in a virtual directory. */
int xs_list_virtual(struct xs *xs, const struct node *dir, struct names **ret);

/* An install, and the same for the committed layers. `problem` as in state.h. */
int xs_begin(struct xs *xs, const struct install_request *request, struct sight **ret,
	     char **problem);
int xs_commit(struct xs *xs, struct sight *sight, struct strv *problems, struct strv *notes);
void xs_abort(struct xs *xs, struct sight *sight);
int xs_remove(struct xs *xs, const char *package, char **problem);
int xs_rollback(struct xs *xs, const char *package, char **problem);
/* Layers of which somebody may have a file open, or that a build reads, stay for the next time. */
int xs_gc(struct xs *xs, struct strv *gone);

/* The packages whose installs are under way. */
int xs_pending(struct xs *xs, struct strv *ret);

/* ---- for virtual.c ---- */

/* The committed layers as they show now, with a reference. Unlike the state's own list it can be
 * had while something is being committed. */
struct layerset *xs_committed(struct xs *xs);
/* Add a view of that layer. Under xs->lock. */
int xs_add_sight(struct xs *xs, const struct view_options *options, struct layer *layer,
		 struct sight **ret);
/* Free the closed views of which the kernel has forgotten all nodes. */
void xs_sweep(struct xs *xs);
