// SPDX-License-Identifier: GPL-2.0-or-later
/* `xsysfs fetch`: the sources of packages, without building them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "builder/fetch_verb.h"
#include "builder/recipeset.h"
#include "builder/screen.h"
#include "builder/shelf.h"
#include "builder/source.h"
#include "builder/verbs.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

struct fetching {
	struct story story;
	struct screen *screen;
	struct strv paths;
};

static void fetching_release(struct fetching *f)
{
	screen_free(f->screen);
	story_release(&f->story);
	strv_release(&f->paths);
}

static void got(void *arg, size_t i, const char *path)
{
	struct fetching *f = arg;

	strv_add(&f->paths, path);
	story_end(&f->story, &f->story.packages[i], STORY_BUILT, NULL);
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
		r = story_add(&f->story, recipes[i]->name, recipes[i]->version, &recipes[i]->needs);
	for (size_t i = 0; i < f->story.n; i++)
		f->story.packages[i].state = STORY_FETCHING;
	return r == 0 ? screen_new(&f->screen, &f->story, STDERR_FILENO, false) : r;
}

int fetch_and_show(const struct options *o, const struct recipe *const *recipes, size_t n)
{
	cleanup(fetching_release) struct fetching f = { 0 };
	const struct source_events events = { got, failed, progress, &f };
	struct source_ways ways = source_ways(o);
	int r = begin(&f, recipes, n);

	if (r < 0)
		return log_errno(r, "cannot fetch");
	log_redirect(say_above, f.screen);
	r = source_get_all(&ways, recipes, n, &events);
	log_redirect(NULL, NULL);
	source_release(&ways);
	screen_free(f.screen);
	f.screen = NULL;
	strv_foreach (path, &f.paths)
		puts(*path);
	return r;
}

static int fetch_set(const struct options *o, const struct recipeset *set)
{
	autofree const struct recipe **recipes = calloc(set->order.n + 1, sizeof(*recipes));

	if (!recipes)
		return log_errno(-ENOMEM, "cannot fetch");
	for (size_t i = 0; i < set->order.n; i++)
		recipes[i] = recipeset_find(set, set->order.v[i]);
	return fetch_and_show(o, recipes, set->order.n);
}

static int verify(const struct options *o)
{
	autostrv struct strv bad = { 0 };
	size_t n = 0;
	int r = shelf_verify(&o->places, &bad, &n);

	if (r < 0)
		return log_errno(r, "cannot read '%s'", o->places.sources);
	strv_foreach (path, &bad)
		log_error(
			"'%s' has changed since it was downloaded (it will not be used; remove it)",
			*path);
	log_note("%zu files in '%s', %zu of them bad", n, o->places.sources, bad.n);
	return bad.n ? -EBADMSG : 0;
}

int verb_fetch(struct options *o)
{
	cleanup(recipeset_release) struct recipeset set = { 0 };
	char *why = NULL;
	int r;

	if (!o->n_args && !o->verify) {
		log_error("fetch wants the name of a package (or --verify)");
		return 2;
	}
	if (o->verify && verify(o) < 0)
		return 1;
	r = recipeset_load(&set, o->places.recipes, NULL, o->args, &why);
	if (r < 0)
		return why_log(why, 1);
	return o->n_args && fetch_set(o, &set) != 0;
}
