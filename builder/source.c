// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/proc.h"
#include "builder/screen.h"
#include "builder/story.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"

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

/* SOURCES/SHA256, where what has that hash is kept; the caller frees. */
static char *folder_of(const struct places *places, const char *sha256)
{
	return places_join(places->sources, sha256);
}

/* `name` in one folder. A file of the right name and the wrong bytes is worth a word; one that we
 * downloaded ourselves is moved out of the way. */
static int look_in(const char *dir, const char *name, const char *sha256, bool ours, char **path)
{
	int r = fetch_check(dir, name, sha256);

	if (r == 1) {
		*path = places_join(dir, name);
		return *path ? 1 : -ENOMEM;
	}
	if (r == 0 && ours) {
		autofree char *from = places_join(dir, name);
		autofree char *to = NULL;

		if (!from || asprintf(&to, "%s.bad", from) < 0)
			return -ENOMEM;
		if (rename(from, to) == 0)
			log_warn("'%s' has changed since it was downloaded, kept as '%s'", from,
				 to);
	} else if (r == 0) {
		log_warn("'%s/%s' is not used: its sha256 is another", dir, name);
	}
	return 0;
}

/* 1 and `*path`, 0 when no folder has it, or -errno. */
static int look(const struct places *places, const char *name, const char *sha256, char **path)
{
	autofree char *dir = folder_of(places, sha256);
	int r = dir ? look_in(dir, name, sha256, true, path) : -ENOMEM;

	strv_foreach (mirror, &places->mirrors)
		if (r == 0)
			r = look_in(*mirror, name, sha256, false, path);
	return r;
}

/* Debian names its upstream archives PACKAGE_VERSION.orig.tar.SUFFIX. */
static int look_debian(const struct places *places, const struct recipe_source *source, char **path)
{
	static const char *const suffixes[] = { "gz", "xz", "bz2", "zst" };
	const char *space = strchr(source->debian, ' ');
	const char *version = space + strspn(space, " \t");
	const char *colon = strchr(version, ':');
	const char *dash = strrchr(version, '-');
	int r = 0;

	if (colon)
		version = colon + 1;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes) && r == 0; i++) {
		autofree char *name = NULL;
		int n = dash ? (int)(dash - version) : (int)strlen(version);

		if (asprintf(&name, "%.*s_%.*s.orig.tar.%s", (int)(space - source->debian),
			     source->debian, n, version, suffixes[i]) < 0) {
			name = NULL;
			return -ENOMEM;
		}
		r = look(places, name, source->sha256, path);
	}
	return r;
}

/* ---- many at once ---- */

/* The way of one recipe through its sources. */
struct errand {
	struct source_ways *ways;
	const struct source_events *events;
	const struct recipe *recipe;
	size_t i;	  /* of the recipe */
	size_t at;	  /* its source that is tried */
	char *dir, *file; /* where to it goes */
	int *failed;
};

static void errand_free(struct errand *e)
{
	free(e->dir);
	free(e->file);
	free(e);
}

static void try_next(struct errand *e, char *problem);

static void arrived(void *arg, int r, char *why)
{
	struct errand *e = arg;
	const struct recipe *recipe = e->recipe;
	const struct recipe_source *source = &recipe->sources[e->at];
	autofree char *reason = why;
	autofree char *path = NULL;
	char *problem = NULL;

	if (r == 0) {
		path = places_join(e->dir, e->file);
		if (e->events->got && path)
			e->events->got(e->events->arg, e->i, path);
		errand_free(e);
		return;
	}
	why_set(&problem, r, "%s:%u: cannot fetch %s %s%s%s: %s", recipe->path, source->line,
		recipe->name, recipe->version, *source->word ? " from " : "", source->word,
		reason ? reason : strerror(-r));
	e->at++;
	try_next(e, problem);
}

