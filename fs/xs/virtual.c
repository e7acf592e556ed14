// SPDX-License-Identifier: GPL-2.0-or-later
/* virtual.c - .xsysfs and the directories in it, which no layer has (see xs.h). */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/store/meta.h"
#include "fs/store/names.h"
#include "fs/store/state.h"
#include "fs/view/view.h"
#include "fs/xs/xs.h"

bool xs_is_virtual(const struct xs *xs, const struct node *dir, const char *name)
{
	return dir->virtual_dir || (dir == xs->root->root && strcmp(name, VIEW_RESERVED_NAME) == 0);
}

static int give_root(struct xs *xs, struct view *view, struct node **ret)
{
	node_ref(&xs->nodes, view->root);
	*ret = view->root;
	return 0;
}

static int lookup_top(struct xs *xs, struct node *dir, const char *name, struct node **ret)
{
	if (strcmp(name, "staging") == 0)
		return give_root(xs, xs->staging, ret);
	if (strcmp(name, "build") == 0)
		return nodes_get_virtual(&xs->nodes, dir, name, VIRTUAL_BUILD, ret);
	if (strcmp(name, "packages") == 0)
		return nodes_get_virtual(&xs->nodes, dir, name, VIRTUAL_PACKAGES, ret);
	return -ENOENT;
}

/* Under `lock`. */
static struct sight *find_build(struct xs *xs, const char *package)
{
	for (struct sight *s = xs->sights; s; s = s->next)
		if (s->install && !s->closed && strcmp(s->view->name, package) == 0)
			return s;
	return NULL;
}

static int lookup_build(struct xs *xs, const char *package, struct node **ret)
{
	struct sight *sight;
	int r = -ENOENT;

	pthread_mutex_lock(&xs->lock);
	sight = find_build(xs, package);
	if (sight)
		r = give_root(xs, sight->view, ret);
	pthread_mutex_unlock(&xs->lock);
	return r;
}

static struct layer *find_layer(const struct layerset *set, const char *package)
{
	for (size_t i = 0; i < set->n; i++)
		if (strcmp(set->v[i]->meta->package, package) == 0)
			return set->v[i];
	return NULL;
}

int xs_add_package(struct xs *xs, unsigned number, struct layer *layer, const char *package,
		   struct sight **ret)
{
	bool local = layer == xs->state->local;
	autolayerset struct layerset *below = layerset_new(&layer, local ? 0 : 1);
	struct view_options options = {
		.kind = VIEW_PACKAGE,
		.number = number,
		.layer = layer,
		.upper = local ? layer : NULL,
		.read_only = true,
		.shared = local,
		.below = below,
		.work = -1,
		.name = package,
	};

	return below ? xs_add_sight(xs, &options, layer, ret) : -ENOMEM;
}

/* The view of one layer: made when it is first asked for. Under `lock`. */
static int open_package(struct xs *xs, const struct layerset *layers, const char *package,
			struct sight **ret)
{
	struct layer *layer =
		strcmp(package, "local") == 0 ? xs->state->local : find_layer(layers, package);

	if (!layer)
		return -ENOENT;
	for (struct sight *s = xs->sights; s; s = s->next) {
		if (s->install || s->closed || strcmp(s->view->name, package) != 0)
			continue;
		if (s->layer == layer) {
			*ret = s;
			return 0;
		}
		xs_close_sight(xs, s); /* of an older build: see xs_close_packages */
	}
	return xs_add_package(xs, 0, layer, package, ret);
}

/* Is it the view of a package that was removed or replaced since? */
static bool is_old(const struct xs *xs, const struct sight *s, const struct layerset *layers)
{
	return !s->install && s->layer != xs->state->local && !layerset_has(layers, s->layer);
}

struct old {
	struct node *root; /* with a reference */
	bool named;	   /* it was what its name in .xsysfs/packages says, until now */
};

/* Close old views of packages; for the caller to free. Without memory it is done the next time. */
static struct old *close_old(struct xs *xs, size_t *n)
{
	autolayerset struct layerset *layers = xs_committed(xs);
	struct old *old = NULL;
	size_t most = 0;

