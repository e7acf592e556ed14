// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/view/staging.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/store/names.h"
#include "fs/store/state.h"
#include "fs/store/tree.h"
#include "fs/store/whiteout.h"
#include "fs/view/view.h"

struct walk {
	const struct state *state;
	const struct staging_visitor *visitor;
	/* of the entry that the walk is at */
	char *path;
	size_t size;
};

/* 1, 0 or -errno; what we may not look at is not there. */
static int base_has(const struct state *state, const char *path)
{
	struct stat st;
	int r = state->base ? layer_stat(state->base, path, &st) : -ENOENT;

	if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP || r == -EACCES || r == -EXDEV)
		return 0;
	return r < 0 ? r : 1;
}

/* Directories that every Debian has (base-files): the target's, whatever a package did to them. */
static bool target_has(const char *path)
{
	static const char *const standard[] = {
		"bin",
		"boot",
		"dev",
		"etc",
		"home",
		"lib",
		"lib64",
		"media",
		"mnt",
		"opt",
		"proc",
		"root",
		"run",
		"sbin",
		"srv",
		"sys",
		"tmp",
		"usr",
		"usr/bin",
		"usr/include",
		"usr/lib",
		"usr/local",
		"usr/local/bin",
		"usr/local/etc",
		"usr/local/include",
		"usr/local/lib",
		"usr/local/man",
		"usr/local/sbin",
		"usr/local/share",
		"usr/local/src",
		"usr/sbin",
		"usr/share",
		"usr/src",
		"var",
		"var/cache",
		"var/lib",
		"var/local",
		"var/lock",
		"var/log",
		"var/mail",
		"var/opt",
		"var/run",
		"var/spool",
		"var/tmp",
	};

	for (size_t i = 0; i < ARRAY_SIZE(standard); i++)
		if (strcmp(standard[i], path) == 0)
			return true;
	return false;
}

static bool is_ordinary(const struct stat *st)
{
	return (st->st_mode & 07555) == 0555 && st->st_uid == 0 && st->st_gid == 0;
}

/* What shows in a directory, in byte order. */
struct content {
	struct names *names;
	struct layerset *layers; /* whose they are */
	const struct name **shown;
	size_t n;
	bool bare; /* there is nothing in it, not even what staging does not show */
};

#define autocontent cleanup(content_release)
static void content_release(struct content *c)
{
	names_unref(c->names);
	layerset_unref(c->layers);
	free(c->shown);
}

static int by_text(const void *a, const void *b)
{
	return strcmp((*(const struct name *const *)a)->text,
		      (*(const struct name *const *)b)->text);
}

static int list(struct node *dir, struct content *c)
{
	int r = view_list_layers(dir, &c->names, &c->layers);

	if (r < 0)
		return r;
	c->shown = calloc(c->names->n + 1, sizeof(*c->shown));
	if (!c->shown)
		return -ENOMEM;
	c->bare = true;
	for (size_t i = 0; i < c->names->n; i++) {
		const struct name *name = &c->names->v[i];

		c->bare = c->bare && name->whiteout && !name->unstaged;
		if (!name->whiteout)
			c->shown[c->n++] = name;
	}
	qsort(c->shown, c->n, sizeof(*c->shown), by_text);
	return 0;
}

/* Put `name` behind the first `len` bytes of the path; returns the length then, or -ENOMEM. */
static ssize_t append(struct walk *w, size_t len, const char *name)
{
	size_t more = strlen(name);

	if (w->size < len + more + 2) {
		size_t size = 2 * (len + more + 2);
		char *path = realloc(w->path, size);

		if (!path)
			return -ENOMEM;
		w->path = path;
		w->size = size;
	}
	if (len)
		w->path[len++] = '/';
	memcpy(w->path + len, name, more + 1);
	return len + more;
}

