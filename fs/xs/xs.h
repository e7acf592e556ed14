// SPDX-License-Identifier: GPL-2.0-or-later
/* xs.h - one mounted xsysfs: its state, its views, and what changes them. Knows no FUSE.
 *
 * A change of the stack (commit, remove, rollback) is put on disk, then shown in the root view and
 * in staging, and then the kernel is told which names it may no longer believe; when the call
 * returns, everybody sees the new files.
 *
 * Locks: xs->changing is held across such a change and guards the state. xs->lock guards the list
 * of views, also while one is made, which looks at the roots of its layers. Both are taken before
 * any of view.h, in this order. The kernel is told without any: it takes directory locks, whose
 * holders may be waiting for an answer of ours.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "fs/view/ahead.h"
#include "fs/base/strv.h"
#include "fs/view/data.h"
#include "fs/view/node.h"
#include "fs/xs/requests.h"

struct handover;
struct inode32;
struct install;
struct install_request;
struct layer;
struct names;
struct parts;
struct state;
struct layerset;
struct mirror;
struct view;
struct view_options;

/* What the kernel is told. Called without any lock. */
struct xs_events {
	void (*entry_changed)(void *arg, uint64_t dir, const char *name);
	int (*node_changed)(void *arg, uint64_t id); /* -ENOENT: it does not know the node */
	void (*quit)(void *arg); /* end serving; may return before that is done */
	/* let that program serve; the same. -EOPNOTSUPP: nobody can take over. May be NULL */
	int (*upgrade)(void *arg, const char *program);
	void *arg;
};

/* A build view or a package view. */
struct sight {
	struct sight *next;
	struct view *view;
	struct layer *layer;
	struct install *install; /* of a build view, while it is open */
	bool claimed;		 /* under xs->lock: whose install it is has come back for it */
	bool closed;
};

struct xs {
	struct state *state;
	struct nodes nodes;
	struct files files;
	struct view *root, *staging;
	struct mirror *mirror; /* of what the root view changes, in staging */
	struct ahead ahead;    /* of who reads one file after the other */
	struct xs_events events;
	uint32_t untold; /* what the worker before ours was about to tell */
	struct requests requests;
	struct inode32 *inode32; /* for who answers the kernel; NULL: see there */

	pthread_mutex_t changing;
	pthread_mutex_t lock;
	struct sight *sights; /* under lock */
};

/* Takes over `state`, whose base is set, and `memory`, also when it fails. `memory` is NULL for
 * views of this process alone; if a worker before ours has used it, we go on where it stopped. */
int xs_new(struct state *state, struct handover *memory, struct xs **ret);
void xs_free(struct xs *xs); /* takes NULL */

/* telling.c */

/* `events` are set: from now on the kernel is told what the root view changes in staging. */
int xs_start_telling(struct xs *xs);
/* Tell the kernel what the worker before ours may have been about to tell. */
void xs_tell_again(struct xs *xs);
/* Tell of all names in those of the layers `some` that are not among `others`. */
void xs_tell_of_difference(struct xs *xs, const struct layerset *some,
			   const struct layerset *others);

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
/* See install_aside. */
int xs_aside(struct xs *xs, struct sight *sight, char **id);
void xs_abort(struct xs *xs, struct sight *sight);
/* The install with that token, which a worker before ours has begun, for the caller to go on with;
 * NULL: it has been committed. -ENOENT: neither. */
int xs_claim(struct xs *xs, const char *package, const char *token, struct sight **ret,
	     char **problem);
/* Drop those that nobody has claimed. */
void xs_abort_unclaimed(struct xs *xs);
/* He who asked for the commit has been told. */
void xs_settled(struct xs *xs, const char *package);
int xs_remove(struct xs *xs, const char *package, char **problem);
int xs_rollback(struct xs *xs, const char *package, char **problem);
int xs_restore(struct xs *xs, const char *id, char **problem);
int xs_set_parts(struct xs *xs, const char *package, const struct parts *parts, char **problem);
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
/* The options of the view that a mount shows at its root, or of staging, but for the layers below.
 */
struct view_options xs_root_options(const struct state *state);
struct view_options xs_staging_options(const struct state *state);
/* All the options of the view of an install. */
struct view_options xs_build_options(const struct state *state, const struct install *install,
				     const char *package);
/* resume.c: make the views and nodes of the worker before ours. Returns 0 or -errno. */
int xs_resume(struct xs *xs);
/* Add the view of one package, or of `local`; `number` as in view_options. Under xs->lock. */
int xs_add_package(struct xs *xs, unsigned number, struct layer *layer, const char *package,
		   struct sight **ret);
/* Close the views of packages whose layers are not committed any more, and let the kernel forget
 * them, unless somebody has something of them open. Without a lock. */
void xs_close_packages(struct xs *xs);
/* Its name is free for another. Under xs->lock. */
void xs_close_sight(struct xs *xs, struct sight *sight);
/* Free the closed views of which the kernel has forgotten all nodes. */
void xs_sweep(struct xs *xs);
