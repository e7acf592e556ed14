// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/source.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/child.h"
#include "builder/gitsource.h"
#include "builder/shelf.h"
#include "builder/signature.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"

#define GITS_AT_ONCE 4

/* The way of one recipe through its sources. */
struct errand {
	struct source_ways *ways;
	const struct source_events *events;
	const struct recipe *recipe;
	size_t i;	  /* of the recipe */
	size_t at;	  /* its source that is tried */
	char *dir, *file; /* where to it goes */
	char *path;	  /* the archive, once it is there */
	int *failed;
	struct child git;    /* when the source is one */
	char *answer;	     /* of git: a path, or why there is none */
	struct errand *next; /* in ways->git */
};

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
static void check_signature(struct errand *e);

static const struct recipe_source *source_of(const struct errand *e)
{
	return &e->recipe->sources[e->at];
}

/* This source will not do; `why` is taken. */
static void give_up(struct errand *e, unsigned line, const char *verb, int r, char *why)
{
	const struct recipe_source *source = source_of(e);
	autofree char *reason = why;
	char *problem = NULL;

	why_set(&problem, r, "%s:%u: cannot %s %s %s%s%s: %s", e->recipe->path, line, verb,
		e->recipe->name, e->recipe->version, *source->word ? " from " : "", source->word,
		reason ? reason : strerror(-r));
	e->at++;
	try_next(e, problem);
}

static void succeed(struct errand *e)
{
	if (e->events->got)
		e->events->got(e->events->arg, e->i, e->path);
	errand_free(e);
}

/* The archive is there; `path` is taken. */
static void have_archive(struct errand *e, char *path)
{
	free(e->path);
	e->path = path;
	if (!path)
		give_up(e, source_of(e)->line, "fetch", -ENOMEM, NULL);
	else if (source_of(e)->sig)
		check_signature(e);
	else
		succeed(e);
}

static void arrived(void *arg, int r, char *why)
{
	struct errand *e = arg;

	if (r < 0)
		give_up(e, source_of(e)->line, "fetch", r, why);
	else
		have_archive(e, places_join(e->dir, e->file));
}

static void on_its_way(void *arg, uint64_t have, uint64_t total)
{
	const struct errand *e = arg;

	if (e->events->progress)
		e->events->progress(e->events->arg, e->i, have, total);
}

/* ---- signatures ---- */

/* 1 when it is good, 0 when `sig` is not there, or -errno with `*why`. */
static int try_signature(const struct errand *e, const char *sig, char **why)
{
	autofree char *note = NULL;
	int r;

	if (access(sig, R_OK) < 0)
		return 0;
	r = signature_check(e->path, sig, source_of(e)->key, &note, why);
	if (note)
		log_warn("%s:%u: %s", e->recipe->path, source_of(e)->sig_line, note);
	return r < 0 ? r : 1;
}

/* Where it is kept, SOURCES/SHA256/FILE.sig; the caller frees. */
static char *signature_path(const struct errand *e)
{
	autofree char *dir = shelf_folder(e->ways->places, source_of(e)->sha256);
	const char *name = strrchr(e->path, '/') + 1;
	char *path;

	return dir && asprintf(&path, "%s/%s" SHELF_SIG, dir, name) >= 0 ? path : NULL;
}

/* One that is at hand and bad is no reason to give up: what was downloaded may be better. */
static int signature_at_hand(const struct errand *e, const char *kept, char **why)
{
	autofree char *name = recipe_source_url_file(source_of(e)->sig);
	int r = try_signature(e, kept, why);

	if (r > 0 || r == -ENOENT)
		return r;
	strv_foreach (mirror, &e->ways->places->mirrors) {
		autofree char *path = name ? places_join(*mirror, name) : NULL;
		autofree char *other = NULL;
		int good = path ? try_signature(e, path, &other) : 0;

		if (good > 0)
			return good;
		if (good < 0)
			log_warn("'%s' is not used: %s", path, other ? other : strerror(-good));
	}
	return r;
}

static void signature_arrived(void *arg, int r, char *why)
{
	struct errand *e = arg;
	autofree char *kept = signature_path(e);

	if (r < 0) {
		give_up(e, source_of(e)->sig_line, "fetch the signature of", r, why);
		return;
	}
	r = kept ? try_signature(e, kept, &why) : -ENOMEM;
	if (r <= 0)
		give_up(e, source_of(e)->sig_line, "trust", r ?: -ENOENT, why);
	else
		succeed(e);
}

