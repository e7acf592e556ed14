// SPDX-License-Identifier: GPL-2.0-or-later
/* daemon.h - a worker: serves the mount that its keeper (keeper.h) has made.
 *
 * It is told what to serve by the first message on the socket DAEMON_LINK:
 *   state mountpoint options   as in struct keeper_options
 *   restarts died by-fault     how many workers there were before, and of what the last one died
 *   quiet                      "yes": say nothing once the mount answers
 * with descriptors, in this order: /dev/fuse, the memory of handover.h, the lock of the state, the
 * base, the control socket. It says
 *   verb ready                 the mount answers; outlives: yes or no
 *   verb program               path: the program that the next worker is to be
 */
#pragma once

enum {
	DAEMON_LINK = 3,
	DAEMON_FDS = 5,
	DAEMON_AGAIN = 75, /* exit status: start the next worker (EX_TEMPFAIL of sysexits.h) */
};

/* Serve until the mount is gone. Returns the exit status. */
int daemon_main(void);
