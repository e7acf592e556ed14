// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/source/shelf.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/source/fetch.h"
#include "builder/source/gitsource.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/text.h"

char *shelf_folder(const struct places *places, const char *sha256)
{
	return places_join(places->sources, sha256);
}

/* `name` in one folder. A file of the right name and the wrong bytes is worth a word, and so is one
 * that cannot be read; one that we downloaded ourselves is moved out of the way. */
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

		if (!from || !(to = text_of("%s.bad", from)))
			return -ENOMEM;
		if (rename(from, to) == 0)
			log_warn("'%s' has changed since it was downloaded, kept as '%s'", from,
				 to);
	} else if (r == 0) {
		log_warn("'%s/%s' is not used: its sha256 is another", dir, name);
	} else if (!ours && r != -ENOENT) {
		log_warn("'%s/%s' is not used: %s", dir, name, strerror(-r));
	}
	return 0;
}

int shelf_look(const struct places *places, const char *name, const char *sha256, char **path)
{
	autofree char *dir = shelf_folder(places, sha256);
	int r = dir ? look_in(dir, name, sha256, true, path) : -ENOMEM;

	strv_foreach (mirror, &places->mirrors) {
		autofree char *shelf = text_of("%s/%s", *mirror, sha256); /* as ours is */

		if (r == 0)
			r = shelf ? look_in(*mirror, name, sha256, false, path) : -ENOMEM;
		if (r == 0)
			r = look_in(shelf, name, sha256, false, path);
	}
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

		name = text_of("%.*s_%.*s.orig.tar.%s", (int)(space - source->debian),
			       source->debian, n, version, suffixes[i]);
		if (!name)
			return -ENOMEM;
		r = shelf_look(places, name, source->sha256, path);
	}
	return r;
}

/* What was made of the commit before is known by its hash. */
static int look_git(const struct places *places, const struct recipe_source *source, char **path)
{
	char sha256[DIGEST_HEX];
	int r = gitsource_recall(places->sources, source->commit, sha256);

	return r > 0 ? shelf_look(places, source->file, sha256, path) : r;
}

int shelf_look_source(const struct places *places, const struct recipe_source *source, char **path)
{
	if (source->none) {
		*path = strdup("");
		return *path ? 1 : -ENOMEM;
	}
	if (source->git)
		return look_git(places, source, path);
	return source->debian ? look_debian(places, source, path)
			      : shelf_look(places, source->file, source->sha256, path);
}

/* ---- verifying ---- */

static bool is_aside(const char *name)
{
	size_t n = strlen(name);

	return (n > 5 && strcmp(name + n - 5, ".part") == 0) ||
	       (n > 4 && strcmp(name + n - 4, ".bad") == 0) ||
	       (n > 4 && strcmp(name + n - 4, SHELF_SIG) == 0);
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

int shelf_verify(const struct places *places, struct strv *bad, size_t *count)
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
