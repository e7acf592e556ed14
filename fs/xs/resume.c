// SPDX-License-Identifier: GPL-2.0-or-later
/* resume.c - go on where a worker before ours has stopped, wherever that was (see xs.h).
 *
 * What it has left: the nodes and the roster in handover.h's memory, and there what it knew of the
 * installs whose files are in STATE/pending; in STATE/work the files of unlinked nodes, and copies
 * half made.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/store/handover.h"
#include "fs/store/install.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/store/meta.h"
#include "fs/store/state.h"
#include "fs/view/orphan.h"
#include "fs/view/view.h"
#include "fs/xs/xs.h"

/* By the numbers of the roster. */
struct resuming {
	struct xs *xs;
	struct view **views;
	struct layer **layers; /* with a reference each */
	size_t n_views, n_layers;
};

/* ---- views ---- */

/* Who still has something of it open gets -ESTALE. */
static int add_closed(struct xs *xs, unsigned number, const char *package, struct view **ret)
{
	struct layerset *nothing = layerset_new(NULL, 0);
	struct view_options options = {
		.number = number, .below = nothing, .work = -1, .name = package
	};
	struct sight *sight = NULL;
	int r = nothing ? xs_add_sight(xs, &options, xs->state->local, &sight) : -ENOMEM;

	layerset_unref(nothing);
	if (r < 0)
		return r;
	sight->closed = true;
	sight->view->closed = true;
	*ret = sight->view;
	return 0;
}

static int resume_build(struct xs *xs, unsigned number, const struct roster_view *v,
			struct view **ret)
{
	struct view_options options;
	struct install *install = NULL;
	struct sight *sight = NULL;
	int r;

	if (v->closed ||
	    install_resume(xs->state, v->package, nodes_text(&xs->nodes, v->begun), &install) < 0)
		return add_closed(xs, number, v->package, ret);
	options = xs_build_options(xs->state, install, v->package);
	options.number = number;
	r = xs_add_sight(xs, &options, install->layer, &sight);
	if (r < 0) {
		install_free(install);
		return r;
	}
	sight->install = install;
	*ret = sight->view;
	return 0;
}

static struct layer *find_layer(struct xs *xs, const char *id)
{
	struct state *state = xs->state;
	struct layer *layer = NULL;

	if (!id)
		return NULL;
	if (strcmp(id, state->local->id) == 0)
		return layer_ref(state->local);
	if (strcmp(id, state->base->id) == 0)
		return layer_ref(state->base);
	layer = state_find_id(state, id);
	if (layer)
		return layer_ref(layer);
	/* replaced or removed; NULL if it has been collected */
	return state_open_layer(state, id, &layer) == 0 ? layer : NULL;
}

static int resume_package(struct xs *xs, unsigned number, const struct roster_view *v,
			  struct layer *layer, struct view **ret)
{
	struct sight *sight = NULL;
	int r;

	if (!layer)
		return add_closed(xs, number, v->package, ret);
	r = xs_add_package(xs, number, layer, v->package, &sight);
	if (r < 0)
		return r;
	sight->closed = v->closed;
	*ret = sight->view;
	return 0;
}

static int resume_main(struct xs *xs, unsigned number, struct view_options options, bool base,
		       struct view **ret)
{
	autolayerset struct layerset *below = state_layers(xs->state, false, base, NULL);

	if (!below)
		return -ENOMEM;
	options.number = number;
	options.below = below;
	return view_new(&xs->nodes, &xs->files, &options, ret);
}

static int resume_view(struct resuming *u, unsigned number, const struct roster_view *v)
{
	struct xs *xs = u->xs;
	struct view **ret = &u->views[number];
	int r;

	switch (v->kind) {
	case VIEW_SYSROOT:
		r = resume_main(xs, number, xs_root_options(xs->state), true, ret);
		xs->root = *ret;
		return r;
	case VIEW_STAGING:
		r = resume_main(xs, number, xs_staging_options(xs->state), false, ret);
		xs->staging = *ret;
		return r;
	case VIEW_BUILD:
		return resume_build(xs, number, v, ret);
	case VIEW_PACKAGE:
		if (v->layer_no >= u->n_layers)
			return -EBADMSG;
		return resume_package(xs, number, v, u->layers[v->layer_no], ret);
	default:
		return -EBADMSG;
	}
}

static int resume_views(struct resuming *u)
{
	const struct handover *h = u->xs->nodes.memory;
	int r = 0;

	for (unsigned no = 1; r == 0 && no < u->n_views; no++) {
		struct roster_view *v = roster_view(h, no);

		if (v && !v->root) /* it died while it made it */
			v->used = false;
		else if (v)
			r = resume_view(u, no, v);
	}
	/* it died before it had both: nothing has been served */
	return r < 0 ? r : u->xs->root && u->xs->staging ? 0 : -EBADMSG;
}

