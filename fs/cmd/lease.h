// SPDX-License-Identifier: GPL-2.0-or-later
/* lease.h - an install that a command has asked the daemon for.
 *
 * The daemon drops it when the connection closes. When the daemon itself has died and another one
 * has taken the mount over, we come back with our token and go on.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "fs/base/kv.h"

struct where;

struct lease {
	const struct where *where; /* lent */
	const char *package;	   /* lent */
	char token[33];
	int control;  /* the watcher's while there is one */
	bool is_over; /* committed, or put aside */
	int stop;     /* an eventfd that ends the watching */
	pthread_t watcher;
};

/* Begin the install that `request` describes (all but verb and token, which are added). Returns 0
 * or -errno with the daemon's `reply`; afterwards call lease_end in any case. */
int lease_begin(struct lease *lease, const struct where *where, const char *package,
		struct kv *request, struct kv *reply);

/* Come back whenever a daemon has died, in a thread, until lease_commit or lease_end. */
int lease_watch(struct lease *lease);

/* Returns 0 or -errno, with the daemon's reply. */
int lease_commit(struct lease *lease, struct kv *reply);

/* The same for an install that is put aside (install_aside). */
int lease_aside(struct lease *lease, struct kv *reply);

/* Close the connection: an install that is not committed has been dropped when this returns. */
void lease_end(struct lease *lease);
