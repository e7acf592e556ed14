// SPDX-License-Identifier: GPL-2.0-or-later
/* proc.h - run another program and wait for it. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct proc {
	const char *const *argv; /* argv[0] is looked up in the caller's PATH */
	char *const *env;	 /* NULL: the caller's */
	const char *dir;	 /* NULL: the caller's */
	unsigned seconds;	 /* of processor time, then SIGXCPU; 0: no limit */
	int in, out, err;	 /* 0: /dev/null for in, the caller's for out and err */
	int patience;		 /* proc_read: seconds in which it may say nothing; 0: any time */
};

#define PROC_SAME_AS_OUT (-1) /* for err */

/* Run it; it dies with us. Returns wait status (>= 0), or -errno when it could not be started. */
int proc_run(const struct proc *p);

/* The same, with its stdout in `*ret` (NUL behind it; at most `max` bytes, the rest is dropped).
 * One that says nothing for longer than it may is ended: -ETIME. */
int proc_read(const struct proc *p, size_t max, char **ret);

/* "exit status 2", "killed by signal 9 (Killed)". The caller frees. */
char *proc_words(int status);
