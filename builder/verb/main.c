// SPDX-License-Identifier: GPL-2.0-or-later
/* xsysfs-build, reached as `xsysfs build`, `xsysfs env`, `xsysfs fetch`, `xsysfs graph`,
 * `xsysfs report`, `xsysfs toolchain`, `xsysfs mount BOARD`. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "builder/box/door.h"
#include "builder/run/phase.h"
#include "builder/verb/verbs.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"
#include "fs/base/near.h"
#include "fs/base/usage.h"

struct verb {
	struct cmd cmd; /* without its options, which options.c has */
	int (*run)(struct options *o);
	int least, most; /* arguments */
	bool makes;	 /* something in $XSYSFS_HOME, or lets others do so: it has to be there */
};

/* In the order of the help. */
static const struct verb verbs[] = {
	{ { .name = "recipes",
	    .args = "[WORD]",
	    .summary = "list the recipes, or those with WORD in name or summary",
	    .text = "Your own, when there are any, else the installed ones; a star marks what is "
		    "installed on the mount that is meant." },
	  verb_recipes,
	  0,
	  1,
	  false },
	{ { .name = "boards",
	    .args = "[WORD]",
	    .summary = "list the boards; a star marks those that are mounted",
	    .text = "" },
	  verb_boards,
	  0,
	  1,
	  false },
	{ { .name = "build",
	    .args = "PKG...",
	    .summary = "build packages from their recipes, and what they need first",
	    .text = "Downloads, unpacks, patches, configures and makes, and installs once, into "
		    "the mount. What was built before, with the same key, is not built again.",
	    .takes = "recipe" },
	  verb_build,
	  1,
	  INT_MAX,
	  true },
	{ { .name = "clean",
	    .args = "[PKG...]",
	    .summary = "remove the folders that failed builds have left",
	    .text = "And those that 'build --keep' has: of these packages, or of all. Logs stay, "
		    "and so does what is being built.",
	    .takes = "recipe" },
	  verb_clean,
	  0,
	  1000,
	  false },
	{ { .name = "shell",
	    .args = "PKG [-- CMD...]",
	    .summary = "open a shell where a package is built",
	    .text = "As its build would find it: in its sandbox and its build folder, with its "
		    "environment, toolchain and needs at their places; or CMD there, whose exit "
		    "status it has. Where a build of it failed, source and build folders are as "
		    "they were left, else they are new: unpacked and patched. What is changed in "
		    "folders that were kept stays; what is installed is thrown away. All that the "
		    "package needs has to be built.",
	    .takes = "recipe" },
	  verb_shell,
	  1,
	  INT_MAX,
	  true },
	{ { .name = "env",
	    .args = "[BOARD]",
	    .summary = "print variables by which your own build finds the mount",
	    .text = "For 'eval \"$(xsysfs env BOARD)\"'. It also writes a CMake toolchain file, a "
		    "Meson cross file, a pkgconf personality and files for VS Code, which the "
		    "variables name.",
	    .takes = "board" },
	  verb_env,
	  0,
	  1,
	  true },
	{ { .name = "fetch",
	    .args = "[PKG...]",
	    .summary = "download the sources of packages, and check them",
	    .text = "And those of what they need. 'build --offline' then takes no others.",
	    .takes = "recipe" },
	  verb_fetch,
	  0,
	  INT_MAX,
	  true },
	{ { .name = "new-board",
	    .args = "NAME",
	    .summary = "write a board for your own Pi",
	    .text = "Asks the Pi, or you, which processor, system and glibc it has, and writes "
		    "boards/NAME.ini with a toolchain that fits." },
	  verb_new_board,
	  1,
	  1,
	  false },
	{ { .name = "new-recipe",
	    .args = "URL [NAME]",
	    .summary = "write a first recipe for what is at a URL",
	    .text = "Downloads and unpacks it, and guesses name, version, licence, build system "
		    "and needs; what is not sure is a comment in the recipe." },
	  verb_new_recipe,
	  1,
	  2,
	  true },
	{ { .name = "bump",
	    .args = "PKG VERSION",
	    .summary = "bring a recipe to another version",
	    .text = "Changes the version, also in URLs and file names, downloads what they name "
		    "then, puts in its hash and tries the patches; all of it or nothing.",
	    .takes = "recipe" },
	  verb_bump,
	  2,
	  2,
	  true },
	{ { .name = "graph",
	    .args = "[PKG...]",
	    .summary = "show which package needs which",
	    .text = "Of these packages, or of all recipes: as a tree, in Graphviz's language, as "
		    "a picture, as JSON.",
	    .takes = "recipe" },
	  verb_graph,
	  0,
	  INT_MAX,
	  false },
	{ { .name = "lint",
	    .args = "[PKG...]",
	    .summary = "look for what is wrong with recipes that work",
	    .text = "A missing licence, http without s, patches that nobody applies; and of what "
		    "was built, options that configure does not know, needs of which nothing was "
		    "used, libraries that were linked with and are not declared, and programs "
		    "that run as another user. Of these recipes, or of all.",
	    .takes = "recipe" },
	  verb_lint,
	  0,
	  INT_MAX,
	  false },
	{ { .name = "report",
	    .args = "[STORY]",
	    .summary = "write a page on the last build of a board, for a browser",
	    .text = "What was built when and why, on which core, how large it came out, which "
		    "warnings there were and what is to be staged: one file that loads nothing. "
		    "STORY is a file below the board's builds/, of an earlier build.",
	    .takes = "file" },
	  verb_report,
	  0,
	  1,
	  false },
	{ { .name = "toolchain",
	    .args = "[BOARD]",
	    .summary = "get a board's toolchain if need be, and print its path",
	    .text = "",
	    .takes = "board" },
	  verb_toolchain,
	  0,
	  1,
	  true },
};

