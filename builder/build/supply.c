// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/build/supply.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/proc.h"
#include "fs/base/cleanup.h"
#include "fs/base/text.h"

struct order {
	struct source_ways *ways;
	const struct supply *supply;
	int events;
};

/* A line is one write, and so is whole: paths and reasons are far shorter than PIPE_BUF. */
static void tell_got(void *arg, size_t i, size_t source, const char *path)
{
	dprintf(((struct order *)arg)->events, "got %zu %zu %s\n", i, source, path);
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
	return source_get_all(o->ways, o->supply->recipes, o->supply->n, &tell) != 0;
}

int supply_start(struct supply *s, struct source_ways *ways, struct job *jobs, size_t n)
{
	struct order o = { ways, s, -1 };

	*s = (struct supply){ .child.said.fd = -1, .child.events.fd = -1 };
	s->recipes = calloc(n + 1, sizeof(*s->recipes));
	s->jobs = calloc(n + 1, sizeof(struct job *));
	if (!s->recipes || !s->jobs)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (jobs[i].state != JOB_OVER) {
			s->recipes[s->n] = job_recipe_to_fetch(&jobs[i]);
			if (!s->recipes[s->n])
				return -ENOMEM;
			s->jobs[s->n++] = &jobs[i];
		}
	return s->n ? child_start(&s->child, get_all, &o) : 0;
}

void supply_release(struct supply *s)
{
	child_release(&s->child);
	free(s->recipes);
	free(s->jobs);
}

bool supply_is_on(const struct supply *s)
{
	return s->child.pid > 0;
}

struct hearing {
	struct supply *supply;
	void (*changed)(void *arg, struct job *j);
	void *arg;
};

static void hear_of(const struct hearing *h, size_t i, size_t source, const char *archive,
		    const char *lacking)
{
	struct job *j = i < h->supply->n ? h->supply->jobs[i] : NULL;

	if (!j || j->archive || j->lacking)
		return;
	if (archive)
		j->archive = strdup(archive);
	else
		j->lacking = strdup(lacking);
	j->got = j->only.n_sources ? j->source : source;
	if (j->archive && j->state == JOB_DUE)
		j->told->state = STORY_READY;
	h->changed(h->arg, j);
}

static void understand(void *arg, char *line)
{
	const struct hearing *h = arg;
	uint64_t have, total;
	size_t i, source;
	int at = -1;

	if (sscanf(line, "got %zu %zu %n", &i, &source, &at) == 2 && at > 0)
		hear_of(h, i, source, line + at, NULL);
	else if (sscanf(line, "failed %zu %n", &i, &at) == 1 && at > 0)
		hear_of(h, i, 0, NULL, line + at);
	else if (sscanf(line, "progress %zu %" SCNu64 " %" SCNu64, &i, &have, &total) == 3 &&
		 i < h->supply->n) {
		h->supply->jobs[i]->told->fetched = have;
		h->supply->jobs[i]->told->to_fetch = total;
	}
}

void supply_end(struct supply *s, int signal)
{
	if (!supply_is_on(s))
		return;
	s->ended = true;
	child_signal(&s->child, signal);
}

/* Those of whom it has said nothing before it ended. */
static void give_up(const struct hearing *h)
{
	const struct supply *s = h->supply;
	autofree char *how = proc_words(s->child.status);

	for (size_t i = 0; i < s->n && !s->ended; i++) {
		autofree char *why = text_of("its source was not fetched: the process that fetches "
					     "has ended (%s): try again",
					     how ? how : "?");

		hear_of(h, i, 0, NULL, why ? why : "its source was not fetched");
	}
}

void supply_hear(struct supply *s, void (*changed)(void *arg, struct job *j),
		 void (*said)(void *arg, char *line), void *arg)
{
	struct hearing h = { s, changed, arg };

	if (!s->child.pid)
		return;
	child_hear(&s->child.events, understand, &h);
	child_hear(&s->child.said, said, arg);
	if (child_is_over(&s->child))
		give_up(&h);
}
