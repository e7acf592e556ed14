// SPDX-License-Identifier: GPL-2.0-or-later
/* xsysfs-build, reached as `xsysfs build`, `xsysfs env`, `xsysfs fetch`, `xsysfs graph`,
 * `xsysfs report`, `xsysfs toolchain`, `xsysfs mount BOARD`. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "builder/door.h"
#include "builder/phase.h"
#include "builder/verbs.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

struct verb {
	const char *name;
	const char *args;
	const char *help;
	int (*run)(struct options *o);
	int least, most; /* arguments */
};

static const struct verb verbs[] = {
	{ "build", "[OPTION...] PKG...", "build packages and what they need, and install them",
	  verb_build, 1, 1000 },
	{ "bump", "[OPTION...] PKG VERSION", "bring a recipe to another version", verb_bump, 2, 2 },
	{ "env", "[OPTION...] [BOARD]",
	  "print the variables, and write the files, by which other builds find the mount",
	  verb_env, 0, 1 },
	{ "fetch", "[OPTION...] [PKG...]", "download the sources of packages and of what they need",
	  verb_fetch, 0, 1000 },
	{ "graph", "[OPTION...] [PKG...]",
	  "show which package needs which: of these, or of all recipes", verb_graph, 0, 1000 },
	{ "lint", "[OPTION...] [PKG...]",
	  "look for what is wrong with recipes that work: with these, or with all", verb_lint, 0,
	  1000 },
	{ "mount", "[OPTION...] BOARD [MNT]",
	  "mount a board's sysroot, getting its toolchain first", verb_mount, 1, 2 },
	{ "new-recipe", "[OPTION...] URL [NAME]", "write a first recipe for what is at a URL",
	  verb_new_recipe, 1, 2 },
	{ "report", "[OPTION...] [STORY]",
	  "write a page on a build: the last one of the board, or that of a file below its builds/",
	  verb_report, 0, 1 },
	{ "toolchain", "[OPTION...] [BOARD]", "get a board's toolchain and print its folder",
	  verb_toolchain, 0, 1 },
};

static void help_verb(FILE *to, const struct verb *v)
{
	fprintf(to, "usage: xsysfs %s %s\n\n%s\n\n", v->name, v->args, v->help);
	options_help(to, v->name);
}

static void help(FILE *to)
{
	fputs("usage: xsysfs-build VERB [OPTION...] [ARG...]\n\n", to);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(to, "  %-10s %s\n", verbs[i].name, verbs[i].help);
	fputs("\n'xsysfs-build VERB --help' has the options of a verb\n", to);
}

static const struct verb *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int unknown(const char *name)
{
	const char *names[ARRAY_SIZE(verbs) + 1] = { NULL };
	const char *near;

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		names[i] = verbs[i].name;
	near = why_near(name, names);
	log_error("unknown verb '%s'%s%s%s", name, near ? " (did you mean '" : "", near ? near : "",
		  near ? "'?)" : " (see 'xsysfs-build --help')");
	return 2;
}

static int run(const struct verb *v, int argc, char **argv)
{
	struct options o;
	int status;

	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (strcmp(argv[i], "--help") != 0)
			continue;
		help_verb(stdout, v);
		return 0;
	}
	if (options_parse(&o, v->name, argc, argv) < 0) {
		status = 2;
	} else if (o.n_args < v->least || o.n_args > v->most) {
		log_error("%s wants %s: xsysfs %s %s", v->name,
			  o.n_args < v->least ? "more arguments" : "fewer arguments", v->name,
			  v->args);
		status = 2;
	} else {
		status = places_init(&o.places) < 0 ? 1 : v->run(&o);
	}
	options_release(&o);
	return status;
}

static int dispatch(int argc, char **argv)
{
	const struct verb *v;

	if (argc < 2) {
		help(stderr);
		return 2;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		help(stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("xsysfs-build " VERSION);
		return 0;
	}
	if (strcmp(argv[1], "run-phases") == 0 && argc == 3) /* what `xsysfs run` runs for us */
		return phase_run_plan(argv[2]);
	if (strcmp(argv[1], "pass-door") == 0 && argc == 3) /* what distcc runs: door.h */
		return door_pass(argv[2]) < 0;
	v = find(argv[1]);
	return v ? run(v, argc - 1, argv + 1) : unknown(argv[1]);
}

int main(int argc, char **argv)
{
	int status;

	log_init("xsysfs");
	status = dispatch(argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		log_errno(-errno, "cannot write to stdout");
		return status ? status : 1;
	}
	return status;
}