/* What `xsysfs` runs for its users: `mount`, which is its own, and what is in no help. */
static const struct verb others[] = {
	{ { .name = "mount",
	    .args = "BOARD [MNT]",
	    .summary = "mount a board's sysroot, getting its toolchain first",
	    .text = "",
	    .takes = "board" },
	  verb_mount,
	  1,
	  2,
	  true },
	{ { .name = "board-of", .args = "STATE", .summary = "", .text = "" },
	  verb_board_of,
	  1,
	  1,
	  false },
	{ { .name = "board-state", .args = "BOARD", .summary = "", .text = "" },
	  verb_board_state,
	  1,
	  1,
	  false },
	{ { .name = "names", .args = "recipe|board", .summary = "", .text = "" },
	  verb_names,
	  1,
	  1,
	  false },
};

static struct cmd with_options(const struct verb *v)
{
	struct cmd cmd = v->cmd;

	options_of(&cmd);
	return cmd;
}

/* The table, for who has it in his help. */
static int describe(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		const struct cmd cmd = with_options(&verbs[i]);

		cmd_write(stdout, &cmd);
	}
	return CMD_DONE;
}

static void help(FILE *to)
{
	fputs("usage: xsysfs-build VERB [OPTION...] [ARG...]\n\n", to);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(to, "  %-10s %s\n", verbs[i].cmd.name, verbs[i].cmd.summary);
	fputs("\n'xsysfs-build VERB --help' has the options of a verb\n", to);
}

static const struct verb *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].cmd.name, name) == 0)
			return &verbs[i];
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcmp(others[i].cmd.name, name) == 0)
			return &others[i];
	return NULL;
}

static int unknown(const char *name)
{
	const char *names[ARRAY_SIZE(verbs) + 1] = { NULL };
	autofree char *near = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		names[i] = verbs[i].cmd.name;
	near = near_said(name, names);
	log_error("unknown verb '%s'%s", name,
		  near && *near ? near : " (see 'xsysfs-build --help')");
	return CMD_USAGE;
}

static int run(const struct verb *v, int argc, char **argv)
{
	const struct cmd cmd = with_options(v);
	struct options o;
	int status;

	if (cmd_asks_help(&cmd, argc, argv)) {
		usage_print(stdout, &cmd);
		return CMD_DONE;
	}
	if (options_parse(&o, &cmd, argc, argv) < 0) {
		status = CMD_USAGE;
	} else if (o.n_args < v->least || o.n_args > v->most) {
		log_error("%s wants %s: xsysfs %s %s", cmd.name,
			  o.n_args < v->least ? "more arguments" : "fewer arguments", cmd.name,
			  cmd.args);
		status = CMD_USAGE;
	} else {
		status = places_init(&o.places) < 0 || (v->makes && places_make(&o.places) < 0)
				 ? CMD_FAILED
				 : v->run(&o);
	}
	options_release(&o);
	return status;
}

static int dispatch(int argc, char **argv)
{
	const struct verb *v;

	if (argc < 2) {
		help(stderr);
		return CMD_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		help(stdout);
		return CMD_DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("xsysfs-build " VERSION);
		return CMD_DONE;
	}
	if (strcmp(argv[1], "describe") == 0)
		return describe();
	if (strcmp(argv[1], "run-phases") == 0 && argc == 3) /* what `xsysfs run` runs for us */
		return phase_run_plan(argv[2]);
	if (strcmp(argv[1], "run-command") == 0 && argc >= 3) /* likewise, for 'xsysfs shell' */
		return phase_run_command(argv[2], argv + 3);
	if (strcmp(argv[1], "pass-door") == 0 && argc == 3) /* what distcc runs: door.h */
		return door_pass(argv[2]) < 0;
	v = find(argv[1]);
	return v ? run(v, argc - 1, argv + 1) : unknown(argv[1]);
}

int main(int argc, char **argv)
{
	io_fill_standard();
	log_init("xsysfs");
	return cmd_end(dispatch(argc, argv));
}
