// SPDX-License-Identifier: GPL-2.0-or-later
/* lookup.c - from a name to the layer that has it (see view.h).
 *
 * A directory knows the layers that it is made of, and in what they add up to (`index`) which of
 * them is the topmost for a name. So a look-up costs one or two calls, be it over 1 layer or 200.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/layer.h"
#include "fs/layerset.h"
#include "fs/names.h"
#include "fs/special.h"
#include "fs/view.h"
#include "fs/whiteout.h"

/* Fewer layers than this are asked one by one; more are worth reading their directories once. */
enum { INDEX_FROM = 3 };

void found_release(struct found *found)
{
	layerset_unref(found->below);
	found->below = NULL;
}

static bool is_opaque(const struct layer *layer, const char *path)
{
	autofd int fd = layer_open(layer, path, O_RDONLY | O_DIRECTORY);

	return fd >= 0 && opaque_is(fd);
}

/* Nothing there: a name that is not, or one below something that is no directory in that layer. */
static bool is_absent(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ELOOP;
}

/* Which of `v` show a directory `path`, top first, until something hides the rest. `*lowest` is
 * what the last one says of it. */
static int stack_up(struct layer *const *v, size_t n, const char *path, struct layerset **ret,
		    struct found *lowest)
{
	autofree struct layer **in = calloc(n + 1, sizeof(*in));
	size_t found = 0;

	if (!in)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct found here = { .layer = v[i] };
		int r = note_stat(v[i], path, &here.st, &here.note);

		if (is_absent(r))
			continue;
		if (r < 0)
			return r;
		if (!S_ISDIR(here.st.st_mode))
			break;
		*lowest = here;
		in[found++] = v[i];
		if (v[i]->origin != ORIGIN_BASE && is_opaque(v[i], path))
			break;
	}
	*ret = layerset_new(in, found);
	return *ret ? 0 : -ENOMEM;
}

/* A device that looks like a whiteout is kept as a file: see special.h. */
static void decode_special(const struct layer *layer, const char *path, struct found *found)
{
	autofd int fd = -1;

	if (!special_may_be(&found->st) || layer->origin == ORIGIN_BASE)
		return;
	fd = layer_open(layer, path, O_RDONLY | O_NONBLOCK);
	if (fd >= 0 && special_is(fd))
		special_show(&found->st);
}

static ino_t shown_ino(const struct found *found)
{
	return found->note.ino ? found->note.ino : found->st.st_ino | found->layer->ino_salt;
}

/* Among the immutable layers: the topmost that has the name. -ENOENT for a whiteout too. */
static int find_below(struct layerset *below, const struct names *index, const char *path,
		      const char *name, struct found *found)
{
	size_t i = 0;
	int r = -ENOENT;

	if (index) {
		const struct name *entry = names_find(index, name);

		if (!entry || entry->whiteout)
			return -ENOENT;
		i = entry->layer;
	}
	for (; i < below->n; i++) {
		r = note_stat(below->v[i], path, &found->st, &found->note);
		if (!is_absent(r))
			break;
		r = -ENOENT;
	}
	if (r < 0)
		return r;
	if (whiteout_is(&found->st) && below->v[i]->origin != ORIGIN_BASE)
		return -ENOENT;
	found->layer = below->v[i];
	decode_special(found->layer, path, found);
	found->ino = shown_ino(found);
	if (S_ISDIR(found->st.st_mode)) {
		struct found lowest = *found;

		r = stack_up(below->v + i, below->n - i, path, &found->below, &lowest);
		if (r < 0)
			return r;
		found->ino = shown_ino(&lowest);
	}
	return 0;
}

