// SPDX-License-Identifier: GPL-2.0-or-later
/* help.h - what the table of commands says, as help on a terminal and as a manual page: the same
 * words in both. All print to stdout. Lists of commands end with NULL. */
#pragma once

struct cmd;

void help_all(const struct cmd *const *commands);
void help_command(const struct cmd *cmd);

/* troff with man(7) macros: xsysfs.1, or xsysfs-COMMAND.1 when one command is given. */
void help_man(const struct cmd *const *commands, const struct cmd *cmd);
