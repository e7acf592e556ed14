// SPDX-License-Identifier: GPL-2.0-or-later
/* history.c - layers leave the stack, come back into it, and go for good (see state.h). */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/name.h"
#include "fs/store/conflict.h"
#include "fs/store/layer.h"
#include "fs/store/meta.h"
#include "fs/store/state.h"
#include "fs/store/tree.h"

/* In the folder of a layer, beside its root. */
#define REMOVED_FILE "removed"

/* In the folder STATE/work: layers of which something may have been deleted already. */
#define GONE_FOLDER "gone"

/* ---- out of the stack ---- */

/* Not there, or not what we write. */
static bool is_lost(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -EBADMSG || r == -EINVAL || r == -EEXIST;
}

/* Is the layer on disk the one that was in the stack when its package was removed? Then opened;
 * one that is damaged is none. */
static int open_removed(const struct state *state, const char *id, const char *package,
			struct layer **ret)
{
	autofd int dir = openat(state->layers, id, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct layer *layer = NULL;
	int r = dir < 0 ? -errno : 0;

	if (r == 0 && faccessat(dir, REMOVED_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		r = -errno;
	if (r == 0)
		r = state_open_layer(state, id, &layer);
	if (r == 0 && strcmp(layer->meta->package, package) == 0)
		*ret = take_ptr(layer);
	layer_unref(layer);
	return is_lost(r) ? 0 : r;
}

/* With a reference. -ENOENT: none is known to have been removed, or 'gc' was here. */
static int find_removed(const struct state *state, const char *package, struct layer **ret)
{
	autostrv struct strv ids = { 0 };
	int r = state_layers_on_disk(state, &ids);

	*ret = NULL;
	for (size_t i = 0; r == 0 && !*ret && i < ids.n; i++)
		r = open_removed(state, ids.v[i], package, ret);
	return r < 0 ? r : *ret ? 0 : -ENOENT;
}

static int mark(const struct state *state, const char *id, bool removed)
{
	autofd int dir = openat(state->layers, id, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0)
		return -errno;
	if (removed)
		return io_replace_file(dir, REMOVED_FILE, "", 0);
	return unlinkat(dir, REMOVED_FILE, 0) < 0 && errno != ENOENT ? -errno : 0;
}

/* That layer is the one to roll back to, and no other of its package. Before the stack says so:
 * while the package is in it, nobody looks at the mark. */
static int mark_removed(const struct state *state, const struct layer *now)
{
	struct layer *before;
	int r;

	while ((r = find_removed(state, now->meta->package, &before)) == 0) {
		r = mark(state, before->id, false);
		layer_unref(before);
		if (r < 0)
			return r;
	}
	return r == -ENOENT ? mark(state, now->id, true) : r;
}

int state_remove(struct state *state, const char *package, char **problem)
{
	autofree struct layer **v = calloc(state->n + 1, sizeof(*v));
	const struct layer *now = state_find(state, package);
	size_t n = 0;
	int r;

	if (!v)
		return -ENOMEM;
	if (!now)
		return state_no_package(state, package, problem);
	for (size_t i = 0; i < state->n; i++) {
		struct meta *meta = state->stack[i]->meta;

		if (strcmp(meta->package, package) == 0)
			continue;
		if (strv_has(&meta->needs, package))
			return state_say(problem, -EBUSY,
					 "package '%s' needs '%s': remove '%s' first",
					 meta->package, package, meta->package);
		v[n++] = state->stack[i];
	}
	r = mark_removed(state, now);
	return r < 0 ? r : state_set_stack(state, v, n, problem);
}

/* ---- and into it again ---- */

/* A layer from which files are missing has fewer than its commit has counted. */
static int check_whole(const struct layer *layer, char **problem)
{
	const struct meta *meta = layer->meta;
	uint64_t files, bytes;
	int r = tree_count(layer, &files, &bytes);

	if (r == 0 && (files != meta->files || bytes != meta->bytes))
		r = state_say(problem, -EBADMSG,
			      "the layer '%s' is damaged: it has %ju of %ju files and %ju of %ju "
			      "bytes",
			      layer->id, (uintmax_t)files, (uintmax_t)meta->files, (uintmax_t)bytes,
			      (uintmax_t)meta->bytes);
	return r;
}

/* The previous layer has to fit to what is there now, as if it were committed anew. */
static int check_old_layer(struct state *state, const struct layer *old, char **problem)
{
	autostrv struct strv conflicts = { 0 };
	int r = check_whole(old, problem);

	if (r < 0)
		return r;
	for (size_t i = 0; i < old->meta->needs.n; i++)
		if (!state_find(state, old->meta->needs.v[i]))
			return state_say(problem, -ENOENT,
					 "the previous '%s' needs '%s', which is not there any "
					 "more",
					 old->meta->package, old->meta->needs.v[i]);
	r = conflict_find(old, state->stack, state->n, &conflicts);
	if (r == 0 && conflicts.n)
		r = state_say(problem, -EEXIST, "%s", conflicts.v[0]);
	return r;
}

/* The layer that is to show again, with a reference; `now` is NULL when the package was removed. */
static int open_old(const struct state *state, const char *package, const struct layer *now,
		    struct layer **ret, char **problem)
{
	int r;

	if (!now) {
		r = find_removed(state, package, ret);
		return r == -ENOENT ? state_no_package(state, package, problem) : r;
	}
	if (!*now->meta->previous)
		return state_say(problem, -ENOENT, "package '%s' has no previous build", package);
	r = state_open_layer(state, now->meta->previous, ret);
	return r < 0 ? state_say(problem, r, "the previous build of '%s' is gone: 'gc' was here",
				 package)
		     : 0;
}

/* The layer in the place of the package's present one, if it has one. */
static int put(struct state *state, struct layer *layer, char **problem)
{
	autofree struct layer **v = calloc(state->n + 2, sizeof(*v));
	size_t n = 0;

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < state->n; i++)
		if (strcmp(state->stack[i]->meta->package, layer->meta->package) != 0)
			v[n++] = state->stack[i];
	v[n++] = layer;
	return state_set_stack(state, v, n, problem);
}

int state_rollback(struct state *state, const char *package, char **problem)
{
	struct layer *old = NULL;
	int r = open_old(state, package, state_find(state, package), &old, problem);

	if (r == 0)
		r = check_old_layer(state, old, problem);
	if (r == 0)
		r = put(state, old, problem);
	layer_unref(old);
	return r;
}

/* The one that it takes the place of is the one before it, from now on. */
static int set_previous(struct state *state, struct layer *layer)
{
	autofd int dir =
		openat(state->layers, layer->id, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const struct layer *now = state_find(state, layer->meta->package);
	char *previous;

	if (dir < 0)
		return -errno;
	if (!now || strcmp(now->id, layer->id) == 0)
		return 0;
	previous = strdup(now->id);
	if (!previous)
		return -ENOMEM;
	free(layer->meta->previous);
	layer->meta->previous = previous;
	return meta_write(dir, layer->meta);
}

int state_restore(struct state *state, const char *id, char **problem)
{
	struct layer *layer = NULL;
	int r = name_is_layer(id) ? state_open_layer(state, id, &layer) : -ENOENT;

	if (r < 0)
		return state_say(problem, r, "there is no layer '%s' on disk", id);
	r = check_old_layer(state, layer, problem);
	if (r == 0)
		r = set_previous(state, layer);
	if (r == 0)
		r = put(state, layer, problem);
	layer_unref(layer);
	return r;
}

/* ---- and for good ---- */

int state_put_aside(const struct state *state, const char *id)
{
	int r = io_remove_tree(state->work, id);

	if (r == 0 && renameat(state->layers, id, state->work, id) < 0)
		r = -errno;
	return r < 0 ? r : io_sync_dir(state->layers);
}

int state_gc(struct state *state, const struct strv *keep, struct strv *gone)
{
	autostrv struct strv ids = { 0 };
	autofd int to = -1;
	int r = io_remove_tree(state->work, GONE_FOLDER); /* of one that was cut short */

	if (r == 0 && mkdirat(state->work, GONE_FOLDER, 0700) < 0)
		r = -errno;
	if (r == 0)
		r = to = io_open_dir(state->work, GONE_FOLDER);
	if (r >= 0)
		r = state_layers_on_disk(state, &ids);
	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		if (state_find_id(state, ids.v[i]) || strv_has(keep, ids.v[i]))
			continue;
		r = renameat(state->layers, ids.v[i], to, ids.v[i]) < 0 ? -errno : 0;
		if (r == 0)
			r = strv_add(gone, ids.v[i]);
	}
	/* half a layer is never under its name, after a power cut neither */
	if (r == 0)
		r = io_sync_dir(state->layers);
	return r < 0 ? r : io_remove_tree(state->work, GONE_FOLDER);
}
