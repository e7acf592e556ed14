// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/source/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/why.h"
#include "builder/source/errand.h"
#include "builder/source/shelf.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"

static void errand_free(struct errand *e)
{
	child_release(&e->git);
	free(e->dir);
	free(e->file);
	free(e->path);
	free(e->answer);
	free(e);
}

static void try_next(struct errand *e, char *problem);

/* This source will not do; `why` is taken. */
void errand_give_up(struct errand *e, unsigned line, const char *verb, int r, char *why)
{
	const struct recipe_source *source = errand_source(e);
	autofree char *reason = why;
	char *problem = NULL;

	why_set(&problem, r, "%s:%u: cannot %s %s %s%s%s: %s", e->recipe->path, line, verb,
		e->recipe->name, e->recipe->version, *source->word ? " from " : "", source->word,
		reason ? reason : strerror(-r));
	e->at++;
	try_next(e, problem);
}

void errand_succeed(struct errand *e)
{
	if (e->events->got)
		e->events->got(e->events->arg, e->i, e->at, e->path);
	errand_free(e);
}

/* The archive is there; `path` is taken. */
void errand_has_archive(struct errand *e, char *path)
{
	free(e->path);
	e->path = path;
	if (!path)
		errand_give_up(e, errand_source(e)->line, "fetch", -ENOMEM, NULL);
	else if (errand_source(e)->sig)
		errand_check_signature(e);
	else
		errand_succeed(e);
}

static void arrived(void *arg, int r, char *why)
{
	struct errand *e = arg;

	if (r < 0)
		errand_give_up(e, errand_source(e)->line, "fetch", r, why);
	else
		errand_has_archive(e, places_join(e->dir, e->file));
}

static void on_its_way(void *arg, uint64_t have, uint64_t total)
{
	const struct errand *e = arg;

	if (e->events->progress)
		e->events->progress(e->events->arg, e->i, have, total);
}

void source_release(struct source_ways *w)
{
	fetch_release(&w->fetcher);
	aptsource_release(&w->apt);
}

/* The URL and the file's name of a source; both are the caller's. */
static int resolve(struct source_ways *w, const struct recipe_source *source, char **url,
		   char **file, char **why)
{
	autostrv struct strv words = { 0 };
	int r;

	if (!source->debian) {
		*url = strdup(source->url);
		*file = strdup(source->file);
		return *url && *file ? 0 : why_errno(why, -ENOMEM, "%s", source->url);
	}
	r = strv_split(&words, source->debian, " \t");
	if (r < 0)
		return why_errno(why, r, "%s", source->debian);
	return aptsource_find(&w->apt, w->places->home, words.v[0], words.v[1], url, file, why);
}

static int start_errand(struct errand *e, char **why)
{
	const struct recipe_source *source = errand_source(e);
	const struct fetch_events events = { arrived, on_its_way, e };
	autofree char *url = NULL;
	int r;

	free(e->dir);
	free(e->file);
	e->dir = e->file = NULL;
	if (e->ways->offline)
		return why_set(why, -ENETDOWN, "'%s' is not at hand, and this is --offline",
			       source->file ? source->file : source->debian);
	if (source->git) {
		e->next = e->ways->git;
		e->ways->git = e;
		return 0;
	}
	r = resolve(e->ways, source, &url, &e->file, why);
	if (r < 0)
		return r;
	e->dir = shelf_folder(e->ways->places, source->sha256);
	r = e->dir ? io_mkdir_p(AT_FDCWD, e->dir, 0755) : -ENOMEM;
	if (r < 0)
		return why_errno(why, r, "cannot make '%s'", e->dir ?: e->file);
	r = fetch_start(&e->ways->fetcher,
			&(struct fetch_order){ .url = url,
					       .dir = e->dir,
					       .name = e->file,
					       .sha256 = source->sha256,
					       .size = source->size },
			&events);
	return r < 0 ? why_errno(why, r, "cannot fetch '%s'", e->file) : 0;
}

/* The source at e->at; `problem` is what the one before had, and is freed. */
static void try_next(struct errand *e, char *problem)
{
	autofree char *reason = problem;
	char *why = NULL;
	int r;

	if (e->at == e->recipe->n_sources) {
		++*e->failed;
		if (e->events->failed)
			e->events->failed(e->events->arg, e->i, reason ? reason : "no memory");
		errand_free(e);
		return;
	}
	if (reason)
		log_warn("%s, trying the next source", reason);
	r = start_errand(e, &why);
	if (r < 0)
		arrived(e, r, why);
}

/* The first source that is at hand: 1, with its index in `*at`. */
static int look_for(const struct places *places, const struct recipe *recipe, size_t *at,
		    char **path)
{
	int r = 0;

	for (*at = 0; *at < recipe->n_sources; ++*at) {
		r = shelf_look_source(places, &recipe->sources[*at], path);
		if (r != 0)
			return r;
	}
	*at = 0;
	return 0;
}

int source_get_all(struct source_ways *w, const struct recipe *const *recipes, size_t n,
		   const struct source_events *events)
{
	int failed = 0;

	w->fetcher.meanwhile = errand_look_after_gits;
	w->fetcher.meanwhile_arg = w;
	for (size_t i = 0; i < n; i++) {
		char *path = NULL;
		size_t at = 0;
		int r = look_for(w->places, recipes[i], &at, &path);
		struct errand *e = r >= 0 ? calloc(1, sizeof(*e)) : NULL;

		if (e) {
			*e = (struct errand){ w, events, recipes[i], i, at, .failed = &failed };
			if (r > 0)
				errand_has_archive(e, path);
			else
				try_next(e, NULL);
			continue;
		}
		free(path);
		failed++;
		if (events->failed)
			events->failed(events->arg, i, strerror(r < 0 ? -r : ENOMEM));
	}
	fetch_run(&w->fetcher);
	return failed;
}
