// SPDX-License-Identifier: GPL-2.0-or-later
/* child.h - a part of the builder's work in a process of its own, heard line by line.
 *
 * It has a process group, so that ^C reaches us alone, who then end it; it ends with us, whatever
 * we die of. What it and all that it starts say on stdout and stderr comes as lines, and so does
 * what it has to tell us (its events), on a descriptor of its own, which is not inherited by what
 * it runs (proc.h, keep).
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CHILD_LINE_MAX 4096 /* a longer one comes in pieces */

struct child_pipe {
	int fd; /* -1: at its end */
	char *held;
	size_t n_held;
};

struct child {
	pid_t pid; /* 0: none; < 0: gone, and `status` set */
	int status;
	struct child_pipe said, events;
};

/* Do `work` in a new process; what it returns is the exit status. `events` is where it writes. 0 or
 * -errno. */
int child_start(struct child *c, int (*work)(void *arg, int events), void *arg);

/* Take in what is there; `line` is called for each line, without its end. */
void child_hear(struct child_pipe *p, void (*line)(void *arg, char *text), void *arg);

/* Whether it has ended and nothing is left that could say something. Takes its status, and ends
 * what has stayed behind in its group. */
bool child_is_over(struct child *c);

/* Send a signal to it and to all in its group. */
void child_signal(const struct child *c, int signal);

void child_release(struct child *c);
