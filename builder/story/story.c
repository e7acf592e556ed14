// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/story/story.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "fs/base/cleanup.h"

const char *const story_words[STORY_STATES] = {
	[STORY_WAITING] = "waiting", [STORY_FETCHING] = "fetching",
	[STORY_READY] = "ready",     [STORY_RUNNING] = "running",
	[STORY_BUILT] = "built",     [STORY_SAME] = "same",
	[STORY_FAILED] = "failed",   [STORY_UP_TO_DATE] = "up-to-date",
	[STORY_SKIPPED] = "skipped", [STORY_INTERRUPTED] = "interrupted",
};

static void package_release(struct story_package *p)
{
	for (size_t i = 0; i < p->n_spans; i++)
		free(p->spans[i].what);
	free(p->spans);
	free(p->name);
	free(p->version);
	free(p->log);
	free(p->why);
	strv_release(&p->needs);
}

void story_release(struct story *s)
{
	for (size_t i = 0; i < s->n; i++)
		package_release(&s->packages[i]);
	free(s->packages);
	free(s->by_name);
	free(s->board);
	*s = (struct story){ 0 };
}

int story_init(struct story *s, const char *board, int jobs)
{
	*s = (struct story){ .board = strdup(board), .jobs = jobs, .end = -1 };
	s->cores = jobs < get_nprocs() ? jobs : get_nprocs();
	s->start_time = time(NULL);
	clock_gettime(CLOCK_MONOTONIC, &s->start);
	return s->board ? 0 : -ENOMEM;
}

double story_now(const struct story *s)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - s->start.tv_sec) + (now.tv_nsec - s->start.tv_nsec) / 1e9;
}

/* Where in `by_name` it is, or would be. */
static size_t place_of(const struct story *s, const char *name)
{
	size_t from = 0, to = s->n;

	while (from < to) {
		size_t mid = (from + to) / 2;

		if (strcmp(s->packages[s->by_name[mid]].name, name) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

int story_add(struct story *s, const char *name, const char *version, const struct strv *needs)
{
	struct story_package *all = reallocarray(s->packages, s->n + 1, sizeof(*all));
	struct story_package new = { .expected = -1 };
	size_t *by_name, at;

	if (all)
		s->packages = all;
	by_name = all ? reallocarray(s->by_name, s->n + 1, sizeof(*by_name)) : NULL;
	if (!by_name)
		return -ENOMEM;
	s->by_name = by_name;
	new.name = strdup(name);
	new.version = strdup(version);
	if (!new.name || !new.version || strv_add_all(&new.needs, needs) < 0) {
		package_release(&new);
		return -ENOMEM;
	}
	at = place_of(s, name);
	while (at < s->n && strcmp(s->packages[by_name[at]].name, name) == 0)
		at++; /* of two of one name the first is found */
	memmove(by_name + at + 1, by_name + at, (s->n - at) * sizeof(*by_name));
	by_name[at] = s->n;
	all[s->n++] = new;
	return 0;
}

struct story_package *story_find(const struct story *s, const char *name)
{
	size_t at = place_of(s, name);
	struct story_package *p = at < s->n ? &s->packages[s->by_name[at]] : NULL;

	return p && strcmp(p->name, name) == 0 ? p : NULL;
}

static struct story_span *open_span(const struct story_package *p)
{
	struct story_span *last = p->n_spans ? &p->spans[p->n_spans - 1] : NULL;

	return last && last->end < 0 ? last : NULL;
}

const struct story_span *story_span_now(const struct story_package *p)
{
	return open_span(p);
}

int story_phase(struct story *s, struct story_package *p, const char *what)
{
	struct story_span *all = reallocarray(p->spans, p->n_spans + 1, sizeof(*all));
	struct story_span *before;
	autofree char *copy = strdup(what);
	double now = story_now(s);

	if (all)
		p->spans = all;
	if (!all || !copy)
		return -ENOMEM;
	before = open_span(p);
	if (before)
		before->end = now;
	p->spans[p->n_spans++] =
		(struct story_span){ .what = take_ptr(copy), .begin = now, .end = -1 };
	p->state = STORY_RUNNING;
	return 0;
}

void story_end(struct story *s, struct story_package *p, enum story_state state, const char *why)
{
	struct story_span *span = open_span(p);

	if (span)
		span->end = story_now(s);
	p->state = state;
	if (why) {
		free(p->why);
		p->why = strdup(why);
	}
}

double story_seconds(const struct story *s, const struct story_package *p)
{
	double sum = 0;

	for (size_t i = 0; i < p->n_spans; i++)
		sum += (p->spans[i].end < 0 ? story_now(s) : p->spans[i].end) - p->spans[i].begin;
	return sum;
}

char *story_summary(const struct story *s)
{
	static const enum story_state order[] = {
		STORY_BUILT,   STORY_SAME,	  STORY_FAILED,
		STORY_SKIPPED, STORY_INTERRUPTED, STORY_UP_TO_DATE
	};
	autostrv struct strv parts = { 0 };
	size_t counts[STORY_STATES] = { 0 };

	for (size_t i = 0; i < s->n; i++)
		counts[s->packages[i].state]++;
	if (counts[STORY_UP_TO_DATE] == s->n)
		return strdup("");
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (counts[order[i]] &&
		    strv_addf(&parts, "%zu %s", counts[order[i]], story_words[order[i]]) < 0)
			return NULL;
	return strv_join(&parts, ", ");
}

bool story_is_over(const struct story_package *p)
{
	return p->state >= STORY_BUILT;
}

bool story_is_download(const struct story_package *p)
{
	return p->state == STORY_FETCHING && p->fetched;
}
