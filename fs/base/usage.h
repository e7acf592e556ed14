// SPDX-License-Identifier: GPL-2.0-or-later
/* usage.h - what a table of commands says, as help on a terminal and as manual pages: the same
 * words in both. */
#pragma once

#include <stdio.h>

struct cmd;

/* A paragraph, broken at blanks to fit into 80 columns; all its lines `indent` blanks further in,
 * the first one as if `at` columns of it were there. */
void usage_paragraph(FILE *to, const char *text, int indent, int at);

/* All that there is to know of a command. */
void usage_print(FILE *to, const struct cmd *cmd);

/* troff with man(7)'s macros, on stdout: a line of text as it is; options as a list; the page
 * xsysfs-COMMAND.1. */
void usage_troff(const char *text);
void usage_man_options(const struct cmd *cmd);
void usage_man(const struct cmd *cmd);
