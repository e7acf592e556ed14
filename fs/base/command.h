// SPDX-License-Identifier: GPL-2.0-or-later
/* command.h - what a command is called, what it does, and which options it takes.
 *
 * Each program has one table of its commands; its parser, its help, its manual pages (usage.h) and
 * what a shell completes are all made of that, so that none of them knows an option that another
 * does not. The builder's table is written out and read again by the file system's program, which
 * has them in its help.
 *
 * `takes` says what a value or an argument names, for completion: words with blanks between them,
 * of "board", "command", "file", "folder", "layer", "mount", "package", "part", "program",
 * "recipe", and "=WORD" for WORD itself. A comma at its end: a list with commas. NULL: nothing that
 * is known.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
	CMD_DONE = 0,
	CMD_FAILED = 1,
	CMD_USAGE = 2,
	CMD_MAX_OPTIONS = 24,
};

struct cmd_option {
	char letter;	  /* 0: only the long form */
	const char *word; /* NULL: only the letter */
	const char *arg;  /* NULL: a flag */
	const char *help;
	const char *takes;
};

struct cmd {
	const char *name, *args, *summary;
	const char *text;   /* what help says below the synopsis; may be "" */
	const char *takes;  /* each of the arguments */
	bool takes_command; /* what follows the options is a command, with options of its own */
	int (*run)(const struct cmd *cmd, int argc, char **argv);
	struct cmd_option options[CMD_MAX_OPTIONS]; /* up to one without letter and word */
};

size_t cmd_count(const struct cmd *cmd); /* its options */

/* Go through the options, and hand each with its place in the table to `set`, which returns 0 or
 * what ends it. `*first`: the first argument behind them (argv is put in order). 0, what `set`
 * returned, or CMD_USAGE, having said which there is not. --help and -h are passed over. */
typedef int (*cmd_set_fn)(void *arg, size_t place, const char *value);
int cmd_each(const struct cmd *cmd, int argc, char **argv, cmd_set_fn set, void *arg, int *first);

/* Whether --help or -h is among its options. Says nothing. */
bool cmd_asks_help(const struct cmd *cmd, int argc, char **argv);

/* For the end of main: the exit status, which is not 0 where what was printed is not all where it
 * should be; that is said. */
int cmd_end(int status);

/* Say what is wrong and where to read how the command is used; returns CMD_USAGE. */
int cmd_usage(const struct cmd *cmd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* One command as lines, and all that somebody wrote so, in one block that the caller frees: its
 * strings are in it. 0, -ENOMEM or -EBADMSG. */
void cmd_write(FILE *to, const struct cmd *cmd);
int cmd_read(const char *text, struct cmd **ret, size_t *n);