int staging_look(struct staging_entry *e)
{
	struct owner owner;
	int r;

	if (e->node)
		return 0;
	r = view_lookup(e->dir, e->name, &e->node, &e->st);
	if (r < 0)
		return r;
	r = view_given_owner(e->node, &owner);
	e->st.st_uid = owner.uid;
	e->st.st_gid = owner.gid;
	return r;
}

static int visit(const struct walk *w, struct staging_entry *e)
{
	return w->visitor->visit(e, w->visitor->arg);
}

static int walk_content(struct walk *w, size_t len, struct node *dir, const struct content *c);

static int walk_dir(struct walk *w, size_t len, struct staging_entry *e)
{
	autocontent struct content c = { 0 };
	int r = staging_look(e);

	if (r == 0)
		r = list(e->node, &c);
	if (r == 0 && (c.bare || !is_ordinary(&e->st)) && !target_has(e->path)) {
		r = base_has(w->state, e->path);
		r = r == 0 ? visit(w, e) : r > 0 ? 0 : r;
	}
	return r == 0 ? walk_content(w, len, e->node, &c) : r;
}

static int walk_name(struct walk *w, size_t len, struct node *dir, const struct content *c,
		     const struct name *name)
{
	struct staging_entry e = {
		.type = name->type,
		.layer = c->layers->v[name->layer],
		.dir = dir,
		.name = name->text,
	};
	ssize_t n = append(w, len, name->text);
	int r;

	if (n < 0)
		return n;
	e.path = w->path;
	r = name->type == DT_DIR ? walk_dir(w, n, &e) : visit(w, &e);
	node_unref(dir->view->nodes, e.node);
	return r == -ENOENT ? 0 : r; /* removed meanwhile */
}

static int walk_content(struct walk *w, size_t len, struct node *dir, const struct content *c)
{
	const struct staging_visitor *visitor = w->visitor;
	int r = 0;

	if (visitor->enter)
		visitor->enter(len ? w->path : "", c->n, visitor->arg);
	for (size_t i = 0; r == 0 && i < c->n; i++)
		r = walk_name(w, len, dir, c, c->shown[i]);
	return r;
}

int staging_walk(struct view *staging, const struct state *state,
		 const struct staging_visitor *visitor)
{
	struct walk w = { .state = state, .visitor = visitor };
	autocontent struct content c = { 0 };
	int r = list(staging->root, &c);

	if (r == 0)
		r = walk_content(&w, 0, staging->root, &c);
	free(w.path);
	return r;
}

/* What a layer has of the base's. */
struct looking {
	const struct state *state;
	const struct layer *layer;
	struct strv *ret;
};

static int look_at(const struct looking *l, const char *path, const struct stat *st)
{
	const char *who = layer_package(l->layer);
	int same;

	if (whiteout_is(st))
		return strv_addf(l->ret, "deleted system file '%s' (by '%s') stays on the target",
				 path, who);
	same = tree_same(l->layer, l->state->base, path);
	if (same == -ENOENT) /* removed meanwhile */
		return 0;
	if (same != 0)
		return same < 0 ? same : 0;
	return strv_addf(l->ret, "modified system file '%s' (by '%s') is not staged", path, who);
}

static int look_into(const struct looking *l, const char *path)
{
	autostrv struct strv names = { 0 };
	int r = tree_names(l->layer, path, &names);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		autofree char *child = tree_join(path, names.v[i]);
		struct stat st;

		if (!child)
			return -ENOMEM;
		r = base_has(l->state, child);
		if (r <= 0)
			continue;
		r = layer_stat(l->layer, child, &st);
		if (r == -ENOENT) /* removed meanwhile */
			r = 0;
		else if (r == 0)
			r = S_ISDIR(st.st_mode) ? look_into(l, child) : look_at(l, child, &st);
	}
	return r;
}

int staging_left_out(const struct state *state, struct strv *ret)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i <= state->n; i++) {
		struct looking l = { .state = state, .ret = ret };

		l.layer = i < state->n ? state->stack[i] : state->local;
		r = look_into(&l, "");
	}
	strv_sort(ret);
	return r;
}
