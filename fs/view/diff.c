// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/view/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/strv.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/store/names.h"
#include "fs/store/sparse.h"
#include "fs/store/traits.h"
#include "fs/store/tree.h"
#include "fs/view/inside.h"

struct diff {
	int (*say)(const struct diff_change *change, void *arg);
	void *arg;
};

/* One of the two things of a path; no node: nothing is there. */
struct end {
	struct node *node;
	struct stat st;
	char *target;
};

static void end_release(struct end *end)
{
	if (end->node)
		node_unref(end->node->view->nodes, end->node);
	free(end->target);
}
#define autoend cleanup(end_release)

static int end_find(struct end *end, struct node *dir, const char *name)
{
	int r = dir ? view_lookup(dir, name, &end->node, &end->st) : -ENOENT;
	struct owner owner;

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = view_given_owner(end->node, &owner);
	if (r == 0) {
		end->st.st_uid = owner.uid;
		end->st.st_gid = owner.gid;
	}
	if (r == 0 && S_ISLNK(end->st.st_mode))
		r = view_readlink(end->node, &end->target);
	return r;
}

static bool end_is_dir(const struct end *end)
{
	return end->node && end->node->dir;
}

static int add_names(struct node *dir, struct strv *ret)
{
	autonames struct names *names = NULL;
	int r = dir ? view_list(dir, &names) : 0;

	for (size_t i = 0; r == 0 && dir && i < names->n; i++)
		if (!names->v[i].whiteout)
			r = strv_add(ret, names->v[i].text);
	return r;
}

/* Made of the same layers, so with the same contents. */
static int same_layers(struct node *a, struct node *b, bool *ret)
{
	autolayerset struct layerset *sa = NULL;
	autolayerset struct layerset *sb = NULL;
	bool upper_a, upper_b;
	int r = lookup_dir(a, &sa, &upper_a);

	if (r == 0)
		r = lookup_dir(b, &sb, &upper_b);
	if (r == 0)
		*ret = !upper_a && !upper_b && layerset_equal(sa, sb);
	return r;
}

static int same_file(const struct end *a, const struct end *b)
{
	struct file *fa = NULL, *fb = NULL;
	int r = view_open(a->node, false, &fa);

	if (r == 0)
		r = view_open(b->node, false, &fb);
	if (r == 0)
		r = traits_same(fa->fd, fb->fd);
	if (r == 1)
		r = sparse_same(fa->fd, fb->fd);
	data_close(fa);
	data_close(fb);
	return r;
}

/* 1: the same, 0: not, or -errno. Both are there and of one type. */
static int same_thing(const struct end *a, const struct end *b)
{
	if (a->st.st_mode != b->st.st_mode || a->st.st_uid != b->st.st_uid ||
	    a->st.st_gid != b->st.st_gid)
		return 0;
	if (S_ISDIR(a->st.st_mode))
		return 1;
	if (S_ISLNK(a->st.st_mode))
		return strcmp(a->target, b->target) == 0;
	if (!S_ISREG(a->st.st_mode))
		return a->st.st_rdev == b->st.st_rdev;
	if (a->node->layer == b->node->layer && a->node->real == b->node->real)
		return 1;
	return a->st.st_size == b->st.st_size ? same_file(a, b) : 0;
}

static int say(const struct diff *d, enum diff_kind kind, const char *path, const struct end *a,
	       const struct end *b)
{
	struct diff_change change = {
		.kind = kind,
		.path = path,
		.old_stat = a->st,
		.new_stat = b->st,
		.old_target = a->target ? a->target : "",
		.new_target = b->target ? b->target : "",
	};

	return d->say(&change, d->arg);
}

static int diff_dirs(const struct diff *d, const char *path, struct node *a, struct node *b);

/* Something there on one side only. A directory with something in it shows by that. */
static int diff_one_sided(const struct diff *d, enum diff_kind kind, const char *path,
			  const struct end *a, const struct end *b)
{
	const struct end *there = a->node ? a : b;
	autostrv struct strv names = { 0 };
	int r;

	if (!end_is_dir(there))
		return say(d, kind, path, a, b);
	r = add_names(there->node, &names);
	if (r < 0)
		return r;
	if (!names.n)
		return say(d, kind, path, a, b);
	return diff_dirs(d, path, a->node, b->node);
}

static int diff_name(const struct diff *d, const char *path, const char *name, struct node *dir_a,
		     struct node *dir_b)
{
	autofree char *child = tree_join(path, name);
	autoend struct end a = { 0 };
	autoend struct end b = { 0 };
	int r;

	if (!child)
		return -ENOMEM;
	if ((r = end_find(&a, dir_a, name)) < 0 || (r = end_find(&b, dir_b, name)) < 0)
		return r;
	if (!a.node || !b.node)
		return a.node || b.node ? diff_one_sided(d, a.node ? DIFF_DELETED : DIFF_ADDED,
							 child, &a, &b)
					: 0;
	if (a.node->type != b.node->type) {
		r = say(d, DIFF_TYPE, child, &a, &b);
		if (r < 0 || (!end_is_dir(&a) && !end_is_dir(&b)))
			return r;
		/* what was in the directory is gone, or what is in it is new */
		return diff_dirs(d, child, end_is_dir(&a) ? a.node : NULL,
				 end_is_dir(&b) ? b.node : NULL);
	}
	r = same_thing(&a, &b);
	if (r == 0)
		r = say(d, DIFF_MODIFIED, child, &a, &b);
	else if (r == 1)
		r = 0;
	if (r == 0 && end_is_dir(&a))
		r = diff_dirs(d, child, a.node, b.node);
	return r;
}

static int diff_dirs(const struct diff *d, const char *path, struct node *a, struct node *b)
{
	autostrv struct strv names = { 0 };
	bool same = false;
	int r = a && b ? same_layers(a, b, &same) : 0;

	if (r < 0 || same)
		return r;
	if ((r = add_names(a, &names)) < 0 || (r = add_names(b, &names)) < 0)
		return r;
	strv_sort(&names);
	strv_uniq(&names);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		r = diff_name(d, path, names.v[i], a, b);
		if (r == -ENOENT) /* removed meanwhile */
			r = 0;
	}
	return r;
}

int diff_views(struct view *old_view, struct view *new_view,
	       int (*say_change)(const struct diff_change *change, void *arg), void *arg)
{
	struct diff d = { .say = say_change, .arg = arg };

	return diff_dirs(&d, "", old_view->root, new_view->root);
}
