// SPDX-License-Identifier: GPL-2.0-or-later
/* proc.h - run another program and wait for it.
 *
 * It gets the descriptors that are named here and no others: not those that we were started with,
 * nor any that somebody has opened without O_CLOEXEC.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proc {
	const char *const *argv; /* argv[0] is looked up in the caller's PATH */
	char *const *env;	 /* NULL: the caller's */
	const char *dir;	 /* NULL: the caller's */
	unsigned seconds;	 /* of processor time, then SIGXCPU; 0: no limit */
	uint64_t file_most;	 /* bytes of a file that it writes, then SIGXFSZ; 0: no limit */
	int in, out, err;	 /* 0: /dev/null for in, the caller's for out and err */
	int patience;		 /* proc_read: seconds in which it may say nothing; 0: any time */
	const int *keep;	 /* `n_keep` more descriptors that it gets, at their numbers */
	size_t n_keep;
	bool box; /* it is bwrap: whatever it has started ends with it, and with us */
	bool (*watch)(
		void *arg); /* asked a few times a second; true ends it, and where we are the */
	void *watched;	    /* first process of a box, all that is in there with it */
};

#define PROC_SAME_AS_OUT (-1) /* for err */

/* Run it; it dies with us. Returns wait status (>= 0), or -errno when it
 * could not be started. */
int proc_run(const struct proc *p);

/* The same, with its stdout in `*ret` (NUL behind it; at most `max` bytes, the rest is dropped).
 * One that says nothing for longer than it may is ended: -ETIME. */
int proc_read(const struct proc *p, size_t max, char **ret);

/* "exit status 2", "killed by signal 9 (Killed)". The caller frees. */
char *proc_words(int status);
