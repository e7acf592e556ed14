// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/story/fetch_shown.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "builder/base/why.h"
#include "builder/story/screen.h"
#include "builder/story/story.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

/* What happens to downloads that are waited for, and how far they are, for who watches. */
struct watch {
	struct story story;
	struct screen *screen;
	int r; /* of the first that failed */
	char **why;
};

struct watched {
	struct watch *watch;
	struct story_package *told;
};

static void watched_done(void *arg, int r, char *why)
{
	const struct watched *one = arg;
	struct watch *w = one->watch;

	one->told->state = r < 0 ? STORY_FAILED : STORY_UP_TO_DATE;
	if (r == 0 || w->r < 0) {
		free(why);
		return;
	}
	w->r = r;
	*w->why = why;
}

static void watched_progress(void *arg, uint64_t have, uint64_t total)
{
	const struct watched *one = arg;

	one->told->fetched = have;
	one->told->to_fetch = total;
	screen_tick(one->watch->screen);
}

static int tell_of(struct watch *w, const struct fetch_order *orders, size_t n)
{
	struct strv none = { 0 };
	int r = story_init(&w->story, "", 1);

	for (size_t i = 0; i < n && r == 0; i++)
		r = story_add(&w->story, orders[i].name, "", &none);
	return r == 0 ? screen_new(&w->screen, &w->story, STDERR_FILENO, false) : r;
}

int fetch_shown(struct fetcher *f, const struct fetch_order *orders, size_t n, char **why)
{
	struct watch w = { .why = why };
	autofree struct watched *all = calloc(n + 1, sizeof(*all));
	int r = all ? tell_of(&w, orders, n) : -ENOMEM;

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct fetch_events events = { watched_done, watched_progress, &all[i] };

		all[i] = (struct watched){ &w, &w.story.packages[i] };
		all[i].told->state = STORY_FETCHING;
		r = fetch_start(f, &orders[i], &events);
	}
	if (all) /* also those that were started before one could not be */
		fetch_run(f);
	screen_free(w.screen);
	story_release(&w.story);
	if (r < 0 && w.r == 0)
		why_errno(why, r, "%s", n ? orders[0].name : "");
	return r < 0 ? r : w.r;
}

/* ---- of recipes ---- */

struct fetching {
	struct story story;
	struct screen *screen;
	struct strv paths; /* of those that were got; or else: */
	json_t *rows;	   /* lent */
	int r;
};

static void fetching_release(struct fetching *f)
{
	screen_free(f->screen);
	story_release(&f->story);
	strv_release(&f->paths);
}

static void keep_path(struct fetching *f, const struct story_package *p, const char *path)
{
	if (!f->rows)
		f->r = strv_add(&f->paths, path);
	else if (json_array_append_new(f->rows,
				       json_pack("{s:s, s:s, s:o}", "package", p->name, "version",
						 p->version, "path", json_of_bytes(path))) < 0)
		f->r = -ENOMEM;
}

static void got(void *arg, size_t i, size_t source, const char *path)
{
	struct fetching *f = arg;
	struct story_package *p = &f->story.packages[i];

	(void)source;
	if (*path) /* there is one */
		keep_path(f, p, path);
	story_end(&f->story, p, STORY_BUILT, NULL);
}

static void failed(void *arg, size_t i, const char *why)
{
	struct fetching *f = arg;

	log_error("%s", why);
	story_end(&f->story, &f->story.packages[i], STORY_FAILED, why);
}

static void progress(void *arg, size_t i, uint64_t have, uint64_t total)
{
	struct fetching *f = arg;

	f->story.packages[i].fetched = have;
	f->story.packages[i].to_fetch = total;
	screen_tick(f->screen);
}

static void say_above(void *screen, const char *line)
{
	screen_say(screen, line);
}

static int begin(struct fetching *f, const struct recipe *const *recipes, size_t n)
{
	int r = story_init(&f->story, "", 1);

	for (size_t i = 0; i < n && r == 0; i++)
		r = story_add(&f->story, recipes[i]->node, recipes[i]->version, &recipes[i]->needs);
	for (size_t i = 0; i < f->story.n; i++)
		f->story.packages[i].state = STORY_FETCHING;
	return r == 0 ? screen_new(&f->screen, &f->story, STDERR_FILENO, false) : r;
}

int fetch_shown_all(struct source_ways *w, const struct recipe *const *recipes, size_t n,
		    json_t *rows)
{
	cleanup(fetching_release) struct fetching f = { .rows = rows };
	const struct source_events events = { got, failed, progress, &f };
	int r = begin(&f, recipes, n);

	if (r < 0)
		return log_errno(r, "cannot fetch");
	log_redirect(say_above, f.screen);
	r = source_get_all(w, recipes, n, &events);
	log_redirect(NULL, NULL);
	screen_free(f.screen);
	f.screen = NULL;
	strv_foreach (path, &f.paths)
		puts(*path);
	return f.r < 0 ? log_errno(f.r, "cannot list what was fetched") : r;
}