/* The directory of a view whose layers have changed since it was last asked. */
static int refresh(struct node *dir)
{
	struct view *view = dir->view;
	struct node *parent = node_parent(view->nodes, dir);
	autofound struct found found = { 0 };
	struct layerset *below;
	int r;

	if (parent) {
		r = lookup_find(parent, node_name(view->nodes, dir), &found);
		if (r < 0 && r != -ENOENT && r != -ENOTDIR)
			return r;
		below = found.below ? layerset_ref(found.below) : layerset_new(NULL, 0);
		if (!below)
			return -ENOMEM;
	} else {
		below = layerset_ref(view->below);
	}
	pthread_mutex_lock(&view->nodes->lock);
	if (!dir->dir->below || !layerset_equal(dir->dir->below, below)) {
		layerset_unref(dir->dir->below);
		names_unref(dir->dir->index);
		dir->dir->below = layerset_ref(below);
		dir->dir->index = NULL;
	}
	names_unref(dir->dir->listing);
	dir->dir->listing = NULL;
	dir->dir->counted = false;
	dir->dir->changes++;
	dir->dir->generation = view->generation;
	if (parent)
		dir->dir->in_upper = found.in_upper;
	pthread_mutex_unlock(&view->nodes->lock);
	layerset_unref(below);
	return 0;
}

/* Build and remember what the lower layers add up to. */
static int load_index(struct node *dir, struct layerset *below, struct names **ret)
{
	struct nodes *nodes = dir->view->nodes;
	autonames struct names *names = NULL;
	autofree char *path = NULL;
	struct dir *d = dir->dir;

	pthread_mutex_lock(&nodes->lock);
	if (d->index && d->below == below)
		names = names_ref(d->index);
	pthread_mutex_unlock(&nodes->lock);
	if (names) {
		*ret = take_ptr(names);
		return 0;
	}
	names = names_new();
	path = node_path(nodes, dir);
	if (!names || !path)
		return -ENOMEM;
	for (size_t i = 0; i < below->n; i++) {
		const struct layer *layer = below->v[i];
		bool marks = layer->origin != ORIGIN_BASE;
		autofd int fd = layer_open(layer, path, O_RDONLY | O_DIRECTORY);
		int r = fd < 0 ? fd
			       : names_add_dir(names, fd, i, layer->ino_salt, marks,
					       marks && layer->notes == NOTE_SOME);

		if (r < 0)
			return r;
	}
	names_finish(names);
	pthread_mutex_lock(&nodes->lock);
	if (!d->index && d->below == below)
		d->index = names_ref(names);
	pthread_mutex_unlock(&nodes->lock);
	*ret = take_ptr(names);
	return 0;
}

int lookup_dir(struct node *dir, struct layerset **below, bool *in_upper)
{
	struct nodes *nodes = dir->view->nodes;
	bool old;
	int r;

	if (!dir->dir)
		return -ENOTDIR;
	pthread_mutex_lock(&nodes->lock);
	old = !dir->unlinked &&
	      (dir->view->shared || dir->dir->generation != dir->view->generation);
	pthread_mutex_unlock(&nodes->lock);
	if (old) {
		r = refresh(dir);
		if (r < 0)
			return r;
	}
	pthread_mutex_lock(&nodes->lock);
	*below = dir->unlinked || !dir->dir->below ? layerset_new(NULL, 0)
						   : layerset_ref(dir->dir->below);
	*in_upper = dir->dir->in_upper && !dir->unlinked;
	pthread_mutex_unlock(&nodes->lock);
	return *below ? 0 : -ENOMEM;
}

static int find_below_dir(struct node *dir, struct layerset *below, const char *path,
			  const char *name, struct found *found)
{
	autonames struct names *index = NULL;

	if (below->n >= INDEX_FROM) {
		int r = load_index(dir, below, &index);

		if (r < 0)
			return r;
	}
	return find_below(below, index, path, name, found);
}

/* What the upper says: 0, or -ENOENT when the lower layers decide; a whiteout is told apart. */
static int find_upper(struct node *dir, const char *path, const char *name, struct layerset *below,
		      struct found *found)
{
	struct layer *upper = dir->view->upper;
	struct found lower = { 0 };
	int r = note_stat(upper, path, &found->st, &found->note);

	if (r < 0)
		return is_absent(r) ? -ENOENT : r;
	if (whiteout_is(&found->st)) {
		found->whiteout = true;
		return -ENOENT;
	}
	found->layer = upper;
	decode_special(upper, path, found);
	found->ino = shown_ino(found);
	if (!S_ISDIR(found->st.st_mode))
		return 0;
	found->in_upper = true;
	if (is_opaque(upper, path))
		return 0;
	r = find_below_dir(dir, below, path, name, &lower);
	if (r == 0 && lower.below) {
		found->ino = lower.ino;
		found->below = take_ptr(lower.below);
	}
	found_release(&lower);
	return r == -ENOENT ? 0 : r;
}

