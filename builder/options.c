// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"

struct option_help {
	const char *verbs; /* space-separated */
	const char *name;  /* long */
	int letter;	   /* below 256: the short one */
	const char *value; /* NULL: a switch */
	const char *help;
};

enum {
	SOURCES = 256,
	RECIPES,
	PATCHES,
	BOARDS,
	BOARD,
	KEEP,
	EXPLAIN,
	PLAIN,
	CHECK,
	OFFLINE,
	FETCH_ONLY,
	VERIFY,
	DOT,
	SVG,
	JSON,
	PATIENCE,
	COMMIT,
	FILES,
	FISH,
	LAUNCHER
};

static const struct option_help table[] = {
	{ "build fetch graph lint report", "board", BOARD, "NAME",
	  "for this board (boards/NAME.ini)" },
	{ "build", "keep-going", 'k', NULL, "when a package fails, build all that do not need it" },
	{ "build", "check", CHECK, NULL,
	  "build them once more, elsewhere, and show where the results differ" },
	{ "build bump fetch new-recipe", "patience", PATIENCE, "SECONDS",
	  "with a server that sends nothing (default: 30)" },
	{ "build", "fetch-only", FETCH_ONLY, NULL, "download what is to be built, build nothing" },
	{ "build fetch", "offline", OFFLINE, NULL,
	  "download nothing: it is all at hand, or an error" },
	{ "fetch", "verify", VERIFY, NULL, "hash again all that was downloaded before" },
	{ "build", "plain", PLAIN, NULL, "lines instead of the live view, on a terminal too" },
	{ "build", "where", 'C', "WHERE", "install into this mount (default: the board's)" },
	{ "lint report", "where", 'C', "WHERE",
	  "a mount, or a state folder (default: the board's)" },
	{ "report", "output", 'o', "FILE", "write it there, - for stdout" },
	{ "graph", "dot", DOT, NULL, "in Graphviz's language" },
	{ "graph", "svg", SVG, NULL, "as a picture, drawn by Graphviz" },
	{ "graph", "json", JSON, NULL, "as JSON, what is needed first" },
	{ "env", "where", 'C', "WHERE", "for this mount (default: the board's)" },
	{ "env", "files", FILES, "DIR", "write the files there (default: $XSYSFS_HOME/BOARD/env)" },
	{ "env", "json", JSON, NULL, "print JSON" },
	{ "env", "fish", FISH, NULL, "print lines for fish(1), not sh(1)" },
	{ "build", "jobs", 'j', "N",
	  "run N jobs at a time, all packages together (default: one a processor, and one more)" },
	{ "build", "launcher", LAUNCHER, "NAME",
	  "put ccache, distcc or icecc in front of the compilers, or none (default: the board's)" },
	{ "bump", "dry-run", 'n', NULL, "print the difference, change nothing" },
	{ "bump", "keep-going", 'k', NULL, "change it although a patch does not apply any more" },
	{ "new-recipe", "commit", COMMIT, "HASH",
	  "the URL is a git repository's: take this commit" },
	{ "build", "dry-run", 'n', NULL, "say what would be built, build nothing" },
	{ "build", "explain", EXPLAIN, NULL, "say why a package is built again" },
	{ "build", "keep", KEEP, NULL, "keep the source and build folders" },
	{ "mount", "options", 'o', "OPTS", "mount options, handed on" },
	{ "mount", "foreground", 'f', NULL, "stay in the foreground" },
	{ "build env fetch mount toolchain", "sources", SOURCES, "DIR",
	  "look for archives in this folder first (may be repeated)" },
	{ "build bump fetch graph lint new-recipe", "recipes", RECIPES, "DIR",
	  "folder of recipes" },
	{ "build bump lint", "patches", PATCHES, "DIR", "folder of patches" },
	{ "build env fetch graph lint mount report toolchain", "boards", BOARDS, "DIR",
	  "folder of boards" },
};

static bool takes(const struct option_help *o, const char *verb)
{
	const char *at = strstr(o->verbs, verb);

	return at && (at == o->verbs || at[-1] == ' ') &&
	       (at[strlen(verb)] == ' ' || at[strlen(verb)] == '\0');
}

