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
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"

void source_release(struct source_ways *w)
{
	fetch_release(&w->fetcher);
	aptsource_release(&w->apt);
}

/* `name` in one folder. A file of the right name and the wrong bytes is worth a word; one that we
 * downloaded ourselves is moved out of the way. */
static int look_in(const struct places *places, const char *dir, const char *name,
		   const char *sha256, char **path)
{
	int r = fetch_check(dir, name, sha256);

	if (r == 1) {
		*path = places_join(dir, name);
		return *path ? 1 : -ENOMEM;
	}
	if (r == 0 && strcmp(dir, places->sources) == 0) {
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
	int r = look_in(places, places->sources, name, sha256, path);

	strv_foreach (dir, &places->mirrors)
		if (r == 0)
			r = look_in(places, *dir, name, sha256, path);
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

static int fetch_debian(struct source_ways *w, const struct recipe_source *source, char **path,
			char **why)
{
	autostrv struct strv words = { 0 };
	autofree char *uri = NULL;
	autofree char *file = NULL;
	int r = strv_split(&words, source->debian, " \t");

	if (r == 0)
		r = aptsource_find(&w->apt, w->places->home, words.v[0], words.v[1], &uri, &file,
				   why);
	else
		why_errno(why, r, "%s", source->debian);
	if (r == 0)
		r = fetch_url(&w->fetcher, uri, w->places->sources, file, source->sha256, why);
	if (r == 0 && !(*path = places_join(w->places->sources, file)))
		return why_errno(why, -ENOMEM, "%s", file);
	return r;
}

static int fetch_one(struct source_ways *w, const struct recipe_source *source, char **path,
		     char **why)
{
	const char *dir = w->places->sources;
	int r;

	if (source->debian)
		return fetch_debian(w, source, path, why);
	r = fetch_url(&w->fetcher, source->url, dir, source->file, source->sha256, why);
	if (r == 0 && !(*path = places_join(dir, source->file)))
		return why_errno(why, -ENOMEM, "%s", source->file);
	return r;
}

static int explain(const struct recipe *recipe, const struct recipe_source *source, char *reason,
		   int r, char **why)
{
	autofree char *text = reason;

	return why_set(why, r, "%s:%u: cannot fetch %s %s%s%s: %s", recipe->path, source->line,
		       recipe->name, recipe->version, *source->word ? " from " : "", source->word,
		       text ? text : strerror(-r));
}

int source_get(struct source_ways *w, const struct recipe *recipe, char **path, char **why)
{
	int r = 0;

	for (size_t i = 0; i < recipe->n_sources && r == 0; i++) {
		const struct recipe_source *source = &recipe->sources[i];

		r = source->debian ? look_debian(w->places, source, path)
				   : look(w->places, source->file, source->sha256, path);
	}
	if (r != 0)
		return r > 0 ? 0 : why_errno(why, r, "%s", recipe->name);
	for (size_t i = 0; i < recipe->n_sources; i++) {
		const struct recipe_source *source = &recipe->sources[i];
		char *reason = NULL;

		r = fetch_one(w, source, path, &reason);
		if (r == 0)
			return 0;
		r = explain(recipe, source, reason, r, why);
		if (i + 1 < recipe->n_sources) {
			log_warn("%s, trying the next source", *why ? *why : "");
			free(*why);
		}
	}
	return r;
}

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

static int fetch_npm(struct source_ways *w, const struct board *board, char **why)
{
	const char *dir = w->places->sources;
	autofree char *scratch = NULL;
	autofree char *from = NULL;
	autofree char *to = NULL;
	int r;

	if (asprintf(&scratch, "%s/.npm", dir) < 0 || !(from = places_join(scratch, board->file)))
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

int source_get_toolchain(struct source_ways *w, const struct board *board, char **path, char **why)
{
	const char *dir = w->places->sources;
	char *reason = NULL;
	int r = look(w->places, board->file, board->sha256, path);

	if (r != 0)
		return r > 0 ? 0 : why_errno(why, r, "%s", board->file);
	if (board->npm) {
		r = fetch_npm(w, board, why);
	} else {
		r = fetch_url(&w->fetcher, board->url, dir, board->file, board->sha256, &reason);
		if (r < 0) {
			why_set(why, r, "%s:%u: cannot fetch the toolchain: %s", board->path,
				board->toolchain_line, reason ? reason : strerror(-r));
			free(reason);
		}
	}
	if (r == 0 && !(*path = places_join(dir, board->file)))
		return why_errno(why, -ENOMEM, "%s", board->file);
	return r;
}

int source_get_all(struct source_ways *w, const struct recipe *const *recipes, size_t n,
		   const struct source_events *e)
{
	for (size_t i = 0; i < n; i++) {
		char *path = NULL, *why = NULL;
		if (source_get(w, recipes[i], &path, &why) < 0)
			e->failed(e->arg, i, why);
		else
			e->got(e->arg, i, path);
	}
	return 0;
}
