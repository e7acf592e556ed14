// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/log.h"
#include "fs/cmd.h"
#include "fs/daemon.h"
#include "fs/help.h"

/* In the order of the help, one a line. */
/* clang-format off */
static const struct cmd *const commands[] = {
	&cmd_mount,
	&cmd_umount,
	&cmd_build,
	&cmd_env,
	&cmd_fetch,
	&cmd_new_recipe,
	&cmd_bump,
	&cmd_graph,
	&cmd_lint,
	&cmd_report,
	&cmd_toolchain,
	&cmd_run,
	&cmd_status,
	&cmd_list,
	&cmd_owns,
	&cmd_files,
	&cmd_parts,
	&cmd_diff,
	&cmd_staging,
	&cmd_remove,
	&cmd_rollback,
	&cmd_gc,
	&cmd_upgrade,
	NULL,
};
/* clang-format on */

static const struct cmd *find(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int unknown(const char *name)
{
	log_error("there is no command '%s' (see 'xsysfs help')", name);
	return CMD_USAGE;
}

/* help [--man] [COMMAND] */
static int run_help(int argc, char **argv)
{
	bool man = argc > 1 && strcmp(argv[1], "--man") == 0;
	const char *name = argc > 1 + man ? argv[1 + man] : NULL;
	const struct cmd *cmd = name ? find(name) : NULL;

	if (argc > 2 + man)
		return unknown(argv[2 + man]);
	if (name && !cmd)
		return unknown(name);
	if (man)
		help_man(commands, cmd);
	else if (cmd)
		help_command(cmd);
	else
		help_all(commands);
	return CMD_DONE;
}

static bool asks_for_help(int argc, char **argv)
{
	return argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
}

static int dispatch(int argc, char **argv)
{
	const struct cmd *cmd;

	while (argc > 2 && strcmp(argv[1], "-C") == 0) {
		setenv("XSYSFS", argv[2], 1);
		argv += 2;
		argc -= 2;
	}
	if (argc < 2) {
		log_error("a command is missing (see 'xsysfs help')");
		return CMD_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("xsysfs " VERSION);
		return CMD_DONE;
	}
	if (strcmp(argv[1], "help") == 0 || asks_for_help(argc, argv))
		return run_help(argc - 1, argv + 1);
	if (strcmp(argv[1], "serve") == 0) /* for our own keeper: see daemon.h */
		return daemon_main();
	cmd = find(argv[1]);
	if (!cmd)
		return unknown(argv[1]);
	if (asks_for_help(argc - 1, argv + 1) && !cmd_is_builders(cmd)) {
		help_command(cmd);
		return CMD_DONE;
	}
	return cmd->run(cmd, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	int result;

	log_init("xsysfs");
	result = dispatch(argc, argv);
	if (fflush(stdout) == EOF || ferror(stdout)) {
		log_error("cannot write to standard output");
		return result ? result : CMD_FAILED;
	}
	return result;
}
