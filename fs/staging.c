// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/staging.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/layer.h"
#include "fs/names.h"
#include "fs/state.h"
#include "fs/tree.h"
#include "fs/view.h"

struct walk {
	const struct state *state;
	int (*visit)(const struct staging_entry *e, void *arg);
	void *arg;
};

static bool base_has(const struct state *state, const char *path)
{
	struct stat st;

	return state->base && layer_stat(state->base, path, &st) == 0;
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

/* `*bare`: there is nothing in it, not even what staging does not show. */
static int list(struct node *dir, struct strv *ret, bool *bare)
{
	autonames struct names *names = NULL;
	int r = view_list(dir, &names);

	*bare = true;
	for (size_t i = 0; r == 0 && i < names->n; i++) {
		*bare = *bare && names->v[i].whiteout && !names->v[i].unstaged;
		if (!names->v[i].whiteout)
			r = strv_add(ret, names->v[i].text);
	}
	strv_sort(ret);
	return r;
}

static int walk_dir(const struct walk *w, const char *path, struct node *dir,
		    const struct strv *names);

static int walk_entry(const struct walk *w, struct staging_entry *e)
{
	autostrv struct strv names = { 0 };
	bool bare;
	int r;

	if (!e->node->dir)
		return w->visit(e, w->arg);
	r = list(e->node, &names, &bare);
	if (r == 0 && (bare || !is_ordinary(&e->st)) && !target_has(e->path) &&
	    !base_has(w->state, e->path))
		r = w->visit(e, w->arg);
	return r == 0 ? walk_dir(w, e->path, e->node, &names) : r;
}

static int find(struct node *dir, const char *name, struct staging_entry *e)
{
	struct owner owner;
	int r = view_lookup(dir, name, &e->node, &e->st);

	if (r < 0)
		return r;
	r = view_given_owner(e->node, &owner);
	e->st.st_uid = owner.uid;
	e->st.st_gid = owner.gid;
	return r;
}

static int walk_dir(const struct walk *w, const char *path, struct node *dir,
		    const struct strv *names)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < names->n; i++) {
		autofree char *child = tree_join(path, names->v[i]);
		struct staging_entry e = { .path = child };

		if (!child)
			return -ENOMEM;
		r = find(dir, names->v[i], &e);
		if (r == -ENOENT) { /* removed meanwhile */
			r = 0;
			continue;
		}
		if (r == 0)
			r = walk_entry(w, &e);
		node_unref(dir->view->nodes, e.node);
	}
	return r;
}

int staging_walk(struct view *staging, const struct state *state,
		 int (*visit)(const struct staging_entry *e, void *arg), void *arg)
{
	struct walk w = { .state = state, .visit = visit, .arg = arg };
	autostrv struct strv names = { 0 };
	bool bare;
	int r = list(staging->root, &names, &bare);

	return r < 0 ? r : walk_dir(&w, "", staging->root, &names);
}

struct looking {
	const struct state *state;
	const struct layer *layer;
	struct strv *ret;
};

static int look_at(const struct tree_entry *e, void *arg)
{
	struct looking *l = arg;
	const char *who = layer_package(l->layer);
	int same;

	if (S_ISDIR(e->st.st_mode) || !base_has(l->state, e->path))
		return 0;
	if (e->whiteout)
		return strv_addf(l->ret, "deleted system file '%s' (by '%s') stays on the target",
				 e->path, who);
	same = tree_same(l->layer, l->state->base, e->path);
	if (same != 0)
		return same < 0 ? same : 0;
	return strv_addf(l->ret, "modified system file '%s' (by '%s') is not staged", e->path, who);
}

int staging_left_out(const struct state *state, struct strv *ret)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i <= state->n; i++) {
		struct looking l = { .state = state, .ret = ret };

		l.layer = i < state->n ? state->stack[i] : state->local;
		r = tree_walk(l.layer, look_at, &l);
	}
	strv_sort(ret);
	return r;
}