static bool is_reserved(const struct node *dir, const char *name)
{
	return dir == dir->view->root && strcmp(name, VIEW_RESERVED_NAME) == 0;
}

int lookup_check_new_name(const struct node *dir, const char *name)
{
	if (strlen(name) > NAME_MAX)
		return -ENAMETOOLONG;
	return is_reserved(dir, name) ? -EPERM : 0;
}

int lookup_find(struct node *dir, const char *name, struct found *found)
{
	struct view *view = dir->view;
	autolayerset struct layerset *below = NULL;
	autofree char *path = node_child_path(view->nodes, dir, name);
	bool in_upper;
	int r;

	*found = (struct found){ 0 };
	if (!path)
		return -ENOMEM;
	if (is_reserved(dir, name))
		return -ENOENT;
	r = lookup_dir(dir, &below, &in_upper);
	if (r < 0)
		return r;
	if (in_upper) {
		r = find_upper(dir, path, name, below, found);
		if (r != -ENOENT || found->whiteout)
			goto out;
	}
	r = find_below_dir(dir, below, path, name, found);
out:
	if (r == 0 && !S_ISDIR(found->st.st_mode) && view->hide) {
		struct stat st;

		if (layer_stat(view->hide, path, &st) == 0)
			r = -ENOENT;
	}
	return r;
}

int lookup_below(struct node *dir, const char *name, bool *ret)
{
	autolayerset struct layerset *below = NULL;
	autofree char *path = node_child_path(dir->view->nodes, dir, name);
	autofound struct found found = { 0 };
	bool in_upper;
	int r;

	if (!path)
		return -ENOMEM;
	r = lookup_dir(dir, &below, &in_upper);
	if (r == 0)
		r = find_below_dir(dir, below, path, name, &found);
	*ret = r == 0;
	return r == -ENOENT ? 0 : r;
}

/* Staging leaves out what the base has: mark such entries as gone. */
static int hide_names(struct node *dir, const struct names *all, struct names *shown)
{
	struct view *view = dir->view;

	for (size_t i = 0; i < all->n; i++) {
		struct name entry = all->v[i];
		autofree char *path = node_child_path(view->nodes, dir, entry.text);
		struct stat st;
		int r;

		if (!path)
			return -ENOMEM;
		if (entry.type != DT_DIR && layer_stat(view->hide, path, &st) == 0)
			continue;
		r = names_add(shown, entry.text, &entry);
		if (r < 0)
			return r;
	}
	names_finish(shown);
	return 0;
}

/* Everything, the upper first as number 0 and the others counted from 1. */
static int list_all(struct node *dir, struct layerset *below, bool in_upper, struct names *names)
{
	struct view *view = dir->view;
	autofree char *path = node_path(view->nodes, dir);
	autonames struct names *index = NULL;
	int r;

	if (!path)
		return -ENOMEM;
	if (in_upper) {
		autofd int fd = layer_open(view->upper, path, O_RDONLY | O_DIRECTORY);

		r = fd < 0 ? fd
			   : names_add_dir(names, fd, 0, view->upper->ino_salt, true,
					   view->upper->notes == NOTE_SOME);
		if (r < 0)
			return r;
	}
	r = load_index(dir, below, &index);
	if (r < 0)
		return r;
	for (size_t i = 0; i < index->n; i++) {
		struct name entry = index->v[i];

		entry.layer++;
		r = names_add(names, entry.text, &entry);
		if (r < 0)
			return r;
	}
	names_finish(names);
	return 0;
}

