// SPDX-License-Identifier: GPL-2.0-or-later
/* daemon.h - serve a mount until it is unmounted. */
#pragma once

#include <stdbool.h>

struct state;

struct daemon_options {
	const char *mountpoint; /* absolute */
	const char *options;	/* of -o: allow_other,suid,dev,ro,...; NULL for none */
	int ready;		/* gets a byte as soon as the mount answers; -1: nobody waits */
	int quiet;		/* becomes stdout and stderr from then on; -1: they stay */
};

/* Mount and serve. Takes over `state`, whose base is set. Returns 0 when the mount has been taken
 * down, -EIO when it could not be mounted (libfuse has said why). */
int daemon_run(struct state *state, const struct daemon_options *options);
