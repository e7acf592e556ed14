// SPDX-License-Identifier: GPL-2.0-or-later
/* model_look.c - the views that nobody writes to, and files that stay open in them. */
#include "tests/fuzz/model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/store/layer.h"
#include "fs/store/meta.h"
#include "fs/store/state.h"
#include "fs/view/view.h"
#include "fs/xs/xs.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/plain.h"

void model_drop_seen(struct model *m)
{
	for (size_t i = 0; i < SEEN; i++) {
		node_unref(&m->xs->nodes, m->seen[i].node);
		plain_unref(m->seen[i].file);
		m->seen[i] = (struct handle){ 0 };
	}
}

/* The files go on being what they were, unless their view is closed. */
void model_same_seen(struct model *m)
{
	for (size_t i = 0; i < SEEN; i++) {
		struct handle *seen = &m->seen[i];
		struct file *file = NULL;
		int r = seen->node ? view_open(seen->node, false, &file) : -ESTALE;

		if (r == 0) {
			data_close(file);
			model_same_contents(seen->node, seen->file, "(seen)");
		} else if (r != -ESTALE) {
			fuzz_fail("a file of a package is not there: %s", strerror(-r));
		}
	}
}

static void see(struct model *m, struct node *node, struct plain *file)
{
	struct handle *seen = &m->seen[choose(m->c, SEEN)];
	struct file *opened = NULL;

	if (view_open(node, true, &opened) != -EROFS)
		fuzz_fail("a file of a package was opened for writing");
	node_unref(&m->xs->nodes, seen->node);
	plain_unref(seen->file);
	node_ref(&m->xs->nodes, node);
	*seen = (struct handle){ node, plain_ref(file) };
}

static void look_into(struct model *m, struct node *dir, struct plain *tree)
{
	for (size_t i = 0; i < tree->n; i++) {
		struct plain *file = tree->kids[i].file;
		struct node *node = NULL;
		int r = view_lookup(dir, tree->kids[i].name, &node, NULL);

		if (r < 0)
			fuzz_fail("a package has no '%s': %s", tree->kids[i].name, strerror(-r));
		if (S_ISDIR(file->mode))
			look_into(m, node, file);
		else if (S_ISREG(file->mode))
			model_same_contents(node, file, tree->kids[i].name);
		if (S_ISREG(file->mode) && choose(m->c, 4) == 0)
			see(m, node, file);
		node_unref(&m->xs->nodes, node);
	}
}

static struct node *step(struct xs *xs, struct node *dir, const char *name)
{
	struct node *node = NULL;
	struct stat st;
	int r = xs_lookup_virtual(xs, dir, name, &node, &st);

	if (r < 0)
		fuzz_fail("there is no '%s': %s", name, strerror(-r));
	node_unref(&xs->nodes, dir);
	return node;
}

void model_op_look(struct model *m)
{
	struct state *state = m->xs->state;
	struct layer *layer = state->n ? state->stack[choose(m->c, state->n)] : NULL;
	struct plain *tree;
	struct node *node;

	if (!layer)
		return;
	fuzz_trace("look at %s", layer->meta->package);
	tree = model_read_layer(layer);
	node_ref(&m->xs->nodes, m->xs->root->root);
	node = step(m->xs, m->xs->root->root, VIEW_RESERVED_NAME);
	node = step(m->xs, node, "packages");
	node = step(m->xs, node, layer->meta->package);
	look_into(m, node, tree);
	node_unref(&m->xs->nodes, node);
	plain_unref(tree);
}
