// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd.h - the commands of xsysfs: one struct each, with all that help and manual need.
 *
 * A command returns its exit status: CMD_DONE, CMD_FAILED (it has said why on stderr) or CMD_USAGE.
 * Data go to stdout, talk to stderr; main checks that stdout was written.
 */
#pragma once

#include <stdbool.h>

#include "fs/base/command.h"

/* What was given: of the options by their place in the table, and the rest. */
struct cmd_line {
	const char *values[CMD_MAX_OPTIONS]; /* NULL: not given; "" for a flag that was */
	int argc;
	char **argv;
};

/* Parse, and check the number of other arguments. 0, or CMD_USAGE after saying what is wrong. */
int cmd_parse(const struct cmd *cmd, int argc, char **argv, int min, int max, struct cmd_line *ret);
/* The value of the option with that long word or letter. */
const char *cmd_value(const struct cmd *cmd, const struct cmd_line *line, const char *word);

/* Print a name, and `end` behind it. On a terminal what that would obey is not printed (tame.h),
 * unless programs read it: `end` is NUL. */
void cmd_print_name(const char *name, char end);

/* Every command that looks at a mount or a state has it; -C before the command sets it too. */
#define CMD_WHERE                                                                    \
	{                                                                            \
		'C', "where", "WHERE",                                               \
			"a mount, a state folder, or a board that has been mounted", \
			"mount board folder"                                         \
	}
#define CMD_ZERO                                                                 \
	{                                                                        \
		'0', NULL, NULL, "for programs: end each field with a NUL", NULL \
	}
#define CMD_JSON                                    \
	{                                           \
		0, "json", NULL, "print JSON", NULL \
	}

extern const struct cmd cmd_mount;			  /* mount.c */
extern const struct cmd cmd_umount;			  /* umount.c */
extern const struct cmd cmd_run;			  /* run.c */
extern const struct cmd cmd_upgrade;			  /* upgrade.c */
extern const struct cmd cmd_status, cmd_list;		  /* show.c */
extern const struct cmd cmd_owns;			  /* owns.c */
extern const struct cmd cmd_files;			  /* files.c */
extern const struct cmd cmd_remove, cmd_rollback, cmd_gc; /* change.c */
extern const struct cmd cmd_parts;			  /* parts.c */
extern const struct cmd cmd_diff;			  /* diff.c */
extern const struct cmd cmd_staging;			  /* staging.c */
extern const struct cmd cmd_help;			  /* main.c */

/* Ours, up to NULL. (main.c) */
extern const struct cmd *const cmd_ours[];

/* Do these mount options ask for other flags of a mount that is there? Then change them; returns an
 * exit status. (remount.c) */
bool cmd_wants_remount(const char *options);
int cmd_remount(const char *point, const char *options);

/* Rules of parts.h from a file, "-" for stdin. Says what is wrong, and returns -errno. */
struct parts;
int cmd_read_parts(const char *path, struct parts *parts);

/* Say that there is no such package, and which may be meant; returns -ENOENT. */
struct state;
int cmd_no_package(const struct state *state, const char *name);

/* ---- the builder (builder.c) ---- */

/* Become xsysfs-build with these arguments (argv[0] is its verb). Returns only on failure. */
int cmd_exec_builder(char **argv);

/* What `xsysfs-build ARGS...` prints, for the caller to free; `args` ends with NULL. 0, or -ENOENT
 * when it has no answer; says nothing. */
int cmd_ask_builder(const char *const *args, char **ret);

/* Its commands, which are ours too: in one block for the caller to free. None, when it is not
 * installed. */
void cmd_builders(struct cmd **ret, size_t *n);

/* ---- completion (complete.c) ---- */

/* `xsysfs complete WORD...`: what the last of these words may become, a line each, with a tab and
 * what it is about; ":file", ":folder" or ":program" for what the shell knows better. */
int cmd_complete(int argc, char **argv);
