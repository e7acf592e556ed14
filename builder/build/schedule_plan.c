// SPDX-License-Identifier: GPL-2.0-or-later
/* What is to be done, and what has become of it. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/base/why.h"
#include "builder/build/reuse.h"
#include "builder/build/schedule_inside.h"
#include "builder/story/screen.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/text.h"

#define UNKNOWN_SECONDS 20.0 /* of a package that was never built */

/* What a person waits for goes to stdout; on a terminal, above the live view. */
void schedule_say(const struct schedule *s, const char *fmt, ...)
{
	autofree char *text = NULL;
	char *rest, *line;
	va_list ap;

	va_start(ap, fmt);
	text = text_of_list(fmt, ap);
	va_end(ap);
	if (!text)
		return;
	if (!s->screen || !isatty(STDOUT_FILENO)) {
		puts(text);
		fflush(stdout);
		return;
	}
	for (rest = text; (line = strsep(&rest, "\n"));)
		screen_say(s->screen, line);
}

void schedule_changed(struct schedule *s, const struct job *j)
{
	if (s->screen)
		screen_changed(s->screen, j->told);
}

void schedule_end(struct schedule *s, struct job *j, enum story_state state, const char *why)
{
	j->state = JOB_OVER;
	if (job_set_layer(j, installed_layer(j->installed, j->recipe->name)) < 0)
		s->stopping = true;
	story_end(s->story, j->told, state, why);
	if (state == STORY_FAILED) {
		s->n_failed++;
		s->stopping = s->stopping || !s->keep_going;
	}
	schedule_changed(s, j);
}

/* From the last to the first: who waits for it has been here before. */
static void set_urgencies(struct schedule *s)
{
	for (size_t i = s->n; i-- > 0;) {
		struct job *j = &s->v[i];

		j->urgency += j->told->expected < 0 ? UNKNOWN_SECONDS : j->told->expected;
		for (size_t k = 0; k < j->n_needs; k++)
			if (j->needs[k]->urgency < j->urgency)
				j->needs[k]->urgency = j->urgency;
	}
}

/* 1 when all that it needs is installed, 0 when something is still to come, -ECANCELED when that
 * will never be (`*whom`). */
static int needs_are_over(const struct job *j, const char **whom)
{
	int r = 1;

	for (size_t i = 0; i < j->n_needs; i++) {
		const struct job *other = j->needs[i];

		if (other->state != JOB_OVER) {
			r = 0;
		} else if (other->told->state == STORY_FAILED ||
			   other->told->state == STORY_SKIPPED) {
			*whom = other->recipe->node;
			return -ECANCELED;
		}
	}
	return r;
}

static void decide(struct schedule *s, struct job *j)
{
	const struct recipe *recipe = j->recipe;
	int r = job_decide(j, j->ways, j->installed);

	if (r < 0) {
		schedule_end(s, j, STORY_FAILED, "its inputs cannot be read");
	} else if (r > 0) {
		if (!s->quiet)
			schedule_say(s, "%s %s: up to date", recipe->node, recipe->version);
		schedule_end(s, j, STORY_UP_TO_DATE, NULL);
	} else {
		autofree char *why = job_explain(j, j->ways, j->installed);

		j->state = JOB_DUE;
		if (s->explain && why)
			schedule_say(s, "%s %s: %s", recipe->node, recipe->version, why);
		j->told->state = j->archive ? STORY_READY : STORY_FETCHING;
		free(j->told->why);
		j->told->why = take_ptr(why);
		schedule_changed(s, j);
	}
}

/* In the order of needs, so that one pass finds all that can be decided. */
void schedule_decide(struct schedule *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct job *j = &s->v[i];
		autofree char *why = NULL;
		const char *whom = NULL;
		int r = j->state == JOB_OPEN ? needs_are_over(j, &whom) : 0;

		if (r > 0)
			decide(s, j);
		if (r != -ECANCELED)
			continue;
		why = text_of("'%s' failed", whom);
		log_note("%s %s: not built: %s", j->recipe->node, j->recipe->version,
			 why ? why : "");
		schedule_end(s, j, STORY_SKIPPED, why);
	}
}

int schedule_init(struct schedule *s)
{
	s->v = calloc(s->set->order.n + 1, sizeof(*s->v));
	if (!s->v)
		return log_errno(-ENOMEM, "cannot plan");
	strv_foreach (node, &s->set->order) {
		struct job *j = &s->v[s->n++];
		const struct schedule_side *side;

		job_init(j, s->set, *node, story_find(s->story, *node));
		side = &s->sides[j->recipe->is_native];
		j->ways = side->ways;
		j->installed = side->installed;
		j->forced = s->forced && strv_has(s->forced, *node);
		j->told->log = package_log_folder(j->ways, j->recipe->name);
		if (!j->told->log)
			return log_errno(-ENOMEM, "%s", *node);
	}
	if (job_link(s->v, s->n, &s->set->graph) < 0)
		return log_errno(-ENOMEM, "cannot plan");
	set_urgencies(s);
	schedule_decide(s);
	return 0;
}

