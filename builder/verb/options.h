// SPDX-License-Identifier: GPL-2.0-or-later
/* options.h - what stands on the command line behind a verb. */
#pragma once

#include <stdbool.h>

#include "builder/source/source.h"
#include "fs/base/command.h"

struct options {
	const char *board;    /* NULL: find one */
	const char *commit;   /* new-recipe: of git */
	const char *from;     /* new-board: USER@HOST */
	const char *where;    /* -C: mount point or state folder; NULL: the board's */
	int patience;	      /* seconds with a silent server; 0: the usual */
	int jobs;	      /* -j; 0: the usual */
	const char *launcher; /* NULL: the board's */
	bool verbose;	      /* build */
	bool keep, force, go_on, rdeps, explain, dry_run, keep_going, plain, check, offline,
		fetch_only, verify;
	bool foreground;	   /* mount -f */
	bool dot, svg, json;	   /* graph, env: in which form */
	const char *output;	   /* report -o */
	struct strv choices;	   /* build -o: among the options of recipes */
	const char *mount_options; /* mount -o */
	const char *files;	   /* env --files; NULL: below the board's folder */
	bool fish;		   /* env */
	struct places places;
	char **args; /* the rest, NULL-terminated, lent from argv */
	int n_args;
};

/* Fill in those that it takes. */
void options_of(struct cmd *verb);

/* 0, or -EINVAL, said. */
int options_parse(struct options *o, const struct cmd *verb, int argc, char **argv);
void options_release(struct options *o);

/* How sources are to be had, as the command line has it; for source_release. */
struct source_ways options_ways(const struct options *o);