static void on_its_way(void *arg, uint64_t have, uint64_t total)
{
	const struct errand *e = arg;

	if (e->events->progress)
		e->events->progress(e->events->arg, e->i, have, total);
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
	const struct recipe_source *source = &e->recipe->sources[e->at];
	const struct fetch_events events = { arrived, on_its_way, e };
	autofree char *url = NULL;
	int r;

	free(e->dir);
	free(e->file);
	e->dir = e->file = NULL;
	if (e->ways->offline)
		return why_set(why, -ENETDOWN, "'%s' is not at hand, and this is --offline",
			       source->file ? source->file : source->debian);
	r = resolve(e->ways, source, &url, &e->file, why);
	if (r < 0)
		return r;
	e->dir = folder_of(e->ways->places, source->sha256);
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

static int look_for(const struct places *places, const struct recipe *recipe, char **path)
{
	int r = 0;

	for (size_t i = 0; i < recipe->n_sources && r == 0; i++) {
		const struct recipe_source *source = &recipe->sources[i];

		r = source->debian ? look_debian(places, source, path)
				   : look(places, source->file, source->sha256, path);
	}
	return r;
}

int source_get_all(struct source_ways *w, const struct recipe *const *recipes, size_t n,
		   const struct source_events *events)
{
	int failed = 0;

	for (size_t i = 0; i < n; i++) {
		autofree char *path = NULL;
		int r = look_for(w->places, recipes[i], &path);
		struct errand *e = r == 0 ? calloc(1, sizeof(*e)) : NULL;

		if (r > 0 && events->got) {
			events->got(events->arg, i, path);
		} else if (e) {
			*e = (struct errand){ w, events, recipes[i], i, .failed = &failed };
			try_next(e, NULL);
		} else if (r <= 0) {
			failed++;
			if (events->failed)
				events->failed(events->arg, i, strerror(r < 0 ? -r : ENOMEM));
		}
	}
	fetch_run(&w->fetcher);
	return failed;
}

/* ---- toolchains ---- */

/* `npm pack` leaves one archive in a scratch folder; npm knows its registry, we do not. */
static int npm_pack(const struct board *board, const char *scratch, char **why)
{
	autofree char *what = strdup(board->npm);
	autofree char *out = NULL;
	int status;

	if (!what)
		return why_errno(why, -ENOMEM, "npm");
	*strrchr(what, ' ') = '@';
	const char *argv[] = { "npm", "pack", "--silent", "--ignore-scripts", what, NULL };

	log_note("fetching '%s' with npm", board->file);
	status = proc_read(&(struct proc){ .argv = argv, .dir = scratch }, 4096, &out);
	if (status == -ENOENT)
		return why_set(why, status, "%s:%u: npm is not installed (Debian's package 'npm')",
			       board->path, board->toolchain_line);
	if (status < 0)
		return why_errno(why, status, "cannot run 'npm'");
	if (status != 0) {
		autofree char *words = proc_words(status);

		return why_set(why, -EIO, "%s:%u: 'npm pack %s' failed: %s", board->path,
			       board->toolchain_line, what, words ? words : "");
	}
	return 0;
}

static int fetch_npm(struct source_ways *w, const struct board *board, const char *dir, char **why)
{
	autofree char *scratch = NULL;
	autofree char *from = NULL;
	autofree char *to = NULL;
	int r;

	if (asprintf(&scratch, "%s/.npm", w->places->sources) < 0 ||
	    !(from = places_join(scratch, board->file)))
		return why_errno(why, -ENOMEM, "npm");
	r = io_remove_tree(AT_FDCWD, scratch);
	if (r == 0)
		r = io_mkdir_p(AT_FDCWD, scratch, 0755);
	if (r < 0)
		return why_errno(why, r, "cannot make '%s'", scratch);
	r = npm_pack(board, scratch, why);
	if (r == 0) {
		int same = fetch_check(scratch, board->file, board->sha256);

		if (asprintf(&to, "%s/%s%s", dir, board->file, same == 1 ? "" : ".bad") < 0)
			to = NULL;
		if (!to || same < 0)
			r = why_errno(why, to ? same : -ENOMEM, "npm made no '%s'", board->file);
		else if (rename(from, to) < 0)
			r = why_errno(why, -errno, "cannot rename to '%s'", to);
		else if (same == 0)
			r = why_set(why, -EBADMSG,
				    "%s:%u: sha256 of '%s' is another (kept as '%s')", board->path,
				    board->toolchain_line, board->file, to);
	}
	io_remove_tree(AT_FDCWD, scratch);
	return r;
}

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

static int fetch_single(struct source_ways *w, const char *url, const char *dir, const char *file,
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
		r = fetch_start(&w->fetcher, url, dir, file, sha256, &events);
	}
	if (r < 0)
		why_errno(why, r, "%s", file);
	else
		fetch_run(&w->fetcher);
	screen_free(s.screen);
	story_release(&s.story);
	return r < 0 ? r : s.r;
}

static int fetch_toolchain(struct source_ways *w, const struct board *board, const char *dir,
			   char **why)
{
	autofree char *reason = NULL;
	int r;

	if (w->offline)
		return why_set(why, -ENETDOWN, "%s:%u: '%s' is not at hand, and this is --offline",
			       board->path, board->toolchain_line, board->file);
	if (board->npm)
		return fetch_npm(w, board, dir, why);
	r = fetch_single(w, board->url, dir, board->file, board->sha256, &reason);
	return r < 0 ? why_set(why, r, "%s:%u: cannot fetch the toolchain: %s", board->path,
			       board->toolchain_line, reason ? reason : strerror(-r))
		     : 0;
}

int source_get_toolchain(struct source_ways *w, const struct board *board, char **path, char **why)
{
	autofree char *dir = folder_of(w->places, board->sha256);
	int r = dir ? look(w->places, board->file, board->sha256, path) : -ENOMEM;

	if (r == 0 && (r = io_mkdir_p(AT_FDCWD, dir, 0755)) == 0)
		r = fetch_toolchain(w, board, dir, why);
	else if (r < 0)
		return why_errno(why, r, "%s", board->file);
	else
		return 0;
	if (r == 0 && !(*path = places_join(dir, board->file)))
		return why_errno(why, -ENOMEM, "%s", board->file);
	return r;
}

/* ---- verifying ---- */

static bool is_aside(const char *name)
{
	size_t n = strlen(name);

	return (n > 5 && strcmp(name + n - 5, ".part") == 0) ||
	       (n > 4 && strcmp(name + n - 4, ".bad") == 0);
}

static int verify_folder(const char *dir, const char *sha256, struct strv *bad, size_t *count)
{
	autodir DIR *d = opendir(dir);
	struct dirent *e;
	int r = d ? 0 : -errno;

	while (r == 0 && (e = readdir(d))) {
		if (*e->d_name == '.' || is_aside(e->d_name))
			continue;
		++*count;
		r = fetch_check(dir, e->d_name, sha256);
		if (r == 0)
			r = strv_addf(bad, "%s/%s", dir, e->d_name);
		r = r > 0 ? 0 : r;
	}
	return r;
}

int source_verify(const struct places *places, struct strv *bad, size_t *count)
{
	autodir DIR *d = opendir(places->sources);
	struct dirent *e;
	int r = d ? 0 : -errno;

	*count = 0;
	while (r == 0 && (e = readdir(d))) {
		autofree char *dir = places_join(places->sources, e->d_name);

		if (*e->d_name == '.' || strlen(e->d_name) != DIGEST_HEX - 1)
			continue;
		r = dir ? verify_folder(dir, e->d_name, bad, count) : -ENOMEM;
	}
	return r;
}