void options_help(FILE *to, const char *verb)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct option_help *o = &table[i];
		char left[64], letter[8] = "";

		if (!takes(o, verb))
			continue;
		if (o->letter < 256)
			snprintf(letter, sizeof(letter), "-%c, ", o->letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, o->name, o->value ? " " : "",
			 o->value ? o->value : "");
		fprintf(to, "  %-22s %s\n", left, o->help);
	}
}

static int set_string(char **to, const char *value)
{
	free(*to);
	*to = strdup(value);
	return *to ? 0 : -ENOMEM;
}

static int set_number(int *to, const char *option, const char *value, long most)
{
	char *end;
	long n = strtol(value, &end, 10);

	if (*end || n < 1 || n > most)
		return log_error("%s wants a number from 1 to %ld, not '%s'", option, most, value);
	*to = (int)n;
	return 0;
}

static int set(struct options *o, int letter, const char *value)
{
	switch (letter) {
	case BOARD:
		o->board = value;
		return 0;
	case 'C':
		o->where = value;
		return 0;
	case 'j':
		return set_number(&o->jobs, "-j", value, 1024);
	case 'n':
		o->dry_run = true;
		return 0;
	case 'k':
		o->keep_going = true;
		return 0;
	case CHECK:
		o->check = true;
		return 0;
	case PATIENCE:
		return set_number(&o->patience, "--patience", value, 3600);
	case OFFLINE:
		o->offline = true;
		return 0;
	case FETCH_ONLY:
		o->fetch_only = true;
		return 0;
	case COMMIT:
		o->commit = value;
		return 0;
	case VERIFY:
		o->verify = true;
		return 0;
	case PLAIN:
		o->plain = true;
		return 0;
	case EXPLAIN:
		o->explain = true;
		return 0;
	case KEEP:
		o->keep = true;
		return 0;
	case DOT:
		o->dot = true;
		return 0;
	case SVG:
		o->svg = true;
		return 0;
	case LAUNCHER:
		o->launcher = value;
		return 0;
	case FILES:
		o->files = value;
		return 0;
	case JSON:
		o->json = true;
		return 0;
	case FISH:
		o->fish = true;
		return 0;
	case 'o':
		o->mount_options = o->output = value;
		return 0;
	case 'f':
		o->foreground = true;
		return 0;
	case SOURCES:
		return strv_add(&o->places.mirrors, value);
	case RECIPES:
		return set_string(&o->places.recipes, value);
	case PATCHES:
		return set_string(&o->places.patches, value);
	case BOARDS:
		return set_string(&o->places.boards, value);
	}
	return -EINVAL;
}

/* What getopt stumbled over: '?' for an option, ':' for one without its value. */
static int refuse(const char *verb, int letter, char **argv)
{
	const char *option = argv[optind - 1];

	if (letter == ':')
		return log_error("%s: option '%s' wants a value (see 'xsysfs %s --help')", verb,
				 option, verb);
	return log_error("%s: there is no option '%s' (see 'xsysfs %s --help')", verb, option,
			 verb);
}

int options_parse(struct options *o, const char *verb, int argc, char **argv)
{
	struct option longs[ARRAY_SIZE(table) + 1] = { 0 };
	char shorts[2 * ARRAY_SIZE(table) + 2] = ":";
	size_t n = 0;
	int letter;

	*o = (struct options){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct option_help *t = &table[i];
		size_t len = strlen(shorts);

		if (!takes(t, verb))
			continue;
		longs[n++] = (struct option){ t->name, t->value ? required_argument : no_argument,
					      NULL, t->letter };
		if (t->letter < 256)
			snprintf(shorts + len, sizeof(shorts) - len, "%c%s", t->letter,
				 t->value ? ":" : "");
	}
	optind = 1;
	opterr = 0;
	while ((letter = getopt_long(argc, argv, shorts, longs, NULL)) >= 0) {
		int r = letter == '?' || letter == ':' ? refuse(verb, letter, argv)
						       : set(o, letter, optarg);

		if (r < 0)
			return r;
	}
	o->args = argv + optind;
	o->n_args = argc - optind;
	return 0;
}

void options_release(struct options *o)
{
	places_release(&o->places);
}
