// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/verbs.h"

#include <errno.h>
#include <stdio.h>

#include "builder/check.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

#define SIGNALLED 128 /* and the signal's number: as a shell says it */

int verb_build(struct options *o)
{
	cleanup(request_release) struct request q = { 0 };
	int signal = 0;
	int r = request_open(&q, o);

	if (r == 0)
		r = request_build(&q, NULL, &signal);
	if (r == 0 && o->check && !o->dry_run)
		r = check_packages(&q, &signal);
	if (signal)
		log_note("interrupted: the same command goes on from here");
	return signal ? SIGNALLED + signal : r < 0;
}

int verb_fetch(struct options *o)
{
	cleanup(request_release) struct request b = { .options = o, .sources.places = &o->places };
	char *why = NULL;
	int failed = 0;
	int r = recipeset_load(&b.set, o->places.recipes, NULL, o->args, &why);

	if (r < 0)
		return why_log(why, 1);
	strv_foreach (name, &b.set.order) {
		autofree char *path = NULL;

		if (source_get(&b.sources, recipeset_find(&b.set, *name), &path, &why) < 0)
			failed = why_log(why, 1);
		else
			puts(path);
	}
	return failed;
}
