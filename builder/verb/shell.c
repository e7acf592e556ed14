// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/verb/verbs.h"

#include "builder/build/shell.h"
#include "fs/base/cleanup.h"

int verb_shell(struct options *o)
{
	cleanup(request_release) struct request q = { 0 };
	char *const package[] = { o->args[0], NULL };
	const struct request_want want = {
		.places = &o->places,
		.packages = package,
		.board = o->board,
		.where = o->where,
		.launcher = o->launcher,
		.jobs = o->jobs,
		.keep = o->keep,
		.choices = &o->choices,
	};
	const struct source_ways ways = options_ways(o);
	int r = request_open(&q, &want, &ways);

	if (r == 0)
		r = shell_package(&q, package[0], o->args + 1);
	return r < 0 ? 1 : r;
}
