// SPDX-License-Identifier: GPL-2.0-or-later
/* sandbox.h - run a command that sees one directory in the place of another.
 *
 * In a mount namespace of its own (mount_namespaces(7)), and where we are not root in a user
 * namespace too: so whatever the command starts, however it forks, sees `view` at `point`. In a pid
 * namespace too (pid_namespaces(7)): when the command ends, or we are killed, nothing of it lives
 * on to write later. Of the caller's descriptors it gets the first three, pipes (a jobserver's)
 * and files; not one that leads elsewhere: a folder, a socket, a namespace.
 */
#pragma once

#include <stdbool.h>

struct sandbox {
	const char *view;  /* this directory */
	const char *point; /* is seen here */
	bool read_only;	   /* and cannot be written to */
	bool bare;	   /* the machine refuses namespaces: run it without them, all the same */
};

/* Run argv to its end. Returns its exit status, 128 + N for signal N, 127 or 126 when it cannot be
 * started (said on stderr), or -errno. Without namespaces nothing is run and -EPERM returned,
 * unless `bare` is set. SIGINT and SIGQUIT are left to the command while it runs. */
int sandbox_run(const struct sandbox *sandbox, char **argv);
