// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fuzz/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/store/layer.h"
#include "fs/store/names.h"
#include "fs/view/view.h"
#include "fs/xs/xs.h"
#include "tests/fuzz/fuzz.h"

enum { MAX_DEPTH = 12 };

static void check_secret(const char *data, size_t n)
{
	if (memmem(data, n, WALK_SECRET, strlen(WALK_SECRET)))
		fuzz_fail("a file outside of the state shows");
}

static void read_file(struct node *node)
{
	struct file *file = NULL;
	char buf[4096];
	ssize_t n;

	if (view_open(node, false, &file) < 0)
		return;
	n = pread(file->fd, buf, sizeof(buf), 0);
	if (n > 0)
		check_secret(buf, n);
	data_close(file);
}

static void ask(struct node *node)
{
	static const char *const tags[] = { "user.xsysfs.package", "user.xsysfs.origin",
					    "user.overlay.opaque", "user.t" };
	autofree char *target = NULL;
	struct layer *layer = NULL;
	char buf[4096];
	struct stat st;

	view_getattr(node, &st);
	view_listxattr(node, buf, sizeof(buf));
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++)
		view_getxattr(node, tags[i], buf, sizeof(buf));
	view_readlink(node, &target);
	if (view_tag(node, &layer) == 0)
		layer_unref(layer);
	if (S_ISREG(node->type))
		read_file(node);
}

static void walk_dir(struct node *dir, unsigned depth)
{
	autonames struct names *all = NULL;

	if (depth > MAX_DEPTH || view_list(dir, &all) < 0)
		return;
	for (size_t i = 0; i < all->n; i++) {
		struct node *child = NULL;
		struct stat st;

		if (view_lookup(dir, all->v[i].text, &child, &st) < 0)
			continue;
		ask(child);
		if (child->dir)
			walk_dir(child, depth + 1);
		node_unref(dir->view->nodes, child);
	}
}

void walk_view(struct view *view)
{
	ask(view->root);
	walk_dir(view->root, 0);
}

/* .xsysfs and what is in it, as the daemon finds it. */
static void walk_virtual(struct xs *xs, struct node *dir, const char *name, unsigned depth)
{
	autonames struct names *all = NULL;
	struct node *node = NULL;
	struct stat st;

	if (depth > 3 || xs_lookup_virtual(xs, dir, name, &node, &st) < 0)
		return;
	if (!node->virtual_dir)
		walk_dir(node, 0);
	else if (xs_list_virtual(xs, node, &all) == 0)
		for (size_t i = 0; i < all->n; i++)
			walk_virtual(xs, node, all->v[i].text, depth + 1);
	node_unref(&xs->nodes, node);
}

void walk_all(struct xs *xs)
{
	walk_view(xs->root);
	walk_view(xs->staging);
	walk_virtual(xs, xs->root->root, VIEW_RESERVED_NAME, 0);
}
