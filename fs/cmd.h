// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd.h - the commands of xsysfs: one struct each, with all that help and manual need.
 *
 * A command returns its exit status: CMD_DONE, CMD_FAILED (it has said why on stderr) or CMD_USAGE.
 * Data go to stdout, talk to stderr; main checks that stdout was written.
 */
#pragma once

#include <stdbool.h>

enum {
	CMD_DONE = 0,
	CMD_FAILED = 1,
	CMD_USAGE = 2,
	CMD_MAX_OPTIONS = 12,
};

struct cmd_option {
	char letter;	  /* 0: only the long form */
	const char *word; /* NULL: only the letter */
	const char *arg;  /* NULL: a flag */
	const char *help;
};

struct cmd {
	const char *name, *args, *summary;
	const char *text;   /* what help says below the synopsis */
	bool takes_command; /* what follows the options is a command, with options of its own */
	int (*run)(const struct cmd *cmd, int argc, char **argv);
	struct cmd_option options[CMD_MAX_OPTIONS]; /* up to one without letter and word */
};

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

/* Say what is wrong and how the command is used; returns CMD_USAGE. */
int cmd_usage(const struct cmd *cmd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Every command that looks at a mount or a state has it; -C before the command sets it too. */
#define CMD_WHERE                                                                              \
	{                                                                                      \
		'C', NULL, "WHERE", "a mount point, or a state folder when nothing is mounted" \
	}
#define CMD_JSON                              \
	{                                     \
		0, "json", NULL, "print JSON" \
	}

extern const struct cmd cmd_mount, cmd_umount;			   /* cmd_mount.c */
extern const struct cmd cmd_run;				   /* cmd_run.c */
extern const struct cmd cmd_upgrade;				   /* cmd_upgrade.c */
extern const struct cmd cmd_status, cmd_list, cmd_owns, cmd_files; /* cmd_show.c */
extern const struct cmd cmd_remove, cmd_rollback, cmd_gc;	   /* cmd_change.c */
extern const struct cmd cmd_parts;				   /* cmd_parts.c */
extern const struct cmd cmd_diff;				   /* cmd_diff.c */
extern const struct cmd cmd_staging;				   /* cmd_staging.c */
extern const struct cmd cmd_build, cmd_fetch, cmd_toolchain;	   /* cmd_builder.c */
extern const struct cmd cmd_env, cmd_graph, cmd_lint, cmd_report;
extern const struct cmd cmd_bump, cmd_new_recipe;

/* Whether it is the builder's, which has a --help of its own. */
bool cmd_is_builders(const struct cmd *cmd);

/* Rules of parts.h from a file, "-" for stdin. Says what is wrong, and returns -errno. */
struct parts;
int cmd_read_parts(const char *path, struct parts *parts);

/* Become xsysfs-build with these arguments (argv[0] is its verb). Returns only on failure. */
int cmd_exec_builder(char **argv);