static void check_signature(struct errand *e)
{
	const struct fetch_events events = { signature_arrived, NULL, e };
	autofree char *kept = signature_path(e);
	autofree char *old = NULL;
	char *why = NULL;
	int r = kept ? signature_at_hand(e, kept, &old) : -ENOMEM;

	if (r > 0) {
		succeed(e);
		return;
	}
	if (r == -ENOENT || (r < 0 && e->ways->offline)) {
		give_up(e, source_of(e)->sig_line, "trust", r, take_ptr(old));
		return;
	}
	if (e->ways->offline) {
		why_set(&why, -ENETDOWN, "its signature is not at hand, and this is --offline");
		give_up(e, source_of(e)->sig_line, "trust", -ENETDOWN, why);
		return;
	}
	r = 0;
	if (kept) {
		char *slash = strrchr(kept, '/');

		*slash = '\0';
		r = io_mkdir_p(AT_FDCWD, kept, 0755);
		if (r == 0)
			r = fetch_start(&e->ways->fetcher, source_of(e)->sig, kept, slash + 1, NULL,
					&events);
	}
	if (!kept || r < 0)
		give_up(e, source_of(e)->sig_line, "fetch the signature of", kept ? r : -ENOMEM,
			NULL);
}

/* ---- git, in processes of its own ---- */

/* So that who ends us ends the gits that we started. */
static void end_group(int signal_number)
{
	signal(signal_number, SIG_DFL);
	kill(0, signal_number);
}

static int run_git(void *arg, int events)
{
	const struct errand *e = arg;
	const struct recipe_source *source = source_of(e);
	const struct gitsource g = {
		.sources = e->ways->places->sources,
		.url = source->git,
		.commit = source->commit,
		.file = source->file,
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

static void begin_git(struct errand *e)
{
	autofree char *host = gitsource_host(source_of(e)->git);
	int r;

	log_note("fetching '%s' with git from %s", source_of(e)->file, host ? host : "");
	r = child_start(&e->git, run_git, e);
	if (r < 0)
		e->answer = strdup(strerror(-r));
}

/* Not begun is what has neither a process nor an answer. */
static bool git_is_waiting(const struct errand *e)
{
	return !e->git.pid && !e->answer;
}

static bool git_is_over(struct errand *e)
{
	if (!e->git.pid)
		return e->answer;
	child_hear(&e->git.events, hear_answer, e);
	child_hear(&e->git.said, hear_talk, e);
	return child_is_over(&e->git);
}

static void git_ended(struct errand *e)
{
	bool good = e->git.pid && e->git.status == 0;
	char *answer = take_ptr(e->answer);

	child_release(&e->git);
	e->git = (struct child){ 0 };
	if (good)
		have_archive(e, answer);
	else
		give_up(e, source_of(e)->line, "fetch", -EIO,
			answer ? answer : strdup("its git was ended"));
}

/* For fetch_run: look after those that run, begin those that wait. */
static bool look_after_gits(void *arg)
{
	struct source_ways *w = arg;
	struct errand *over = NULL;
	int running = 0;

	for (struct errand **at = &w->git; *at;) {
		struct errand *e = *at;

		if (git_is_waiting(e) && running < GITS_AT_ONCE)
			begin_git(e);
		if (!git_is_waiting(e) && git_is_over(e)) {
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
		git_ended(e);
	}
	return w->git;
}

/* ---- many at once ---- */

struct source_ways source_ways(const struct options *o)
{
	return (struct source_ways){ .places = &o->places,
				     .offline = o->offline,
				     .fetcher.patience = o->patience };
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
	const struct recipe_source *source = source_of(e);
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
	if (r == 0)
		r = fetch_start(&e->ways->fetcher, url, e->dir, e->file, source->sha256, &events);
	return r < 0 ? why_errno(why, r, "%s", e->file) : 0;
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

	w->fetcher.meanwhile = look_after_gits;
	w->fetcher.meanwhile_arg = w;
	for (size_t i = 0; i < n; i++) {
		char *path = NULL;
		size_t at = 0;
		int r = look_for(w->places, recipes[i], &at, &path);
		struct errand *e = r >= 0 ? calloc(1, sizeof(*e)) : NULL;

		if (e) {
			*e = (struct errand){ w, events, recipes[i], i, at, .failed = &failed };
			if (r > 0)
				have_archive(e, path);
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
