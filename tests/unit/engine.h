// SPDX-License-Identifier: GPL-2.0-or-later
/* engine.h - layers and a view over folders of the test, and what a program would do in it.
 *
 * Paths are relative to the view's root. What is expected to work ends the test when it does not;
 * what may fail returns 0 or -errno. To be included after <cmocka.h>.
 */
#pragma once

#include <errno.h>

#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/store/meta.h"
#include "fs/store/names.h"
#include "fs/view/view.h"
#include "tests/unit/tempdir.h"

/* The folder `path` as a layer; of a package if so, with version "1". */
static inline struct layer *open_layer(enum origin origin, const char *id, const char *path)
{
	struct meta *meta = origin == ORIGIN_PACKAGE ? meta_new(id, "1", "") : NULL;
	struct layer *layer = NULL;
	int fd;

	make_dirs(path);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(layer_new(origin, id, fd, meta, &layer), 0);
	return layer;
}

enum { WORLD_LAYERS = 64 };

/* A view over the folders base, then those of `packages` ("bottom ... top"), then `local`, which
 * is written to. */
struct world {
	struct nodes nodes;
	struct files files;
	struct view *view;
	struct layer *upper, *base;
	struct layer *packages[WORLD_LAYERS];
	size_t n;
	int work;
};

static inline struct layerset *world_below(struct world *w, size_t n, bool base)
{
	struct layer *v[WORLD_LAYERS + 1];
	struct layerset *set;
	size_t k = 0;

	while (n-- > 0)
		v[k++] = w->packages[n];
	if (base)
		v[k++] = w->base;
	set = layerset_new(v, k);
	assert_non_null(set);
	return set;
}

static inline void world_layers(struct world *w, const char *packages)
{
	autostrv struct strv names = { 0 };

	*w = (struct world){ .work = -1 };
	make_dirs("work");
	w->work = open("work", O_PATH | O_DIRECTORY | O_CLOEXEC);
	w->base = open_layer(ORIGIN_BASE, "base", "base");
	w->upper = open_layer(ORIGIN_LOCAL, "local", "local");
	assert_int_equal(strv_split(&names, packages, " "), 0);
	strv_foreach (name, &names)
		w->packages[w->n++] = open_layer(ORIGIN_PACKAGE, *name, *name);
	files_init(&w->files, 64);
	assert_int_equal(nodes_init(&w->nodes, NULL), 0);
}

static inline void world_open_as(struct world *w, const char *packages,
				 const struct view_options *how)
{
	struct view_options options = *how;
	autolayerset struct layerset *below = NULL;

	world_layers(w, packages);
	below = world_below(w, w->n, true);
	options.upper = how->read_only ? NULL : w->upper;
	options.below = below;
	options.work = w->work;
	assert_int_equal(view_new(&w->nodes, &w->files, &options, &w->view), 0);
}

static inline void world_open(struct world *w, const char *packages)
{
	world_open_as(w, packages, &(struct view_options){ 0 });
}

static inline void world_close(struct world *w)
{
	nodes_release(&w->nodes);
	view_free(w->view);
	files_release(&w->files);
	for (size_t i = 0; i < w->n; i++)
		layer_unref(w->packages[i]);
	layer_unref(w->upper);
	layer_unref(w->base);
	if (w->work >= 0)
		close(w->work);
}

/* Close and open again, as after a remount: what is remembered must be on disk. */
static inline void world_reopen(struct world *w, const char *packages)
{
	world_close(w);
	world_open(w, packages);
}

/* The node of a path, with a reference. */
static inline struct node *at(struct world *w, const char *path)
{
	struct node *node = NULL;
	int r = view_walk(w->view, path, &node, NULL);

	if (r < 0)
		fail_msg("'%s': %s", path, strerror(-r));
	return node;
}

static inline void drop(struct world *w, struct node *node)
{
	node_unref(&w->nodes, node);
}

/* 0 or -errno. */
static inline int look(struct world *w, const char *path, struct stat *st)
{
	struct node *node = NULL;
	int r = view_walk(w->view, path, &node, st);

	if (r == 0)
		drop(w, node);
	return r;
}

/* The directory of `path`, with a reference; `*name` is its last part. */
static inline struct node *dir_of(struct world *w, const char *path, const char **name)
{
	autofree char *copy = strdup(path);
	char *slash = strrchr(copy, '/');

	*name = slash ? path + (slash - copy) + 1 : path;
	if (slash)
		*slash = '\0';
	return at(w, slash ? copy : "");
}

