// SPDX-License-Identifier: GPL-2.0-or-later
/* jobserver.h - a pool of job tokens shared with every make below us.
 *
 * A running package holds a token, which is its make's own first job. For more its makes read from
 * a pipe with one byte a token and put them back, as GNU make has it (info make, "POSIX Jobserver
 * Interaction"). Each package has a pipe of its own, and what is free is dealt out between them,
 * again and again, since one makes while another configures. So it is known what a package was
 * given, and all of it comes back when it ends, though a make was killed with some; and whoever
 * puts in more than he was given has it taken away. Packages and their compilers together are never
 * more than N.
 */
#pragma once

#include <stddef.h>

#include "fs/base/strv.h"

struct jobserver {
	int tokens; /* all that there are */
	int free;   /* nobody has them */
};

/* What one package has of it, besides its first. */
struct jobpipe {
	int read, write; /* for who runs it (proc.h, keep) */
	int given;	 /* tokens that lie in the pipe, or are in use */
	int unused;	 /* that lay in it when tokens were dealt last */
};

#define JOBPIPE_NONE ((struct jobpipe){ .read = -1, .write = -1 })

/* With `tokens` tokens. */
void jobserver_init(struct jobserver *j, int tokens);

/* 0 or -errno. */
int jobpipe_open(struct jobpipe *p);
/* All that it was given is free again. */
void jobpipe_close(struct jobpipe *p, struct jobserver *j);

/* Take one for a package: 0, or -EAGAIN when there is none now. It is taken from one of the `n`
 * pipes when none is free. */
int jobserver_take(struct jobserver *j, struct jobpipe *const *pipes, size_t n);
void jobserver_put(struct jobserver *j);

/* Give what is free to those that are empty, and half of what lies unused in the others; when none
 * is empty, what is free to all. To be
 * called when something has changed, and every JOBSERVER_MS while there are several pipes. */
void jobserver_deal(struct jobserver *j, struct jobpipe *const *pipes, size_t n);
#define JOBSERVER_MS 100

/* "MAKEFLAGS=..." for who inherits the pipe, GNU make 4.2 or newer. 0 or -ENOMEM. */
int jobserver_environment(const struct jobserver *j, const struct jobpipe *p, struct strv *env);

/* The pipe that MAKEFLAGS names: 0, or -errno when there is none. */
int jobserver_find(const char *makeflags, int *read, int *write);

/* For who runs inside and is no make: take up to `most` tokens without waiting, from the pipe that
 * MAKEFLAGS names. Returns how many it got. Give them back with jobserver_return. */
int jobserver_borrow(const char *makeflags, int most);
void jobserver_return(const char *makeflags, int count);
