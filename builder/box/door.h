// SPDX-License-Identifier: GPL-2.0-or-later
/* door.h - the one way out of a closed box: to servers that were named before, and to nobody else.
 *
 * A folder has a socket for each server, named as the server. Whoever connects to one is connected
 * to that server by TCP, by a process of ours outside of the box, which ends with the builder.
 */
#pragma once

#include "builder/base/child.h"
#include "fs/base/strv.h"

#define DOOR_NAME_MAX 64

struct door {
	char *dir; /* the folder of sockets; NULL: there is no door */
	struct child child;
};

/* Open one below the folder `dir`: `servers` are "NAME HOST PORT" each. 0, or -errno with `*why`.
 */
int door_open(struct door *d, const char *dir, const struct strv *servers, char **why);
void door_close(struct door *d);

/* What runs inside: connect to the socket at `path`, and be what is behind it: our stdin goes
 * there, what comes from there goes to our stdout. Returns when there comes no more: 0, or -errno.
 */
int door_pass(const char *path);
