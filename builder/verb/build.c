// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/verb/verbs.h"

#include <errno.h>
#include <stdio.h>

#include "builder/base/why.h"
#include "builder/build/check.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

#define SIGNALLED 128 /* and the signal's number: as a shell says it */

int verb_build(struct options *o)
{
	cleanup(request_release) struct request q = { 0 };
	bool dry_run = o->dry_run || o->explain;
	autojson json_t *rows = o->json ? json_array() : NULL;
	const struct request_want want = {
		.places = &o->places,
		.packages = o->args,
		.board = o->board,
		.where = o->where,
		.launcher = o->launcher,
		.jobs = o->jobs,
		.keep = o->keep,
		.keep_going = o->keep_going,
		.go_on = o->go_on,
		.rdeps = o->rdeps,
		.choices = &o->choices,
		.explain = o->explain || o->verbose,
		.dry_run = dry_run,
		.rows = rows,
		.fetch_only = o->fetch_only,
		.plain = o->plain,
	};
	const struct source_ways ways = options_ways(o);
	autostrv struct strv forced = { 0 };
	int signal = 0;
	int r;

	if (o->json && (!dry_run || o->fetch_only)) {
		log_error(
			"build: --json goes with -n or --explain, alone (see 'xsysfs help build')");
		return 2;
	}
	if (o->json && !rows)
		return log_errno(-ENOMEM, "cannot plan"), 1;
	for (char **name = o->args; o->force && *name; name++)
		if (strv_add(&forced, *name) < 0)
			return log_errno(-ENOMEM, "cannot plan"), 1;
	r = request_open(&q, &want, &ways);
	if (r == 0)
		r = request_build(&q, &forced, NULL, &signal);
	if (r == 0 && rows)
		r = json_print(rows);
	if (r == 0 && o->check && !dry_run && !o->fetch_only)
		r = check_packages(&q, &signal);
	if (signal)
		log_note("interrupted: the same command goes on from here");
	return signal ? SIGNALLED + signal : r < 0;
}