/* An install that has no view was not begun. */
static int drop_pending(struct xs *xs)
{
	autofd int fd = io_open_dir(xs->state->pending, ".");
	autodir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	autostrv struct strv pending = { 0 };
	struct dirent *e;
	int r = xs_pending(xs, &pending);

	if (!d)
		return fd < 0 ? fd : -errno;
	take_fd(&fd);
	while (r == 0 && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    !strv_has(&pending, e->d_name))
			r = io_remove_tree(xs->state->pending, e->d_name);
	return r;
}

/* ---- nodes ---- */

static struct view *view_of(void *arg, unsigned number)
{
	struct resuming *u = arg;

	return number < u->n_views ? u->views[number] : NULL;
}

static struct layer *layer_of(void *arg, struct view *view, unsigned number)
{
	struct resuming *u = arg;
	const char *id = roster_layer_id(u->xs->nodes.memory, number);

	if (id && strcmp(id, INSTALL_LAYER_ID) == 0)
		return view->upper; /* each has its own */
	return number < u->n_layers ? u->layers[number] : NULL;
}

/* ---- what is in the work directory ---- */

/* Is the node's file still at its name in the upper? 1, 0 or -errno. */
static int is_at_name(struct node *node, ino_t ino)
{
	struct view *view = node->view;
	autofree char *path = node_path(view->nodes, node);
	struct stat st;
	int r = path ? layer_stat(view->upper, path, &st) : -ENOMEM;

	return r == 0 ? st.st_ino == ino : r == -ENOENT || r == -ENOTDIR || r == -ELOOP ? 0 : r;
}

/* Does the node have this file as kept? It may have died between moving the file and saying so. 1,
 * 0 or -errno. */
static int is_kept(struct xs *xs, struct node *node, const struct stat *st)
{
	int r;

	if (node->real != st->st_ino || node->dir || !node->view->upper)
		return 0;
	if (node->kept)
		return 1;
	r = node->unlinked ? 0 : is_at_name(node, st->st_ino);
	if (r != 0)
		return r < 0 ? r : 0;
	node_set_unlinked(&xs->nodes, node, false);
	node_set_kept(&xs->nodes, node, node->view->upper, st->st_ino);
	return 1;
}

static int settle_work(struct xs *xs, const char *name)
{
	int work = xs->state->work;
	uint32_t generation = 0, id = orphan_node(name, &generation);
	struct node *node = id ? nodes_by_id(&xs->nodes, id) : NULL;
	struct stat st;
	int r = 0;

	if (node && node->generation == generation) {
		r = fstatat(work, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
		if (r == 0)
			r = is_kept(xs, node, &st);
	}
	node_unref(&xs->nodes, node);
	/* what nobody could look at may be the last of an open file */
	return r ? 0 : io_remove_tree(work, name);
}

static int settle_all_work(struct xs *xs)
{
	autofd int fd = io_open_dir(xs->state->work, ".");
	autodir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	autostrv struct strv names = { 0 };
	struct dirent *e;
	int r = 0;

	if (!d)
		return fd < 0 ? fd : -errno;
	take_fd(&fd);
	while (r == 0 && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			r = strv_add(&names, e->d_name);
	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = settle_work(xs, names.v[i]);
	return r;
}

/* ---- all of it ---- */

static int find_layers(struct resuming *u)
{
	const struct handover *h = u->xs->nodes.memory;

	u->n_views = roster_n_views(h) + 1;
	u->n_layers = 1;
	while (roster_layer_id(h, u->n_layers))
		u->n_layers++;
	u->views = calloc(u->n_views, sizeof(*u->views));
	u->layers = calloc(u->n_layers, sizeof(*u->layers));
	if (!u->views || !u->layers)
		return -ENOMEM;
	for (size_t i = 1; i < u->n_layers; i++)
		u->layers[i] = find_layer(u->xs, roster_layer_id(h, i));
	return 0;
}

int xs_resume(struct xs *xs)
{
	struct resuming u = { .xs = xs };
	int r = find_layers(&u);

	if (r == 0)
		r = resume_views(&u);
	if (r == 0)
		r = drop_pending(xs);
	if (r == 0)
		r = nodes_resume(&xs->nodes, view_of, layer_of, &u);
	if (r == 0)
		r = settle_all_work(xs);
	for (size_t i = 1; u.layers && i < u.n_layers; i++)
		layer_unref(u.layers[i]);
	free(u.layers);
	free(u.views);
	return r;
}
