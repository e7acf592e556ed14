// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/conflict.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/store/layer.h"
#include "fs/store/meta.h"
#include "fs/store/tree.h"
#include "fs/store/whiteout.h"

enum { ENOUGH = 5 }; /* problems; the first few tell the story */

struct search {
	const struct layer *layer;
	struct strv *problems;
};

static const char *name_of(const struct layer *layer)
{
	return layer->meta->package;
}

static bool may_differ(const struct layer *a, const struct layer *b)
{
	return strv_has(&a->meta->replaces, name_of(b)) || strv_has(&b->meta->replaces, name_of(a));
}

/* 1, 0 or -errno. */
static int dir_is_opaque(const struct layer *layer, const char *path)
{
	autofd int fd = layer_open(layer, path, O_PATH | O_DIRECTORY);

	return fd < 0 ? fd : opaque_is(fd);
}

/* The first thing in `path` of that layer which is no directory and no whiteout. */
static int first_file(const struct layer *layer, const char *path, char **ret)
{
	autostrv struct strv names = { 0 };
	int r = tree_names(layer, path, &names);

	for (size_t i = 0; r == 0 && !*ret && i < names.n; i++) {
		autofree char *child = tree_join(path, names.v[i]);
		struct stat st;

		r = child ? layer_stat(layer, child, &st) : -ENOMEM;
		if (r == 0 && S_ISDIR(st.st_mode))
			r = first_file(layer, child, ret);
		else if (r == 0 && !whiteout_is(&st))
			*ret = take_ptr(child);
	}
	return r;
}

/* `top` replaced the directory `path`, so nothing of `other` may be in it. */
static int check_opaque(struct search *s, const struct layer *top, const struct layer *other,
			const char *path)
{
	autofree char *file = NULL;
	int r = dir_is_opaque(top, path);

	if (r > 0)
		r = first_file(other, path, &file);
	if (r < 0 || !file)
		return r;
	return strv_addf(
		s->problems,
		"package '%s' replaces the directory '%s', which hides '%s' of package '%s'",
		name_of(top), path, file, name_of(other));
}

/* Both layers have something called `path`, which these are. */
static int compare(struct search *s, const struct layer *other, const char *path,
		   const struct stat *a, const struct stat *b)
{
	const struct layer *layer = s->layer;
	int r;

	if (whiteout_is(a) && whiteout_is(b))
		return 0;
	if (whiteout_is(a))
		return strv_addf(s->problems, "package '%s' deletes '%s' of package '%s'",
				 name_of(layer), path, name_of(other));
	if (whiteout_is(b))
		return strv_addf(s->problems,
				 "package '%s' brings '%s', which package '%s' deletes",
				 name_of(layer), path, name_of(other));
	if (S_ISDIR(a->st_mode) && S_ISDIR(b->st_mode)) {
		r = check_opaque(s, layer, other, path);
		return r < 0 ? r : check_opaque(s, other, layer, path);
	}
	r = tree_same(layer, other, path);
	if (r != 0)
		return r < 0 ? r : 0;
	return strv_addf(s->problems,
			 "packages '%s' and '%s' both write '%s', with different "
			 "contents ('replaces' in the recipe would allow it)",
			 name_of(layer), name_of(other), path);
}

static int search_dir(struct search *s, const char *path, struct layer *const *in, size_t n);

/* `in` as of search_dir. */
static int search_name(struct search *s, const char *path, struct layer *const *in, size_t n)
{
	autofree struct layer **deeper = calloc(n, sizeof(*deeper));
	size_t n_deeper = 0;
	struct stat st, other;
	int r = deeper ? layer_stat(s->layer, path, &st) : -ENOMEM;

	for (size_t k = 0; k < n && r == 0; k++) {
		r = layer_stat(in[k], path, &other);
		if (r == -ENOENT) {
			r = 0;
			continue;
		}
		if (r == 0)
			r = compare(s, in[k], path, &st, &other);
		if (r == 0 && S_ISDIR(other.st_mode))
			deeper[n_deeper++] = in[k];
	}
	if (r == 0 && n_deeper && S_ISDIR(st.st_mode))
		r = search_dir(s, path, deeper, n_deeper);
	return r;
}

/* `in` are the others that have this directory: the deeper, the fewer. */
static int search_dir(struct search *s, const char *path, struct layer *const *in, size_t n)
{
	autostrv struct strv names = { 0 };
	int r = tree_names(s->layer, path, &names);

	for (size_t i = 0; r == 0 && i < names.n && s->problems->n < ENOUGH; i++) {
		autofree char *child = tree_join(path, names.v[i]);

		r = child ? search_name(s, child, in, n) : -ENOMEM;
	}
	return r;
}

int conflict_find(const struct layer *layer, struct layer *const *others, size_t n,
		  struct strv *problems)
{
	struct search s = { .layer = layer, .problems = problems };
	autofree struct layer **in = calloc(n + 1, sizeof(*in));
	size_t n_in = 0;

	if (!in)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (strcmp(name_of(others[i]), name_of(layer)) != 0 &&
		    !may_differ(layer, others[i]))
			in[n_in++] = others[i];
	return n_in ? search_dir(&s, "", in, n_in) : 0;
}

/* Each with who makes it on the Pi. */
static const struct {
	const char *pattern;
	const char *maker;
} indexes[] = {
	{ "*share/info/dir", "install-info" },
	{ "etc/ld.so.cache", "ldconfig" },
	{ "*share/applications/mimeinfo.cache", "update-desktop-database" },
	{ "*share/icons/*/icon-theme.cache", "gtk-update-icon-cache" },
	{ "*lib/*/perllocal.pod", "perl" },
};

struct dropping {
	const struct layer *layer;
	struct strv *notes;
};

static int drop_index(const struct tree_entry *e, void *arg)
{
	struct dropping *d = arg;

	for (size_t i = 0; S_ISREG(e->st.st_mode) && i < ARRAY_SIZE(indexes); i++) {
		if (fnmatch(indexes[i].pattern, e->path, 0) != 0)
			continue;
		if (unlinkat(d->layer->fd, e->path, 0) < 0)
			return -errno;
		return strv_addf(d->notes, "left out '%s' of package '%s': %s makes it", e->path,
				 name_of(d->layer), indexes[i].maker);
	}
	return 0;
}

int conflict_drop_indexes(const struct layer *layer, struct strv *notes)
{
	struct dropping d = { .layer = layer, .notes = notes };

	return tree_walk(layer, drop_index, &d);
}