static inline char *node_read(struct node *node)
{
	struct file *file = NULL;
	char *text = calloc(1, 4096);

	assert_int_equal(view_open(node, false, &file), 0);
	assert_true(pread(file->fd, text, 4095, 0) >= 0);
	data_close(file);
	return text;
}

static inline int node_write(struct node *node, const char *text)
{
	struct file *file = NULL;
	int r = view_open(node, true, &file);

	if (r < 0)
		return r;
	assert_int_equal(ftruncate(file->fd, 0), 0);
	assert_int_equal(pwrite(file->fd, text, strlen(text), 0), strlen(text));
	data_close(file);
	return 0;
}

static inline void assert_node(struct node *node, const char *text)
{
	autofree char *got = node_read(node);

	assert_string_equal(got, text);
}

static inline void assert_text(struct world *w, const char *path, const char *text)
{
	struct node *node = at(w, path);

	assert_node(node, text);
	drop(w, node);
}

static inline int make(struct world *w, const char *path, mode_t mode)
{
	const char *name;
	struct node *dir = dir_of(w, path, &name), *node = NULL;
	struct stat st;
	int r = view_make(dir, name, mode, 0, (struct owner){ 0 }, &node, &st);

	drop(w, dir);
	if (r == 0)
		drop(w, node);
	return r;
}

static inline int make_dir(struct world *w, const char *path)
{
	return make(w, path, S_IFDIR | 0755);
}

/* As `echo text > path` does it. */
static inline int write_text(struct world *w, const char *path, const char *text)
{
	int r = make(w, path, S_IFREG | 0644);
	struct node *node;

	if (r < 0 && r != -EEXIST)
		return r;
	node = at(w, path);
	r = node_write(node, text);
	drop(w, node);
	return r;
}

static inline int rm(struct world *w, const char *path)
{
	const char *name;
	struct node *dir = dir_of(w, path, &name);
	int r = view_unlink(dir, name);

	drop(w, dir);
	return r;
}

static inline int rm_dir(struct world *w, const char *path)
{
	const char *name;
	struct node *dir = dir_of(w, path, &name);
	int r = view_rmdir(dir, name);

	drop(w, dir);
	return r;
}

static inline int mv_flags(struct world *w, const char *from, const char *to, unsigned flags)
{
	const char *a, *b;
	struct node *dir = dir_of(w, from, &a), *to_dir = dir_of(w, to, &b);
	int r = view_rename(dir, a, to_dir, b, flags, NULL);

	drop(w, dir);
	drop(w, to_dir);
	return r;
}

static inline int mv(struct world *w, const char *from, const char *to)
{
	return mv_flags(w, from, to, 0);
}

static inline int ln(struct world *w, const char *old, const char *path)
{
	const char *name;
	struct node *dir = dir_of(w, path, &name), *node = at(w, old);
	struct stat st;
	int r = view_link(node, dir, name, &st);

	drop(w, node);
	drop(w, dir);
	return r;
}

static inline int set_mode(struct world *w, const char *path, mode_t mode)
{
	struct node *node = at(w, path);
	struct stat st, want = { .st_mode = mode };
	int r = view_setattr(node, VIEW_SET_MODE, &want, NULL, &st);

	drop(w, node);
	return r;
}

/* The names that `ls` would print, with blanks between them, for the caller to free. */
static inline char *node_names(struct node *dir)
{
	autonames struct names *names = NULL;
	autostrv struct strv list = { 0 };
	char *all;

	assert_int_equal(view_list(dir, &names), 0);
	for (size_t i = 0; i < names->n; i++)
		if (!names->v[i].whiteout)
			assert_int_equal(strv_add(&list, names->v[i].text), 0);
	strv_sort(&list);
	all = strv_join(&list, " ");
	assert_non_null(all);
	return all;
}

static inline void assert_names(struct world *w, const char *path, const char *expected)
{
	struct node *dir = at(w, path);
	autofree char *got = node_names(dir);

	drop(w, dir);
	assert_string_equal(got, expected);
}

/* What getxattr says, "" for nothing. Lent until the next call. */
static inline const char *xattr_of(struct world *w, const char *path, const char *name)
{
	static char value[256];
	struct node *node = at(w, path);
	ssize_t n = view_getxattr(node, name, value, sizeof(value) - 1);

	drop(w, node);
	value[n > 0 ? n : 0] = '\0';
	return value;
}
