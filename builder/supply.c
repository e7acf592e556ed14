// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/supply.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/cleanup.h"

struct order {
	struct source_ways *ways;
	const struct recipe *const *recipes;
	size_t n;
	int events;
};

/* A line is one write, and so is whole: paths and reasons are far shorter than PIPE_BUF. */
static void tell_got(void *arg, size_t i, const char *path)
{
	dprintf(((struct order *)arg)->events, "got %zu %s\n", i, path);
}

static void tell_failed(void *arg, size_t i, const char *why)
{
	autofree char *line = strdup(why);

	for (char *p = line; p && *p; p++)
		if (*p == '\n')
			*p = ' ';
	dprintf(((struct order *)arg)->events, "failed %zu %s\n", i, line ? line : "");
}

static void tell_progress(void *arg, size_t i, uint64_t have, uint64_t total)
{
	dprintf(((struct order *)arg)->events, "progress %zu %" PRIu64 " %" PRIu64 "\n", i, have,
		total);
}

static int get_all(void *arg, int events)
{
	struct order *o = arg;
	const struct source_events tell = { tell_got, tell_failed, tell_progress, o };

	o->events = events;
	return source_get_all(o->ways, o->recipes, o->n, &tell) != 0;
}

int supply_start(struct child *child, struct source_ways *ways, const struct recipe *const *recipes,
		 size_t n)
{
	struct order o = { ways, recipes, n, -1 };

	return child_start(child, get_all, &o);
}

static void understand(void *arg, char *line)
{
	const struct supply_events *e = arg;
	uint64_t have, total;
	int at = -1;
	size_t i;

	if (sscanf(line, "got %zu %n", &i, &at) == 1 && at > 0)
		e->got(e->arg, i, line + at);
	else if (sscanf(line, "failed %zu %n", &i, &at) == 1 && at > 0)
		e->failed(e->arg, i, line + at);
	else if (sscanf(line, "progress %zu %" SCNu64 " %" SCNu64, &i, &have, &total) == 3)
		e->progress(e->arg, i, have, total);
}

void supply_hear(struct child *child, const struct supply_events *events)
{
	child_hear(&child->events, understand, (void *)events);
}
