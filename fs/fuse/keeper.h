// SPDX-License-Identifier: GPL-2.0-or-later
/* keeper.h - the small process that mounts, and keeps the mount when its worker dies.
 *
 * The kernel ends a FUSE mount when the last descriptor of its connection is closed. The keeper has
 * one, answers no request itself, and starts a worker (daemon.h) that does. When a worker dies, by
 * a signal or a fault, the keeper starts the next one with the same descriptor; the nodes are in
 * memory that both have (handover.h), and the kernel sends what was under way once more
 * (FUSE_NOTIFY_RESEND, Linux 6.9). Programs that use the mount only wait for a moment.
 *
 * Where the kernel cannot, a worker that dies takes the mount with it, as with any other FUSE file
 * system: the mount point then answers ENOTCONN until `xsysfs umount`.
 *
 * Another program may be the next worker (xsysfs upgrade). If it ends, or does not serve after ten
 * seconds, the one that has mounted goes on.
 * What both may do, and why, is in privileges.h.
 *
 * Keeper and worker speak by message.h over a socket: see keeper.c.
 */
#pragma once

struct state;

struct keeper_options {
	const char *mountpoint; /* absolute */
	const char *options;	/* of -o: allow_other,suid,dev,ro,...; NULL for none */
	int ready;		/* gets a byte as soon as the mount answers; -1: nobody waits */
	int quiet;		/* becomes stdout and stderr from then on; -1: they stay */
};

/* Mount, and keep it until it is taken down. Takes over `state`, which is open for change and whose
 * base is set. Returns 0 at the end, -EIO when it could not be mounted or served: what was wrong
 * has been said. */
int keeper_run(struct state *state, const struct keeper_options *options);