	*n = 0;
	pthread_mutex_lock(&xs->lock);
	for (struct sight *s = xs->sights; s; s = s->next)
		most += is_old(xs, s, layers);
	old = most ? calloc(most, sizeof(*old)) : NULL;
	for (struct sight *s = xs->sights; old && s; s = s->next) {
		if (!is_old(xs, s, layers))
			continue;
		node_ref(&xs->nodes, s->view->root);
		old[(*n)++] = (struct old){ .root = s->view->root, .named = !s->closed };
		if (!s->closed)
			xs_close_sight(xs, s);
	}
	pthread_mutex_unlock(&xs->lock);
	return old;
}

/* Let the kernel forget all names of the view: what is in use it forgets when it is not any more.
 */
static void tell_of_view(struct xs *xs, const struct view *view)
{
	struct node *node;

	for (uint64_t id = 1; (node = nodes_next_of(&xs->nodes, view, id));) {
		const struct node *parent = node_parent(&xs->nodes, node);

		id = node->id + 1;
		if (parent)
			xs->events.entry_changed(xs->events.arg, parent->id,
						 node_name(&xs->nodes, node));
		node_unref(&xs->nodes, node);
	}
}

void xs_close_packages(struct xs *xs)
{
	struct node *top = nodes_find(&xs->nodes, xs->root->root, VIEW_RESERVED_NAME);
	struct node *dir = top ? nodes_find(&xs->nodes, top, "packages") : NULL;
	size_t n;
	autofree struct old *old = close_old(xs, &n);

	for (size_t i = 0; i < n; i++) {
		if (dir && xs->events.entry_changed) {
			tell_of_view(xs, old[i].root->view);
			if (old[i].named)
				xs->events.entry_changed(xs->events.arg, dir->id,
							 old[i].root->view->name);
		}
		node_unref(&xs->nodes, old[i].root);
	}
	node_unref(&xs->nodes, dir);
	node_unref(&xs->nodes, top);
}

static int lookup_package(struct xs *xs, const char *package, struct node **ret)
{
	autolayerset struct layerset *layers = xs_committed(xs);
	struct sight *sight = NULL;
	int r;

	pthread_mutex_lock(&xs->lock);
	r = open_package(xs, layers, package, &sight);
	if (r == 0)
		r = give_root(xs, sight->view, ret);
	pthread_mutex_unlock(&xs->lock);
	xs_sweep(xs);
	return r;
}

int xs_lookup_virtual(struct xs *xs, struct node *dir, const char *name, struct node **ret,
		      struct stat *st)
{
	int r;

	switch (dir->virtual_dir) {
	case VIRTUAL_NONE:
		r = nodes_get_virtual(&xs->nodes, dir, VIEW_RESERVED_NAME, VIRTUAL_TOP, ret);
		break;
	case VIRTUAL_TOP:
		r = lookup_top(xs, dir, name, ret);
		break;
	case VIRTUAL_BUILD:
		r = lookup_build(xs, name, ret);
		break;
	case VIRTUAL_PACKAGES:
		r = lookup_package(xs, name, ret);
		break;
	default:
		r = -ENOENT;
	}
	if (r < 0)
		return r;
	r = view_getattr(*ret, st);
	if (r < 0)
		node_unref(&xs->nodes, *ret);
	return r;
}

static int add_dir_name(struct names *names, const char *name)
{
	struct name entry = { .ino = names_position(name), .type = DT_DIR };

	return names_add(names, name, &entry);
}

int xs_list_virtual(struct xs *xs, const struct node *dir, struct names **ret)
{
	static const char *const top[] = { "build", "packages", "staging" };
	autolayerset struct layerset *layers = xs_committed(xs);
	autonames struct names *names = names_new();
	int r = 0;

	if (!names)
		return -ENOMEM;
	pthread_mutex_lock(&xs->lock);
	if (dir->virtual_dir == VIRTUAL_TOP) {
		for (size_t i = 0; r == 0 && i < ARRAY_SIZE(top); i++)
			r = add_dir_name(names, top[i]);
	} else if (dir->virtual_dir == VIRTUAL_BUILD) {
		for (struct sight *s = xs->sights; r == 0 && s; s = s->next)
			if (s->install && !s->closed)
				r = add_dir_name(names, s->view->name);
	} else {
		r = add_dir_name(names, "local");
		for (size_t i = 0; r == 0 && i < layers->n; i++)
			r = add_dir_name(names, layers->v[i]->meta->package);
	}
	pthread_mutex_unlock(&xs->lock);
	if (r < 0)
		return r;
	names_finish(names);
	*ret = take_ptr(names);
	return 0;
}
