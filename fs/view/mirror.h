// SPDX-License-Identifier: GPL-2.0-or-later
/* mirror.h - what a change in one view makes old in another one that shows the same upper.
 *
 * Staging shows `local`, to which the root view writes, and the kernel keeps for ever what it has
 * been told of staging. So who changes something through the root view says so here. What the other
 * view's directories know is old from then on (view->generation), and a thread tells the kernel,
 * which somebody who serves a request must not: the kernel takes the lock of a directory, and who
 * holds that may be waiting for the one of the directory that our request is about.
 *
 * For the same reason the reply to a change waits until it has been told, but not for ever: who has
 * both locks is let go after a moment, and the kernel is told right after.
 *
 * Nothing is told of what the kernel does not know: of files that have no node in the other view,
 * and of names in a directory that has none. A look-up that is under way meanwhile may still answer
 * what was true before: its answer is not kept when view->changes has gone on, see ops_entry.
 *
 * Locks: mirror->lock guards the queue; nothing is done under it, and nothing taken.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct layer;
struct node;
struct view;

/* What the kernel may have kept: a name in a directory, or (name NULL) a node. */
struct mirror_job {
	struct mirror_job *next;
	uint64_t id;
	char *name;
};

/* Called by the thread, without any lock. */
struct mirror_teller {
	void (*tell)(void *arg, const struct mirror_job *job);
	void (*tell_all)(void *arg); /* nobody knows of what */
	void *arg;
};

struct mirror {
	struct view *view; /* the other one */
	struct mirror_teller teller;
	bool serving; /* atomic: there is a kernel to tell, and the thread runs */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more, told;
	/* under lock */
	struct mirror_job *first, **last;
	uint64_t n_pushed, n_told; /* jobs, atomic */
	bool all;		   /* tell of everything: of some job nothing could be kept */
	bool stopping;
	unsigned waiting; /* replies */
};

/* NULL: no memory. */
struct mirror *mirror_new(struct view *view);
void mirror_free(struct mirror *mirror); /* takes NULL */

/* Start and stop the thread; all that is queued is told before that returns. */
int mirror_serve(struct mirror *mirror, const struct mirror_teller *teller);
void mirror_stop(struct mirror *mirror);

/* In the directory `dir` of the view that was changed, `name` is not what it was. Under that view's
 * lock. Takes NULL for a view without a mirror, as the next ones do. */
void mirror_name(struct mirror *mirror, struct node *dir, const char *name);
/* The directory is in the upper now, too: it stays what it is, or shows for the first time. */
void mirror_dir(struct mirror *mirror, struct node *dir);
/* Attributes or contents of the node are not what they were; or those of all names of this file. */
void mirror_node(struct mirror *mirror, struct node *node);
void mirror_file(struct mirror *mirror, const struct layer *layer, ino_t real);
/* A worker before ours may have changed anything, and told nobody. */
void mirror_all(struct mirror *mirror);

/* Before a reply, with no lock held: wait until what this thread has changed is told. */
void mirror_settle(struct mirror *mirror);
/* This thread does again what may be done already, and not told. */
void mirror_was_changed(void);
