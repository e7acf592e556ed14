// SPDX-License-Identifier: GPL-2.0-or-later
/* What is built: from its token to what it came to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "builder/build/schedule_inside.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

/* The one to start: of those that can be, what most waits for. */
struct job *schedule_next(const struct schedule *s)
{
	struct job *best = NULL;

	for (size_t i = 0; i < s->n; i++) {
		struct job *j = &s->v[i];

		if (j->state == JOB_DUE && j->archive && (!best || j->urgency > best->urgency))
			best = j;
	}
	return best;
}

/* The pipes of those that run, as many as s->n_running; the caller frees. NULL: no memory. */
static struct jobpipe **running_pipes(const struct schedule *s)
{
	struct jobpipe **pipes = calloc(s->n_running + 1, sizeof(*pipes));
	size_t n = 0;

	for (size_t i = 0; pipes && i < s->n && n < s->n_running; i++)
		if (s->v[i].state == JOB_RUNNING)
			pipes[n++] = &s->v[i].jobs;
	return pipes;
}

static int take_token(struct schedule *s)
{
	autofree struct jobpipe **pipes = running_pipes(s);

	return pipes ? jobserver_take(s->jobs, pipes, s->n_running) : -ENOMEM;
}

void schedule_deal_tokens(struct schedule *s)
{
	autofree struct jobpipe **pipes = running_pipes(s);

	if (pipes)
		jobserver_deal(s->jobs, pipes, s->n_running);
}

/* Returns whether one is left for which there was no token. */
bool schedule_start_jobs(struct schedule *s)
{
	struct job *j;

	while (!s->stopping && (!s->most || s->n_running < s->most) && (j = schedule_next(s))) {
		if (take_token(s) < 0)
			return true;
		if (job_start(j, j->ways) < 0) {
			jobpipe_close(&j->jobs, s->jobs);
			jobserver_put(s->jobs);
			schedule_end(s, j, STORY_FAILED, "it cannot be started");
			continue;
		}
		j->state = JOB_RUNNING;
		j->has_token = true;
		s->n_running++;
		story_phase(s->story, j->told, "start");
		schedule_changed(s, j);
	}
	return false;
}

/* It has been installed: see what it came to. */
static void succeed(struct schedule *s, struct job *j)
{
	const struct recipe *recipe = j->recipe;
	const char *after;
	bool same;

	if (j->ways->aside) {
		schedule_end(s, j, STORY_BUILT, NULL);
		if (!j->aside || strv_addf(s->aside, "%s %s", recipe->name, j->aside) < 0)
			s->stopping = true;
		return;
	}
	schedule_refresh(s, j, recipe->name);
	if (j->taken) {
		schedule_say(s, "%s %s: built by another 'xsysfs build'", recipe->node,
			     recipe->version);
		schedule_end(s, j, STORY_UP_TO_DATE, "built by another");
		return;
	}
	after = installed_layer(j->installed, recipe->name);
	same = j->before && after && strcmp(j->before, after) == 0;
	schedule_end(s, j, same ? STORY_SAME : STORY_BUILT, NULL);
	schedule_say(s, "%s %s: built in %.1f s%s", recipe->node, recipe->version,
		     story_seconds(s->story, j->told), same ? ", byte for byte as before" : "");
}

void schedule_give_back(struct schedule *s, struct job *j)
{
	if (j->has_token)
		jobserver_put(s->jobs);
	j->has_token = false;
}

/* Of all that it sees. */
static bool refresh_needs(struct schedule *s, const struct job *j)
{
	return schedule_refresh(s, j, NULL) &&
	       (!j->n_tools || schedule_refresh(s, j->tools[0], NULL));
}

void schedule_finish(struct schedule *s, struct job *j)
{
	bool done = WIFEXITED(j->child.status) && WEXITSTATUS(j->child.status) == 0;

	s->n_running--;
	schedule_give_back(s, j);
	jobpipe_close(&j->jobs, s->jobs);
	if (done)
		succeed(s, j);
	else if (s->signal)
		schedule_end(s, j, STORY_INTERRUPTED, NULL);
	else if (!j->ways->aside && refresh_needs(s, j) && job_is_stale(j))
		schedule_say(
			s, "%s %s: what it needs has been installed anew meanwhile: looking again",
			j->recipe->node, j->recipe->version);
	else
		schedule_end(s, j, STORY_FAILED, "see its log");
	child_release(&j->child);
	schedule_decide(s);
}
