// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd_builder.c - the commands that are the builder's: as git does, another program's. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/log.h"
#include "fs/cmd.h"

int cmd_exec_builder(char **argv)
{
	char path[PATH_MAX + 16] = "";
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);
	char *slash = n > 0 ? strrchr(path, '/') : NULL;
	char *args[256] = { "xsysfs-build" };

	for (size_t i = 0; argv[i]; i++) {
		if (i + 2 >= sizeof(args) / sizeof(*args)) {
			log_error("there are too many arguments for '%s'", argv[0]);
			return CMD_FAILED;
		}
		args[i + 1] = argv[i];
	}
	if (slash) { /* beside us, so that a source tree works as an installed one does */
		strcpy(slash + 1, "xsysfs-build");
		execv(path, args);
	}
	execvp("xsysfs-build", args);
	log_errno(-errno, "cannot run '%s', the builder", slash ? path : "xsysfs-build");
	return CMD_FAILED;
}

static int run_builder(const struct cmd *cmd, int argc, char **argv)
{
	(void)argc;
	argv[0] = (char *)cmd->name;
	return cmd_exec_builder(argv);
}

bool cmd_is_builders(const struct cmd *cmd)
{
	return cmd->run == run_builder;
}

const struct cmd cmd_build = {
	.name = "build",
	.args = "[--board B] [-j N] PKG...",
	.summary = "build packages from their recipes, and what they need first",
	.text = "Downloads, unpacks, patches, configures and makes, and installs once, into the "
		"mount. 'xsysfs build --help' lists all options.",
	.run = run_builder,
};

const struct cmd cmd_bump = {
	.name = "bump",
	.args = "[-n] PKG VERSION",
	.summary = "bring a recipe to another version",
	.text = "Changes the version, also in URLs and file names, downloads what they name then, "
		"puts in its hash and tries the patches; all of it or nothing. 'xsysfs bump "
		"--help' "
		"lists all options.",
	.run = run_builder,
};

const struct cmd cmd_env = {
	.name = "env",
	.args = "[--files DIR] [--json] [BOARD]",
	.summary = "print variables by which your own build finds the mount",
	.text = "For 'eval \"$(xsysfs env BOARD)\"'. It also writes a CMake toolchain file, a "
		"Meson cross "
		"file, a pkgconf personality and files for VS Code, which the variables name. "
		"'xsysfs env --help' lists all options.",
	.run = run_builder,
};

const struct cmd cmd_fetch = {
	.name = "fetch",
	.args = "[--board B] PKG...",
	.summary = "download the sources of packages, and check them",
	.text = "'xsysfs fetch --help' lists all options.",
	.run = run_builder,
};

const struct cmd cmd_graph = {
	.name = "graph",
	.args = "[--dot|--svg|--json] [PKG...]",
	.summary = "show which package needs which",
	.text = "Of these packages, or of all recipes: as a tree, in Graphviz's language, as a "
		"picture, as JSON. 'xsysfs graph --help' lists all options.",
	.run = run_builder,
};

const struct cmd cmd_lint = {
	.name = "lint",
	.args = "[PKG...]",
	.summary = "look for what is wrong with recipes that work",
	.text = "A missing licence, http without s, patches that nobody applies; and of what was "
		"built, options that configure does not know, needs of which nothing was used, and "
		"libraries that were linked with and are not declared. 'xsysfs lint --help' lists "
		"all options.",
	.run = run_builder,
};

const struct cmd cmd_new_recipe = {
	.name = "new-recipe",
	.args = "[--commit HASH] URL [NAME]",
	.summary = "write a first recipe for what is at a URL",
	.text = "Downloads and unpacks it, and guesses name, version, licence, build system and "
		"needs; what is not sure is a comment in the recipe. 'xsysfs new-recipe --help' "
		"lists all options.",
	.run = run_builder,
};

const struct cmd cmd_report = {
	.name = "report",
	.args = "[--board B] [-o FILE] [STORY]",
	.summary = "write a page on the last build of a board, for a browser",
	.text = "What was built when and why, on which core, how large it came out, which warnings "
		"there were and what is to be staged: one file that loads nothing. 'xsysfs report "
		"--help' lists all options.",
	.run = run_builder,
};

const struct cmd cmd_toolchain = {
	.name = "toolchain",
	.args = "BOARD",
	.summary = "get a board's toolchain if need be, and print its path",
	.text = "'xsysfs toolchain --help' lists all options.",
	.run = run_builder,
};
