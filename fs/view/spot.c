// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/view/spot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/store/layer.h"
#include "fs/store/note.h"

void spot_release(struct spot *spot)
{
	if (spot->dir)
		node_unref(spot->dir->view->nodes, spot->dir);
	free(spot->name);
	*spot = (struct spot){ 0 };
}

int spot_hold_times(struct node *dir, int fd, struct stat *held)
{
	int r = 0;

	view_lock_times(dir, true);
	if (fstat(fd, held) < 0) {
		r = -errno;
		view_unlock_times(dir);
	}
	return r;
}

void spot_keep_times(struct node *dir, int fd, const struct stat *held)
{
	const struct timespec times[2] = { held->st_atim, held->st_mtim };

	utimensat(fd, "", times, AT_EMPTY_PATH);
	view_unlock_times(dir);
}

int spot_shows(const struct spot *spot, const struct layer *lower, ino_t real, struct found *found)
{
	int r = lookup_find(spot->dir, spot->name, found);

	if (r < 0)
		return r == -ENOENT || r == -ENOTDIR ? 0 : r;
	return found->layer == lower && found->st.st_ino == real;
}

/* The spot of a path, step by step. -ENOENT: its directory does not show. */
static int spot_find(struct view *view, const char *path, struct spot *ret)
{
	autofree char *copy = strdup(path);
	struct node *dir = view->root, *next = NULL;
	char *save = NULL, *name, *rest;
	int r = 0;

	if (!copy)
		return -ENOMEM;
	node_ref(view->nodes, dir);
	name = strtok_r(copy, "/", &save);
	while (r == 0 && name && (rest = strtok_r(NULL, "/", &save))) {
		autofound struct found found = { 0 };

		r = lookup_find(dir, name, &found);
		if (r == 0 && !S_ISDIR(found.st.st_mode))
			r = -ENOENT;
		if (r == 0)
			r = nodes_get(view->nodes, dir, name, &found, false, &next);
		if (r == 0) {
			node_unref(view->nodes, dir);
			dir = next;
			name = rest;
		}
	}
	ret->dir = dir;
	ret->name = r == 0 && name ? strdup(name) : NULL;
	return r < 0 ? r : !name ? -ENOENT : ret->name ? 0 : -ENOMEM;
}

int spot_for_others(struct view *view, struct layer *lower, const char *path, ino_t real,
		    int (*f)(const struct spot *spot, void *arg), void *arg)
{
	autostrv struct strv names = { 0 };
	int r = layer_other_names(lower, path, real, &names);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		autospot struct spot spot = { 0 };
		autofound struct found found = { 0 };

		r = spot_find(view, names.v[i], &spot);
		if (r == 0)
			r = spot_shows(&spot, lower, real, &found);
		if (r == 1)
			r = f(&spot, arg);
		else if (r == -ENOENT)
			r = 0;
	}
	return r;
}

static int links_add(struct links *links, const struct spot *spot)
{
	struct spot *made = reallocarray(links->made, links->n + 1, sizeof(*made));
	char *name = strdup(spot->name);

	if (made)
		links->made = made;
	if (!made || !name) {
		free(name);
		return -ENOMEM;
	}
	node_ref(links->view->nodes, spot->dir);
	made[links->n++] = (struct spot){ spot->dir, name };
	return 0;
}

static int link_spot(const struct spot *spot, void *arg)
{
	struct links *links = arg;
	autofd int to = copyup_open_dir(spot->dir);
	int r = to < 0 ? to : note_mark(links->view->upper, to);
	struct stat held;

	if (r == 0)
		r = links_add(links, spot);
	if (r < 0)
		return r;
	r = spot_hold_times(spot->dir, to, &held);
	if (r == 0) {
		r = linkat(links->dir, links->name, to, spot->name, 0) < 0 ? -errno : 0;
		spot_keep_times(spot->dir, to, &held);
	}
	if (r < 0)
		spot_release(&links->made[--links->n]);
	if (r < 0 && r != -EEXIST) /* else it has been taken away meanwhile */
		return r;
	lookup_changed(spot->dir, spot->name, NULL);
	return 0;
}

void links_undo(struct links *links)
{
	for (size_t i = 0; i < links->n; i++) {
		autofd int dir = lookup_open_upper(links->made[i].dir);
		struct stat held;

		if (spot_hold_times(links->made[i].dir, dir, &held) == 0) {
			unlinkat(dir, links->made[i].name, 0);
			spot_keep_times(links->made[i].dir, dir, &held);
		}
		lookup_changed(links->made[i].dir, links->made[i].name, NULL);
	}
}

void links_release(struct links *links)
{
	for (size_t i = 0; i < links->n; i++)
		spot_release(&links->made[i]);
	free(links->made);
}
int links_make(struct links *links, struct layer *lower, const char *path, const struct stat *st)
{
	if (st->st_nlink < 2)
		return 0;
	return spot_for_others(links->view, lower, path, st->st_ino, link_spot, links);
}
