// SPDX-License-Identifier: GPL-2.0-or-later
/* jobserver.h - a pool of job tokens shared with every make below us.
 *
 * A pipe with one byte a token, as GNU make has it (info make, "POSIX Jobserver Interaction"):
 * who starts a job takes one and puts it back. A running package holds one, which is its make's
 * own first job; makes take the others while there are some. So packages and their compilers
 * together are never more than N.
 */
#pragma once

#include "fs/base/strv.h"

struct jobserver {
	int read, write; /* inherited by who runs a package; -1 before jobserver_init */
	int tokens;	 /* all that there are */
};

void jobserver_release(struct jobserver *j);

/* With `tokens` tokens. 0 or -errno. */
int jobserver_init(struct jobserver *j, int tokens);

/* Take one without waiting: 0, or -EAGAIN when there is none now (poll `read` for one). */
int jobserver_take(struct jobserver *j);
void jobserver_put(struct jobserver *j);

/* Nobody holds any: a make that was killed may have kept some, or put back too many. */
void jobserver_settle(struct jobserver *j);

/* "MAKEFLAGS=..." for who inherits the pipe, GNU make 4.2 or newer. 0 or -ENOMEM. */
int jobserver_environment(const struct jobserver *j, struct strv *env);

/* For who runs inside and is no make: take up to `most` tokens without waiting, from the pipe that
 * MAKEFLAGS names. Returns how many it got. Give them back with jobserver_return. */
int jobserver_borrow(const char *makeflags, int most);
void jobserver_return(const char *makeflags, int count);
