// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/verb/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/box/trial.h"
#include "builder/story/fetch_shown.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

struct known {
	const char *verbs; /* that take it, with blanks between them */
	int code;	   /* its letter, or one of those below */
	struct cmd_option option;
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
	FORCE,
	CONTINUE,
	RDEPS,
	OPTION,
	VERIFY,
	DOT,
	SVG,
	JSON,
	PATIENCE,
	COMMIT,
	FROM,
	FILES,
	FISH,
	LAUNCHER
};

static const struct known table[] = {
	{ "build clean fetch graph lint recipes report shell",
	  BOARD,
	  { 0, "board", "NAME", "for this board (boards/NAME.ini)", "board" } },
	{ "build",
	  'k',
	  { 'k', "keep-going", NULL, "when a package fails, build all that do not need it",
	    NULL } },
	{ "build",
	  FORCE,
	  { 0, "force", NULL, "build the named ones also when nothing has changed", NULL } },
	{ "build",
	  CONTINUE,
	  { 0, "continue", NULL,
	    "go on in the folders that a failed build has left, at the phase that failed", NULL } },
	{ "build",
	  RDEPS,
	  { 0, "rdeps", NULL, "build also what is installed and needs them", NULL } },
	{ "build shell",
	  OPTION,
	  { 'o', "option", "OPT=yes|no",
	    "choose an option of the packages that are named, or of another: PKG.OPT=yes (may be "
	    "repeated)",
	    NULL } },
	{ "build",
	  CHECK,
	  { 0, "check", NULL, "build them once more, elsewhere, and show where the results differ",
	    NULL } },
	{ "build bump fetch new-recipe shell",
	  PATIENCE,
	  { 0, "patience", "SECONDS",
	    "with a server that sends nothing; twice that with one that sends next to nothing "
	    "(default: 30)",
	    NULL } },
	{ "build",
	  FETCH_ONLY,
	  { 0, "fetch-only", NULL, "download what is to be built, build nothing", NULL } },
	{ "build env fetch mount shell toolchain",
	  OFFLINE,
	  { 0, "offline", NULL, "download nothing: it is all at hand, or an error", NULL } },
	{ "fetch",
	  VERIFY,
	  { 0, "verify", NULL, "hash again all that was downloaded before", NULL } },
	{ "build",
	  PLAIN,
	  { 0, "plain", NULL, "lines instead of the live view, on a terminal too", NULL } },
	{ "build",
	  'C',
	  { 'C', "where", "WHERE", "install into this mount (default: the board's)",
	    "mount board folder" } },
	{ "clean graph lint recipes report shell",
	  'C',
	  { 'C', "where", "WHERE", "a mount, a state folder or a board (default: the board's)",
	    "mount board folder" } },
	{ "report", 'o', { 'o', "output", "FILE", "write it there, - for stdout", "file" } },
	{ "graph", DOT, { 0, "dot", NULL, "in Graphviz's language", NULL } },
	{ "graph", SVG, { 0, "svg", NULL, "as a picture, drawn by Graphviz", NULL } },
	{ "graph", JSON, { 0, "json", NULL, "as JSON, what is needed first", NULL } },
	{ "env",
	  'C',
	  { 'C', "where", "WHERE", "for this mount (default: the board's)",
	    "mount board folder" } },
	{ "env",
	  FILES,
	  { 0, "files", "DIR", "write the files there (default: $XSYSFS_HOME/BOARD/env)",
	    "folder" } },
	{ "build", JSON, { 0, "json", NULL, "with -n or --explain: print JSON", NULL } },
	{ "boards clean env fetch lint recipes", JSON, { 0, "json", NULL, "print JSON", NULL } },
	{ "env", FISH, { 0, "fish", NULL, "print lines for fish(1), not sh(1)", NULL } },
	{ "build shell",
	  'j',
	  { 'j', "jobs", "N",
	    "run N jobs at a time, all packages together (default: one a processor, and one more)",
	    NULL } },
	{ "build",
	  LAUNCHER,
	  { 0, "launcher", "NAME",
	    "put ccache, distcc or icecc in front of the compilers, or none (default: the board's)",
	    "=ccache =distcc =icecc =none" } },
	{ "bump", 'n', { 'n', "dry-run", NULL, "print the difference, change nothing", NULL } },
	{ "bump",
	  'k',
	  { 'k', "keep-going", NULL, "change it although a patch does not apply any more", NULL } },
	{ "new-board", FROM, { 0, "from", "USER@HOST", "ask this Pi, by ssh", NULL } },
	{ "new-recipe",
	  COMMIT,
	  { 0, "commit", "HASH", "the URL is a git repository's: take this commit", NULL } },
	{ "build", 'n', { 'n', "dry-run", NULL, "say what would be built, build nothing", NULL } },
	{ "build",
	  EXPLAIN,
	  { 0, "explain", NULL, "say what would be built and why, build nothing", NULL } },
	{ "build", 'v', { 'v', "verbose", NULL, "say why each package is built", NULL } },
	{ "build shell", KEEP, { 0, "keep", NULL, "keep the source and build folders", NULL } },
	{ "mount", 'o', { 'o', "options", "OPTS", "mount options, handed on", NULL } },
	{ "mount", 'f', { 'f', "foreground", NULL, "stay in the foreground", NULL } },
	{ "build env fetch mount shell toolchain",
	  SOURCES,
	  { 0, "sources", "DIR", "look for archives in this folder first (may be repeated)",
	    "folder" } },
	{ "build bump fetch graph lint names new-recipe recipes shell",
	  RECIPES,
	  { 0, "recipes", "DIR",
	    "look for recipes in this folder before the installed ones (may be repeated; default: "
	    "./recipes)",
	    "folder" } },
	{ "build bump lint shell",
	  PATCHES,
	  { 0, "patches", "DIR",
	    "look for patches in this folder before the installed ones (may be repeated; default: "
	    "./patches)",
	    "folder" } },
	{ "boards build clean env fetch graph lint mount names new-board recipes report shell "
	  "toolchain",
	  BOARDS,
	  { 0, "boards", "DIR",
	    "look for boards in this folder before the installed ones (may be repeated; default: "
	    "./boards)",
	    "folder" } },
};

