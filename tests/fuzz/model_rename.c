// SPDX-License-Identifier: GPL-2.0-or-later
/* model_rename.c - renames and exchanges. */
#include "tests/fuzz/model.h"

#include <errno.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/base/cleanup.h"
#include "fs/view/view.h"
#include "fs/xs/xs.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/plain.h"

static int expect_rename(const struct model *m, const struct plain *from, const struct plain *dir,
			 const char *name, unsigned flags)
{
	const struct plain *to = plain_find(dir, name);
	int r = model_check_new(m, dir, name);

	if (r < 0 && r != -EEXIST)
		return r;
	if (!from)
		return -ENOENT;
	if (to && flags & RENAME_NOREPLACE)
		return -EEXIST;
	if (from == to)
		return 0;
	if (flags & RENAME_EXCHANGE)
		return to ? 0 : -ENOENT;
	if (to && S_ISDIR(to->mode) && !S_ISDIR(from->mode))
		return -EISDIR;
	if (to && !S_ISDIR(to->mode) && S_ISDIR(from->mode))
		return -ENOTDIR;
	return to && to->n ? -ENOTEMPTY : 0;
}

static void plain_rename(struct plain *dir, const char *name, struct plain *to_dir,
			 const char *to_name, unsigned flags)
{
	struct plain *from = plain_ref(plain_find(dir, name)), *to = plain_find(to_dir, to_name);
	struct plain *device;

	if (from != to) {
		if (to)
			plain_ref(to);
		plain_remove(dir, name);
		plain_remove(to_dir, to_name);
		plain_add(to_dir, to_name, from);
		if (flags & RENAME_EXCHANGE)
			plain_add(dir, name, to);
		plain_unref(to);
		if (flags & RENAME_WHITEOUT) {
			device = plain_new(S_IFCHR | 0600);
			device->mode = 0; /* any */
			plain_add(dir, name, device);
			plain_unref(device);
		}
	}
	plain_unref(from);
}

static void rename_something(struct model *m, unsigned flags)
{
	struct plain *dir = model_some_dir(m), *to_dir = model_some_dir(m), *from, *to;
	autofree char *name = strdup(model_some_name_in(m, dir));
	autofree char *to_name = strdup(model_some_name_in(m, to_dir));
	struct node *parent, *to_parent;
	int r;

	from = plain_find(dir, name);
	to = plain_find(to_dir, to_name);
	if (strlen(name) > 255 || (from && plain_is_in(to_dir, from)) ||
	    (to && plain_is_in(dir, to)) || (from && model_is_full(to_dir, from->mode)) ||
	    (to && flags & RENAME_EXCHANGE && model_is_full(dir, to->mode)))
		return;
	/* the kernel finds names that are one file equal before it asks */
	if (from && from == to && flags & RENAME_WHITEOUT)
		return;
	parent = model_walk(m->now, dir);
	to_parent = model_walk(m->now, to_dir);
	fuzz_trace("rename '%.20s' '%.20s' %u", name, to_name, flags);
	model_about(m, CHANGE_MOVES, dir, name);
	model_about(m, CHANGE_MOVES, to_dir, to_name);
	/* what goes wrong behind the rename itself cannot be taken back */
	if (!(flags & RENAME_WHITEOUT) || m->doomed)
		model_arm(m);
	r = view_rename(parent, name, to_parent, to_name, flags, NULL);
	if (model_done(m, "rename", r, expect_rename(m, from, to_dir, to_name, flags))) {
		plain_rename(dir, name, to_dir, to_name, flags);
		from = plain_find(dir, name);
		if (from && !from->mode) { /* the device that was left */
			struct node *left = NULL;
			struct stat st;

			fuzz_check(view_lookup(parent, name, &left, &st) == 0);
			fuzz_check(S_ISCHR(st.st_mode) && !st.st_rdev);
			from->mode = st.st_mode;
			node_unref(&m->xs->nodes, left);
		}
	}
	node_unref(&m->xs->nodes, parent);
	node_unref(&m->xs->nodes, to_parent);
}

void model_op_rename(struct model *m)
{
	static const unsigned all[] = { 0,
					0,
					RENAME_NOREPLACE,
					RENAME_EXCHANGE,
					RENAME_WHITEOUT,
					RENAME_WHITEOUT | RENAME_NOREPLACE };

	rename_something(m, all[choose(m->c, ARRAY_SIZE(all))]);
}

void model_op_exchange(struct model *m)
{
	rename_something(m, RENAME_EXCHANGE);
}

/* A name of a file that has another in the directory that changes places with it. */
struct pair {
	struct plain *dir, *other_dir;
	const char *name, *other_name;
};

static bool find_other(struct plain *dir, const struct plain *file, struct pair *pair)
{
	for (size_t i = 0; i < dir->n; i++) {
		struct plain_name *kid = &dir->kids[i];

		if (kid->file == file && dir->parent && !plain_is_in(pair->dir, dir)) {
			pair->other_dir = dir;
			pair->other_name = kid->name;
			return true;
		}
		if (S_ISDIR(kid->file->mode) && find_other(kid->file, file, pair))
			return true;
	}
	return false;
}

static bool find_pair(struct model *m, struct pair *pair)
{
	struct plain *v[64];
	size_t n = 0;

	model_list_dirs(m->now->tree, v, &n);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v[i]->n; k++) {
			struct plain *file = v[i]->kids[k].file;

			*pair = (struct pair){ .dir = v[i], .name = v[i]->kids[k].name };
			if (!S_ISDIR(file->mode) && file->nlink > 1 &&
			    find_other(m->now->tree, file, pair))
				return true;
		}
	return false;
}

void model_op_exchange_linked(struct model *m)
{
	struct node *parent, *to_parent, *below, *file = NULL;
	struct plain *to_dir;
	struct pair pair;
	const char *to_name;
	int r;

	if (!find_pair(m, &pair) || model_depth_of(pair.dir) + 1 >= MAX_DEPTH)
		return;
	to_dir = pair.other_dir->parent;
	to_name = model_name_of(pair.other_dir);
	/* known by the name in the directory */
	below = model_walk(m->now, pair.other_dir);
	fuzz_check(view_lookup(below, pair.other_name, &file, NULL) == 0);
	parent = model_walk(m->now, pair.dir);
	to_parent = model_walk(m->now, to_dir);
	fuzz_trace("exchange '%s', which is '%s/%s' too, and that directory", pair.name, to_name,
		   pair.other_name);
	model_arm(m);
	r = view_rename(parent, pair.name, to_parent, to_name, RENAME_EXCHANGE, NULL);
	if (model_done(m, "exchange", r, 0)) {
		autofree char *name = strdup(pair.name);
		autofree char *other = strdup(to_name);

		plain_rename(pair.dir, name, to_dir, other, RENAME_EXCHANGE);
	}
	node_unref(&m->xs->nodes, file);
	node_unref(&m->xs->nodes, below);
	node_unref(&m->xs->nodes, parent);
	node_unref(&m->xs->nodes, to_parent);
	model_same_side(m, m->now);
}
