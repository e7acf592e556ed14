// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/fetch_shown.h"

#include <unistd.h>

#include "builder/screen.h"
#include "builder/story.h"
#include "builder/why.h"

/* What happened to a download that is waited for, and how far it is, for who watches. */
struct single {
	struct story story;
	struct screen *screen;
	int r;
	char **why;
};

static void single_done(void *arg, int r, char *why)
{
	struct single *s = arg;

	s->r = r;
	*s->why = why;
}

static void single_progress(void *arg, uint64_t have, uint64_t total)
{
	struct single *s = arg;

	s->story.packages[0].fetched = have;
	s->story.packages[0].to_fetch = total;
	screen_tick(s->screen);
}

int fetch_shown(struct fetcher *f, const char *url, const char *dir, const char *file,
		const char *sha256, char **why)
{
	struct single s = { .why = why };
	const struct fetch_events events = { single_done, single_progress, &s };
	struct strv none = { 0 };
	int r = story_init(&s.story, "", 1);

	if (r == 0)
		r = story_add(&s.story, file, "", &none);
	if (r == 0)
		r = screen_new(&s.screen, &s.story, STDERR_FILENO, false);
	if (r == 0) {
		s.story.packages[0].state = STORY_FETCHING;
		r = fetch_start(f, url, dir, file, sha256, &events);
	}
	if (r < 0)
		why_errno(why, r, "%s", file);
	else
		fetch_run(f);
	screen_free(s.screen);
	story_release(&s.story);
	return r < 0 ? r : s.r;
}