static bool takes(const struct known *o, const char *verb)
{
	const char *at = strstr(o->verbs, verb);

	return at && (at == o->verbs || at[-1] == ' ') &&
	       (at[strlen(verb)] == ' ' || at[strlen(verb)] == '\0');
}

void options_of(struct cmd *verb)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(table) && n < CMD_MAX_OPTIONS; i++)
		if (takes(&table[i], verb->name))
			verb->options[n++] = table[i].option;
}

/* The code of a verb's n-th. */
static int code_of(const char *verb, size_t place)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (takes(&table[i], verb) && place-- == 0)
			return table[i].code;
	return 0;
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

static int add_mirror(struct places *places, const char *dir)
{
	struct stat st;
	int r = stat(dir, &st) < 0 ? -errno : S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;

	if (r == 0 && access(dir, X_OK) < 0)
		r = -errno;
	return r < 0 ? log_errno(r, "cannot use the folder '%s' of --sources", dir)
		     : strv_add(&places->mirrors, dir);
}

static int set(struct options *o, int code, const char *value)
{
	switch (code) {
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
	case FORCE:
		o->force = true;
		return 0;
	case RDEPS:
		o->rdeps = true;
		return 0;
	case OPTION:
		return strv_add(&o->choices, value);
	case CONTINUE:
		o->go_on = true;
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
	case FROM:
		o->from = value;
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
	case 'v':
		o->verbose = true;
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
		return add_mirror(&o->places, value);
	case RECIPES:
		return searchpath_add(&o->places.recipes, value);
	case PATCHES:
		return searchpath_add(&o->places.patches, value);
	case BOARDS:
		return searchpath_add(&o->places.boards, value);
	}
	return -EINVAL;
}

struct parsing {
	struct options *options;
	const struct cmd *verb;
};

static int set_one(void *arg, size_t place, const char *value)
{
	const struct parsing *p = arg;

	return set(p->options, code_of(p->verb->name, place), value);
}

int options_parse(struct options *o, const struct cmd *verb, int argc, char **argv)
{
	struct parsing p;
	int first, r;

	*o = (struct options){ 0 };
	p = (struct parsing){ o, verb };
	r = cmd_each(verb, argc, argv, set_one, &p, &first);
	if (r)
		return -EINVAL;
	o->args = argv + first;
	o->n_args = argc - first;
	return 0;
}

struct source_ways options_ways(const struct options *o)
{
	return (struct source_ways){ .places = &o->places,
				     .offline = o->offline,
				     .fetch_some = fetch_shown,
				     .trial = trial,
				     .fetcher.patience = o->patience };
}

void options_release(struct options *o)
{
	strv_release(&o->choices);
	places_release(&o->places);
}
