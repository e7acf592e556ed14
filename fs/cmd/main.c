// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"
#include "fs/base/near.h"
#include "fs/base/strv.h"
#include "fs/base/usage.h"
#include "fs/cmd/cmd.h"
#include "fs/cmd/help.h"
#include "fs/fuse/daemon.h"

/* In the order of the help, one a line; the builder's come behind them. */
/* clang-format off */
const struct cmd *const cmd_ours[] = {
	&cmd_mount,
	&cmd_umount,
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
	&cmd_help,
	NULL,
};
/* clang-format on */

/* What somebody may look for who knows other programs. */
static const struct {
	const char *theirs, *ours;
} synonyms[] = {
	{ "add", "build" },	     { "delete", "remove" },  { "info", "recipes" },
	{ "install", "build" },	     { "ls", "list" },	      { "make", "build" },
	{ "new", "new-recipe" },     { "prune", "gc" },	      { "revert", "rollback" },
	{ "rm", "remove" },	     { "search", "recipes" }, { "show", "status" },
	{ "stage", "staging-view" }, { "tree", "graph" },     { "undo", "rollback" },
	{ "uninstall", "remove" },   { "unmount", "umount" }, { "update", "bump" },
	{ "which", "owns" },
};

/* All commands there are. */
struct commands {
	struct cmd *builders;
	size_t n;
};

static void commands_release(struct commands *c)
{
	free(c->builders);
}

static const struct cmd *find_ours(const char *name)
{
	for (size_t i = 0; cmd_ours[i]; i++)
		if (strcmp(cmd_ours[i]->name, name) == 0)
			return cmd_ours[i];
	return NULL;
}

static const struct cmd *find(const struct commands *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->builders[i].name, name) == 0)
			return &c->builders[i];
	return find_ours(name);
}

/* The nearest of all commands; NULL: none is near. */
static const struct cmd *find_near(const struct commands *c, const char *name)
{
	autostrv struct strv names = { 0 };
	const char *near;

	for (size_t i = 0; cmd_ours[i]; i++)
		strv_add(&names, cmd_ours[i]->name);
	for (size_t i = 0; i < c->n; i++)
		strv_add(&names, c->builders[i].name);
	near = names.n ? near_word(name, (const char *const *)names.v) : NULL;
	return near ? find(c, near) : NULL;
}

static int unknown(const struct commands *c, const char *name)
{
	const struct cmd *meant = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(synonyms) && !meant; i++)
		if (strcmp(name, synonyms[i].theirs) == 0)
			meant = find(c, synonyms[i].ours);
	if (meant) {
		log_error("there is no command '%s'; 'xsysfs %s' is there to %s", name, meant->name,
			  meant->summary);
		return CMD_USAGE;
	}
	meant = find_near(c, name);
	if (meant)
		log_error("there is no command '%s' (did you mean '%s'?)", name, meant->name);
	else
		log_error("there is no %s '%s' (see 'xsysfs help')%s",
			  *name == '-' ? "option" : "command", name,
			  c->n ? "" : "; the builder, xsysfs-build, is not installed");
	return CMD_USAGE;
}

static int run_help(const struct cmd *cmd, int argc, char **argv)
{
	cleanup(commands_release) struct commands all = { 0 };
	const struct cmd *about;
	struct cmd_line line;
	bool man;

	if (cmd_parse(cmd, argc, argv, 0, 1, &line))
		return CMD_USAGE;
	man = cmd_value(cmd, &line, "man");
	cmd_builders(&all.builders, &all.n);
	about = line.argc ? find(&all, line.argv[0]) : NULL;
	if (line.argc && !about)
		return unknown(&all, line.argv[0]);
	if (about && man)
		usage_man(about);
	else if (about)
		usage_print(stdout, about);
	else if (man)
		help_man(cmd_ours, all.builders, all.n);
	else
		help_print(stdout, cmd_ours, all.builders, all.n);
	return CMD_DONE;
}

const struct cmd cmd_help = {
	.name = "help",
	.args = "[COMMAND]",
	.summary = "tell what there is, or all about one command",
	.text = "",
	.takes = "command",
	.run = run_help,
	.options = { { 0, "man", NULL, "as a manual page, for man(1)", NULL } },
};

/* `-C WHERE COMMAND...` is `COMMAND -C WHERE...`. */
static void put_behind(char **argv)
{
	char *option = argv[1], *where = argv[2];

	argv[1] = argv[3];
	argv[2] = option;
	argv[3] = where;
}

/* Another program's, as git has it. */
static int run_builders(int argc, char **argv)
{
	cleanup(commands_release) struct commands all = { 0 };

	(void)argc;
	cmd_builders(&all.builders, &all.n);
	return find(&all, argv[0]) ? cmd_exec_builder(argv) : unknown(&all, argv[0]);
}

static int run_all_help(FILE *to)
{
	cleanup(commands_release) struct commands all = { 0 };

	cmd_builders(&all.builders, &all.n);
	help_print(to, cmd_ours, all.builders, all.n);
	return to == stderr ? CMD_USAGE : CMD_DONE;
}

static int dispatch(int argc, char **argv)
{
	const struct cmd *cmd;

	if (argc > 3 && strcmp(argv[1], "-C") == 0)
		put_behind(argv);
	else if (argc > 1 && strncmp(argv[1], "-C", 2) == 0) {
		log_error("%s (see 'xsysfs help')",
			  argv[1][2] ? "there is a blank behind -C, before the mount or board"
			  : argc < 3 ? "-C wants a mount, a state folder or a board, and a command"
				     : "there is no command behind -C and what it is for");
		return CMD_USAGE;
	}
	if (argc < 2)
		return run_all_help(stderr);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return run_all_help(stdout);
	if (strcmp(argv[1], "--version") == 0) {
		puts("xsysfs " VERSION);
		return CMD_DONE;
	}
	if (strcmp(argv[1], "serve") == 0) /* for our own keeper: see daemon.h */
		return daemon_main();
	if (strcmp(argv[1], "complete") == 0) /* for shells */
		return cmd_complete(argc - 2, argv + 2);
	cmd = find_ours(argv[1]);
	if (!cmd && argc == 5 && strcmp(argv[3], "-o") == 0 && cmd_wants_remount(argv[4]))
		return cmd_remount(argv[2], argv[4]); /* mount(8), by mount.fuse */
	if (!cmd)
		return run_builders(argc - 1, argv + 1);
	if (cmd_asks_help(cmd, argc - 1, argv + 1)) {
		usage_print(stdout, cmd);
		return CMD_DONE;
	}
	return cmd->run(cmd, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	io_fill_standard();
	log_init("xsysfs");
	return cmd_end(dispatch(argc, argv));
}
