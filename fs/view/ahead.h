// SPDX-License-Identifier: GPL-2.0-or-later
/* ahead.h - small files that are about to be read, given to the kernel before it asks.
 *
 * Who copies a tree reads one small file after the other, and each is a READ: two processes that
 * wait for each other, for a page. So when the files of a directory are read in the order of their
 * names (rsync's), a thread puts the next ones into the kernel's cache, twice as many each time.
 * What is read there is not asked for, and the kernel does not forget its access time.
 *
 * Only files of committed layers are given, through views that nothing is written by: their bytes
 * never change, so that what comes late is still right.
 *
 * Giving waits for the page's lock, which the kernel holds until its own READ of it is answered. So
 * it is done without any lock, and the thread is stopped while requests are still answered.
 *
 * Locks: ahead->lock guards what the thread is asked; nothing is done under it.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/base/strv.h"

struct node;
struct nodes;

/* Called by the thread, without any lock. */
typedef void (*ahead_give_fn)(void *arg, uint64_t id, const void *mem, size_t size);

struct ahead {
	struct nodes *nodes;
	ahead_give_fn give;
	void *arg;
	bool serving; /* atomic: the thread runs */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	uint64_t read; /* under lock: what was read last; 0: nothing new */
	bool stopping; /* under lock */

	/* the thread's own: who reads is in this directory, and expected to go on with one of the
	 * files from `next` to `given`, the first that it has not been given */
	uint64_t dir;
	struct strv files;
	size_t next, given;
	size_t window; /* how many files he is given at once; 0: he reads here and there */
	char *buf;
};

void ahead_init(struct ahead *ahead, struct nodes *nodes);
void ahead_release(struct ahead *ahead);

/* Start and stop the thread. */
int ahead_serve(struct ahead *ahead, ahead_give_fn give, void *arg);
void ahead_stop(struct ahead *ahead);

/* Somebody has read all of this file, and has been answered. */
void ahead_read(struct ahead *ahead, struct node *node);

/* What the thread does then; for tests. */
void ahead_go_on(struct ahead *ahead, struct node *node);