int lookup_list(struct node *dir, struct names **ret)
{
	struct view *view = dir->view;
	struct nodes *nodes = view->nodes;
	autolayerset struct layerset *below = NULL;
	autonames struct names *names = NULL;
	autonames struct names *shown = NULL;
	unsigned changes;
	bool in_upper;
	int r;

	r = lookup_dir(dir, &below, &in_upper);
	if (r < 0)
		return r;
	pthread_mutex_lock(&nodes->lock);
	changes = dir->dir->changes;
	if (dir->dir->listing && !view->shared)
		names = names_ref(dir->dir->listing);
	pthread_mutex_unlock(&nodes->lock);
	if (names) {
		*ret = take_ptr(names);
		return 0;
	}
	if (!in_upper && !view->hide)
		return load_index(dir, below, ret);
	names = names_new();
	if (!names)
		return -ENOMEM;
	r = list_all(dir, below, in_upper, names);
	if (r == 0 && view->hide) {
		shown = names_new();
		r = shown ? hide_names(dir, names, shown) : -ENOMEM;
		if (r == 0) {
			names_unref(names);
			names = take_ptr(shown);
		}
	}
	if (r < 0)
		return r;
	pthread_mutex_lock(&nodes->lock);
	if (!dir->dir->listing && dir->dir->changes == changes)
		dir->dir->listing = names_ref(names);
	pthread_mutex_unlock(&nodes->lock);
	*ret = take_ptr(names);
	return 0;
}

int lookup_check_empty(struct node *dir)
{
	autonames struct names *names = NULL;
	int r = lookup_list(dir, &names);

	for (size_t i = 0; r == 0 && i < names->n; i++)
		if (!names->v[i].whiteout)
			r = -ENOTEMPTY;
	return r;
}

static unsigned count_in(const struct node *dir, const struct names *names)
{
	unsigned n = 0;

	for (size_t i = 0; i < names->n; i++)
		n += names->v[i].type == DT_DIR &&
		     !(dir == dir->view->root && strcmp(names->v[i].text, VIEW_RESERVED_NAME) == 0);
	return n;
}

int lookup_count_dirs(struct node *dir, unsigned *ret)
{
	struct nodes *nodes = dir->view->nodes;
	autonames struct names *names = NULL;
	struct dir *d = dir->dir;
	unsigned changes;
	bool counted;
	int r;

	pthread_mutex_lock(&nodes->lock);
	*ret = d->subdirs;
	counted = d->counted && !dir->view->shared;
	changes = d->changes;
	pthread_mutex_unlock(&nodes->lock);
	if (counted)
		return 0;
	r = lookup_list(dir, &names);
	if (r < 0)
		return r;
	*ret = count_in(dir, names);
	pthread_mutex_lock(&nodes->lock);
	if (d->changes == changes && !d->counting) {
		d->subdirs = *ret;
		d->counted = true;
	}
	pthread_mutex_unlock(&nodes->lock);
	return 0;
}

void lookup_hold_count(struct node *dir)
{
	struct nodes *nodes = dir->view->nodes;

	pthread_mutex_lock(&nodes->lock);
	dir->dir->counting++;
	pthread_mutex_unlock(&nodes->lock);
}

/* Who counts meanwhile may have seen the directory or not, so what he says is not kept. */
void lookup_adjust_count(struct node *dir, int by)
{
	struct nodes *nodes = dir->view->nodes;

	pthread_mutex_lock(&nodes->lock);
	dir->dir->counting--;
	dir->dir->changes++;
	dir->dir->subdirs += by;
	pthread_mutex_unlock(&nodes->lock);
}

void lookup_changed(struct node *dir)
{
	struct nodes *nodes = dir->view->nodes;
	struct names *old;

	pthread_mutex_lock(&nodes->lock);
	old = take_ptr(dir->dir->listing);
	dir->dir->changes++;
	pthread_mutex_unlock(&nodes->lock);
	names_unref(old);
}

void lookup_set_upper(struct node *dir, bool opaque)
{
	struct nodes *nodes = dir->view->nodes;
	struct layerset *below = NULL;
	struct names *index = NULL;

	lookup_changed(dir);
	pthread_mutex_lock(&nodes->lock);
	dir->dir->in_upper = true;
	if (opaque) {
		below = take_ptr(dir->dir->below);
		index = take_ptr(dir->dir->index);
	}
	pthread_mutex_unlock(&nodes->lock);
	layerset_unref(below);
	names_unref(index);
}
