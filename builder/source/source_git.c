// SPDX-License-Identifier: GPL-2.0-or-later
/* Sources from git, in processes of its own. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/source/errand.h"
#include "builder/source/gitsource.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

#define GITS_AT_ONCE 4

/* So that who ends us ends the gits that we started. */
static void end_group(int signal_number)
{
	signal(signal_number, SIG_DFL);
	kill(0, signal_number);
}

static int run_git(void *arg, int events)
{
	const struct errand *e = arg;
	const struct recipe_source *source = errand_source(e);
	const struct gitsource g = {
		.sources = e->ways->places->sources,
		.url = source->git,
		.commit = source->commit,
		.file = source->file,
		.most = source->size,
		.patience = e->ways->fetcher.patience,
		.without_submodules = source->without_submodules,
	};
	autofree char *path = NULL;
	autofree char *why = NULL;
	int r;

	signal(SIGTERM, end_group);
	r = gitsource_get(&g, &path, &why);
	dprintf(events, "%s\n", r < 0 ? why ? why : strerror(-r) : path);
	return r < 0;
}

static void hear_answer(void *arg, char *line)
{
	struct errand *e = arg;

	if (!e->answer)
		e->answer = strdup(line);
}

static void hear_talk(void *arg, char *line)
{
	(void)arg;
	log_note("%s", line);
}

static void begin(struct errand *e)
{
	autofree char *host = gitsource_host(errand_source(e)->git);
	int r;

	log_note("fetching '%s' with git from %s", errand_source(e)->file, host ? host : "");
	r = child_start(&e->git, run_git, e);
	if (r < 0)
		e->answer = strdup(strerror(-r));
}

/* Not begun is what has neither a process nor an answer. */
static bool is_waiting(const struct errand *e)
{
	return !e->git.pid && !e->answer;
}

static bool is_over(struct errand *e)
{
	if (!e->git.pid)
		return e->answer;
	child_hear(&e->git.events, hear_answer, e);
	child_hear(&e->git.said, hear_talk, e);
	return child_is_over(&e->git);
}

static void end(struct errand *e)
{
	bool good = e->git.pid && e->git.status == 0;
	char *answer = take_ptr(e->answer);

	child_release(&e->git);
	e->git = (struct child){ 0 };
	if (good)
		errand_has_archive(e, answer);
	else
		errand_give_up(e, errand_source(e)->line, "fetch", -EIO,
			       answer ? answer : strdup("its git was ended"));
}

/* For fetch_run: look after those that run, begin those that wait. */
bool errand_look_after_gits(void *arg)
{
	struct source_ways *w = arg;
	struct errand *over = NULL;
	int running = 0;

	for (struct errand **at = &w->git; *at;) {
		struct errand *e = *at;

		if (is_waiting(e) && running < GITS_AT_ONCE)
			begin(e);
		if (!is_waiting(e) && is_over(e)) {
			*at = e->next;
			e->next = over;
			over = e;
			continue;
		}
		running++;
		at = &e->next;
	}
	while (over) { /* which may begin others */
		struct errand *e = over;

		over = e->next;
		end(e);
	}
	return w->git;
}