void schedule_release(struct schedule *s)
{
	for (size_t i = 0; i < s->n; i++)
		job_release(&s->v[i]);
	free(s->v);
	supply_release(&s->supply);
}

static bool is_new(const struct job *j)
{
	return !installed_layer(j->installed, j->recipe->name);
}

/* Of those that it sees, the one that decides: what was never built, since no build can have seen
 * it; else what is due; else what waits for something itself. NULL: none. */
static const struct job *decider(const struct job *j)
{
	const struct job *found = NULL;

	for (size_t i = 0; i < j->n_sees + j->n_tools; i++) {
		const struct job *other = job_seen(j, i);

		if (other->state == JOB_OVER)
			continue;
		if (is_new(other))
			return other;
		if (!found || (found->state == JOB_OPEN && other->state == JOB_DUE))
			found = other;
	}
	return found;
}

enum plan { PLAN_NOTHING, PLAN_TAKE, PLAN_BUILD, PLAN_MAYBE };

/* What would become of it, and for which other package (NULL: none). */
static enum plan plan_of(const struct job *j, const struct job **other)
{
	*other = NULL;
	if (j->state == JOB_OVER)
		return PLAN_NOTHING;
	if (j->state == JOB_DUE)
		return j->reuse ? PLAN_TAKE : PLAN_BUILD;
	if (!is_new(j))
		*other = decider(j);
	return !*other || is_new(*other) ? PLAN_BUILD : PLAN_MAYBE;
}

static void show(const struct schedule *s, const struct job *j)
{
	const struct job *other;
	enum plan plan = plan_of(j, &other);
	const char *name = j->recipe->node, *version = j->recipe->version;

	if (plan == PLAN_TAKE)
		schedule_say(s, "%s %s: would be taken: its layer is on disk", name, version);
	else if (plan == PLAN_MAYBE)
		schedule_say(s, "%s %s: would be built, if '%s' changes", name, version,
			     other->recipe->node);
	else if (plan == PLAN_BUILD && other)
		schedule_say(s, "%s %s: would be built, with '%s', which is new", name, version,
			     other->recipe->node);
	else if (plan == PLAN_BUILD)
		schedule_say(s, "%s %s: would be built%s", name, version,
			     s->explain && j->state != JOB_DUE && is_new(j) ? ": not installed"
									    : "");
}

void schedule_show(const struct schedule *s)
{
	for (size_t i = 0; i < s->n; i++)
		show(s, &s->v[i]);
}

int schedule_rows(const struct schedule *s, json_t *rows)
{
	static const char *const words[] = { "none", "take", "build", "maybe" };

	for (size_t i = 0; i < s->n; i++) {
		const struct job *j = &s->v[i], *other;
		enum plan plan = plan_of(j, &other);
		const char *why = plan == PLAN_NOTHING ? NULL : j->told->why;
		json_t *row = json_pack("{s:s, s:b, s:s, s:s, s:s?, s:o?}", "package",
					j->recipe->name, "native", j->recipe->is_native, "version",
					j->recipe->version, "action", words[plan], "because",
					other ? other->recipe->node : NULL, "why",
					why ? json_of_bytes(why) : NULL);

		if (!row || json_array_append_new(rows, row) < 0)
			return log_errno(-ENOMEM, "%s", j->recipe->node);
	}
	return 0;
}

bool schedule_refresh(struct schedule *s, const struct job *j, const char *package)
{
	char *why = NULL;
	int r = installed_refresh(j->installed, j->ways->places, target_where(j->ways->target),
				  package, &why);

	if (r < 0) {
		why_log_of(why, r, j->recipe->node);
		s->stopping = true;
	}
	return r == 0;
}

/* What is due and was built before. One that does not fit any more is built. */
void schedule_take_layers(struct schedule *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct job *j = &s->v[i];
		autofree char *layer = NULL;

		if (j->state != JOB_DUE || !j->reuse)
			continue;
		layer = take_ptr(j->reuse);
		if (reuse_take(j->ways, layer) < 0 || !schedule_refresh(s, j, j->recipe->name))
			continue;
		schedule_say(s, "%s %s: built before: '%s' is taken", j->recipe->node,
			     j->recipe->version, layer);
		schedule_end(s, j, STORY_UP_TO_DATE, "built before");
		schedule_decide(s);
	}
}

/* A package that is due and has no source can only fail. */
void schedule_end_lacking(struct schedule *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct job *j = &s->v[i];

		if (j->state != JOB_DUE || !j->lacking)
			continue;
		log_error("%s %s: %s", j->recipe->node, j->recipe->version, j->lacking);
		schedule_end(s, j, STORY_FAILED, j->lacking);
	}
}
