// SPDX-License-Identifier: GPL-2.0-or-later
/* terminal.h - a program on a terminal of its own, shown on ours.
 *
 * What runs strangers' code must not have our terminal: it could put lines into its input, which
 * our shell would take for typed (TIOCSTI, ioctl_tty(2)). A pseudo-terminal is its own, with its
 * job control and its ^C; what is typed is handed on, and what it shows.
 */
#pragma once

#include "builder/base/proc.h"

/* As proc_run, with stdin, stdout and stderr of `p` on the new terminal; ours has to be one. */
int terminal_run(const struct proc *p);
