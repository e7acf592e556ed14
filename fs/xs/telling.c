// SPDX-License-Identifier: GPL-2.0-or-later
/* telling.c - what the kernel is told, so that it believes nothing that has changed (see xs.h). */
#include <errno.h>
#include <stdlib.h>

#include "fs/base/cleanup.h"
#include "fs/store/handover.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/store/state.h"
#include "fs/store/tree.h"
#include "fs/view/mirror.h"
#include "fs/view/view.h"
#include "fs/xs/xs.h"

static void tell_of_entry(struct xs *xs, const struct node *dir, const char *name)
{
	xs->events.entry_changed(xs->events.arg, dir->id, name);
}

/* Does the kernel not know the node? Then the answer that tells it of it may be on its way: it
 * holds the lock of the directory, for which the second call waits. */
static void tell_of_node(struct xs *xs, const struct node *node)
{
	struct node *parent = node_parent(&xs->nodes, node);

	if (xs->events.node_changed(xs->events.arg, node->id) != -ENOENT || !parent)
		return;
	tell_of_entry(xs, parent, node_name(&xs->nodes, node));
	xs->events.node_changed(xs->events.arg, node->id);
}

/* Is the name a directory? And is it `child`, not another one that has taken its place? */
static bool is_dir(struct node *dir, const char *name, const struct node *child)
{
	struct stat st;

	return view_peek(dir, name, &st) == 0 && S_ISDIR(st.st_mode) &&
	       (!child || child->ino == st.st_ino);
}

/* ---- the stack ---- */

/* Tell of all names that `layer` has in `path`, where somebody knows that directory as `dir`. A
 * directory that is still one keeps its entry: taking it away from under those who work in it would
 * be wrong.
 *
 * The directory itself comes last. An answer to READDIR of before the change may be on its way into
 * the kernel's cache, and it holds the lock of the directory, for which telling of a name waits
 * (fuse_reverse_inval_entry); telling of the node does not. */
static void tell_of_layer(struct xs *xs, const struct layer *layer, const char *path,
			  struct node *dir)
{
	autostrv struct strv names = { 0 };

	/* without memory or a readable layer there is nothing to tell: the names are not there */
	if (tree_names(layer, path, &names) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		struct node *child = nodes_find(&xs->nodes, dir, names.v[i]);
		autofree char *below = NULL;

		/* of one that goes, too: what is open in it keeps its name there, which would show
		 * again if the directory came back */
		if (child && child->dir && (below = tree_join(path, names.v[i])))
			tell_of_layer(xs, layer, below, child);
		if (!child || !child->dir || !is_dir(dir, names.v[i], NULL))
			tell_of_entry(xs, dir, names.v[i]);
		node_unref(&xs->nodes, child);
	}
	if (names.n == 0) /* only for the lock */
		tell_of_entry(xs, dir, ".");
	tell_of_node(xs, dir);
}

void xs_tell_of_difference(struct xs *xs, const struct layerset *some,
			   const struct layerset *others)
{
	for (size_t i = 0; i < some->n; i++) {
		if (layerset_has(others, some->v[i]))
			continue;
		tell_of_layer(xs, some->v[i], "", xs->root->root);
		tell_of_layer(xs, some->v[i], "", xs->staging->root);
	}
}

/* Which layers came and went is not known any more: it is some of those on disk. */
void xs_tell_again(struct xs *xs)
{
	autostrv struct strv ids = { 0 };

	if (!xs->untold || state_layers_on_disk(xs->state, &ids) < 0)
		return;
	strv_foreach (id, &ids) {
		struct layer *layer = NULL;

		if (state_open_layer(xs->state, *id, &layer) < 0)
			continue;
		tell_of_layer(xs, layer, "", xs->root->root);
		tell_of_layer(xs, layer, "", xs->staging->root);
		layer_unref(layer);
	}
	__atomic_fetch_sub(&xs->nodes.memory->head->telling, xs->untold, __ATOMIC_RELEASE);
}

/* ---- what the root view changes in staging ---- */

/* `child` is what staging knows by that name. */
static void tell_of_child(struct xs *xs, struct node *dir, const char *name, struct node *child)
{
	if (child->dir && is_dir(dir, name, child)) {
		tell_of_node(xs, child);
		return;
	}
	if (child->dir) /* another one of that name has other things in it */
		node_set_unlinked(&xs->nodes, child, false);
	tell_of_entry(xs, dir, name);
	xs->events.node_changed(xs->events.arg, child->id);
}

static void tell_of_name(struct xs *xs, struct node *dir, const char *name)
{
	struct node *child = nodes_find(&xs->nodes, dir, name);

	if (child)
		tell_of_child(xs, dir, name, child);
	else
		tell_of_entry(xs, dir, name);
	node_unref(&xs->nodes, child);
}

static void tell_of_job(void *arg, const struct mirror_job *job)
{
	struct xs *xs = arg;
	struct node *node = nodes_by_id(&xs->nodes, job->id);

	if (!node)
		return; /* forgotten meanwhile */
	if (job->name)
		tell_of_name(xs, node, job->name);
	tell_of_node(xs, node);
	node_unref(&xs->nodes, node);
}

/* What `local` has now, and what staging knew: all that came, went or was changed is among it. */
static void tell_of_all(void *arg)
{
	struct xs *xs = arg;
	struct node *node, *parent;

	tell_of_layer(xs, xs->state->local, "", xs->staging->root);
	for (uint64_t id = 1; (node = nodes_next_of(&xs->nodes, xs->staging, id));) {
		id = node->id + 1;
		parent = node_parent(&xs->nodes, node);
		if (parent && !node_is_unlinked(&xs->nodes, node))
			tell_of_child(xs, parent, node_name(&xs->nodes, node), node);
		node_unref(&xs->nodes, node);
	}
}

int xs_start_telling(struct xs *xs)
{
	const struct mirror_teller teller = { tell_of_job, tell_of_all, xs };
	int r;

	xs->untold = __atomic_load_n(&xs->nodes.memory->head->telling, __ATOMIC_ACQUIRE);
	r = mirror_serve(xs->mirror, &teller);
	if (r == 0 && xs->untold)
		mirror_all(xs->mirror);
	return r;
}
