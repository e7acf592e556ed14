// SPDX-License-Identifier: GPL-2.0-or-later
/* control.h - how commands talk to the daemon: STATE/control, a unix socket (SOCK_SEQPACKET).
 *
 * A message is kv lines (kv.h). A request has "verb"; a reply has "errno" (0: done) and, when it
 * failed, "message". Only the daemon's own user and root are answered (SO_PEERCRED). An install
 * lives on the connection that began it: when that closes without a commit, it is dropped. When
 * the daemon is followed by another, it is dropped unless its owner comes back within a minute.
 *
 *   status                                     state, sysroot, mountpoint, pid, pending, and
 *                                              requests.KIND: how many of a kind (requests.h)
 *   begin package version key needs replaces token part part.1 ...
 *                                              view: the build view's name below
 *                                              .xsysfs/build; token: letters and digits
 *   resume package token                       install: pending (it is this connection's now) or
 *                                              committed
 *   commit | abort                             of that install; note, note.1, ...
 *   remove package | rollback package | gc     gone: layer ids; gone.left: how many more, if there
 *                                              is no room for all
 *   parts package part part.1 ...              other rules for it (parts.h)
 *   quit                                       after an unmount: other mount namespaces may have
 *                                              copies of the mount that keep it alive
 *   upgrade program                            that program takes the mount over
 *   base                                       comes with a descriptor of the base's root
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "fs/base/kv.h"

/* ---- the daemon's side: control_server.c ---- */

struct xs;
struct control;

/* What the server is told, and tells. All of it is lent for the life of the server. */
struct control_options {
	const char *mountpoint;
	int socket;		/* of control_listen */
	pid_t keeper;		/* see keeper.h */
	unsigned restarts;	/* how many workers there were before */
	const char *died;	/* of what the last one did; "" when there was none */
	const char *transport;	/* how requests come: "/dev/fuse" or "io_uring" */
	bool inode32;		/* numbers are short ones, see inode32.h */
	bool (*outlives)(void); /* does the mount outlive this worker? */
};

/* Make the socket, which does not block: the keeper has it, each worker in turn listens there.
 * Returns a descriptor or -errno. */
int control_listen(int state);

/* Answer, in threads of its own. */
int control_start(struct xs *xs, const struct control_options *options, struct control **ret);
/* Answer no more, and drop all installs that are under way; who calls now waits for the next
 * worker. Takes NULL. */
void control_stop(struct control *control);

/* ---- a command's side: control.c ---- */

/* Connect to the daemon of the state open as `state` (a directory). Returns a descriptor;
 * -ENOENT or -ECONNREFUSED: there is none; -EPERM: it is neither `user`'s nor root's. */
int control_connect(int state, uid_t user);

/* Send a request, wait for the reply. Returns 0, the reply's errno as a negative number, or
 * -EPROTO, -EPIPE when the daemon went away, -ETIMEDOUT when it is stopped (kill -STOP), or has not
 * said for 15 seconds what it could have said at once. `fd` may be NULL; else it gets the reply's
 * descriptor or -1. */
int control_call(int control, const struct kv *request, struct kv *reply, int *fd);

/* The same for a verb with at most one argument. */
int control_ask(int control, const char *verb, const char *key, const char *value, struct kv *reply,
		int *fd);

/* The process that has made the socket; 0: not of this pid namespace. */
pid_t control_keeper(int control);
/* The daemon's process that is stopped, so that nothing is answered; 0: none, or it is not of this
 * pid namespace. */
pid_t control_stopped(int control);

/* All values of the reply's keys `key`, `key`.1, `key`.2, ... */
int control_list(const struct kv *reply, const char *key, struct strv *ret);
