// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/install.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/kv.h"
#include "fs/base/name.h"
#include "fs/begun.h"
#include "fs/conflict.h"
#include "fs/layer.h"
#include "fs/layerset.h"
#include "fs/meta.h"
#include "fs/stack.h"
#include "fs/state.h"
#include "fs/tree.h"

/* In the folder of a layer, beside its root. */
#define TOKEN_FILE "token"

enum {
	ID_DIGITS = 12, /* of the tree's hash */
	KEY_MAX = 128,
	TOKEN_MAX = 64,
};

static int say(char **problem, int r, const char *fmt, const char *a, const char *b)
{
	if (asprintf(problem, fmt, a, b) < 0)
		*problem = NULL;
	return r;
}

static bool is_printable(const char *s)
{
	for (; *s; s++)
		if (!isprint((unsigned char)*s))
			return false;
	return true;
}

static int make_meta(const struct install_request *q, struct meta **ret, char **problem)
{
	const char *token = q->token ? q->token : "";
	struct meta *meta;

	if (!name_is_package(q->package))
		return say(problem, -EINVAL, "'%s' is no name for a package%s", q->package, "");
	if (!name_is_version(q->version))
		return say(problem, -EINVAL, "'%s' is no version for package '%s'", q->version,
			   q->package);
	if (strlen(q->key) > KEY_MAX || !is_printable(q->key))
		return say(problem, -EINVAL, "the key of package '%s' is not one short line%s",
			   q->package, "");
	if (strlen(token) > TOKEN_MAX ||
	    token[strspn(token, "0123456789abcdefghijklmnopqrstuvwxyz")])
		return say(problem, -EINVAL, "the token of package '%s' is not a short word%s",
			   q->package, "");
	meta = meta_new(q->package, q->version, q->key);
	if (!meta)
		return -ENOMEM;
	if (q->parts && parts_copy(&meta->parts, q->parts) < 0) {
		meta_free(meta);
		return -ENOMEM;
	}
	if (meta_add_names(&meta->needs, q->needs) < 0 ||
	    meta_add_names(&meta->replaces, q->replaces) < 0) {
		meta_free(meta);
		return say(problem, -EINVAL, "'%s' or '%s' is no list of packages", q->needs,
			   q->replaces);
	}
	*ret = meta;
	return 0;
}

/* Which packages the build view shows: all that it needs, and what those need. */
static int find_below(struct state *state, const struct meta *meta, struct layerset **ret,
		      char **problem)
{
	autostrv struct strv closure = { 0 };
	const char *missing = NULL;
	int r = stack_closure(state->stack, state->n, &meta->needs, &closure, &missing);

	if (r == -ENOENT)
		return say(problem, r, "package '%s' needs '%s', which is not installed",
			   meta->package, missing);
	if (r == 0 && strv_has(&closure, meta->package))
		return say(problem, -ELOOP, "package '%s' needs itself: '%s' is among its needs",
			   meta->package, meta->package);
	if (r < 0)
		return r;
	*ret = state_layers(state, false, true, &closure);
	return *ret ? 0 : -ENOMEM;
}

static int make_pending(struct state *state, const char *package, int *root)
{
	autofd int dir = -1;

	if (mkdirat(state->pending, package, 0755) < 0)
		return errno == EEXIST ? -EBUSY : -errno;
	dir = openat(state->pending, package, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 || mkdirat(dir, "root", 0755) < 0)
		return -errno;
	*root = openat(dir, "root", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *root < 0 ? -errno : 0;
}

static int open_pending(const struct state *state, const char *package)
{
	int fd = openat(state->pending, package, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* The layer goes by one rename, so that nobody goes on with half of it. */
static int remove_pending(const struct state *state, const char *package)
{
	autofd int dir = open_pending(state, package);

	if (dir >= 0)
		renameat(dir, "root", dir, "rubbish"); /* if it fails we remove it all the same */
	return io_remove_tree(state->pending, package);
}

int install_begin(struct state *state, const struct install_request *request, struct install **ret,
		  char **problem)
{
	struct install *install = calloc(1, sizeof(*install));
	struct meta *meta = NULL;
	autofd int root = -1;
	int r;

	if (!install)
		return -ENOMEM;
	r = make_meta(request, &meta, problem);
	if (r == 0)
		r = find_below(state, meta, &install->below, problem);
	if (r < 0)
		goto fail;
	r = make_pending(state, meta->package, &root);
	if (r == -EBUSY)
		say(problem, r, "an install of package '%s' is under way%s", meta->package, "");
	if (r < 0)
		goto fail;
	install->layer = layer_new(ORIGIN_PACKAGE, INSTALL_LAYER_ID, root, meta);
	if (!install->layer) {
		io_remove_tree(state->pending, meta->package);
		r = -ENOMEM;
		goto fail;
	}
	take_fd(&root);
	install->token = strdup(request->token ? request->token : "");
	if (!install->token) {
		install_abort(state, install);
		install_free(install);
		return -ENOMEM;
	}
	*ret = install;
	return 0;
fail:
	meta_free(meta);
	install_free(install);
	return r;
}

static int resume_layer(int dir, const char *package, const struct kv *kv, struct install *install)
{
	cleanup(parts_release) struct parts parts = { 0 };
	struct install_request q = {
		.package = package,
		.parts = &parts,
		.version = begun_get(kv, "version"),
		.key = begun_get(kv, "key"),
		.needs = begun_get(kv, "needs"),
		.replaces = begun_get(kv, "replaces"),
		.token = begun_get(kv, "token"),
	};
	autofd int root = openat(dir, "root", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autofree char *problem = NULL;
	struct meta *meta = NULL;
	int r = root < 0 ? -errno : parts_from_kv(&parts, kv);

	if (r == 0)
		r = make_meta(&q, &meta, &problem);
	if (r < 0)
		return r;
	install->token = strdup(q.token);
	install->layer =
		install->token ? layer_new(ORIGIN_PACKAGE, INSTALL_LAYER_ID, root, meta) : NULL;
	if (!install->layer) {
		meta_free(meta);
		return -ENOMEM;
	}
	take_fd(&root);
	return 0;
}

int install_resume(struct state *state, const char *package, const char *begun,
		   struct install **ret)
{
	struct install *install = calloc(1, sizeof(*install));
	autofd int dir = open_pending(state, package);
	autokv struct kv kv = { 0 };
	int r = !install ? -ENOMEM : dir < 0 ? dir : begun_parse(begun, &kv);

	if (r == 0)
		r = begun_below(state, &kv, &install->below);
	if (r == 0)
		r = resume_layer(dir, package, &kv, install);
	if (r < 0)
		install_free(install);
	else
		*ret = install;
	return r;
}

/* Not synced by itself: after a power cut nobody asks. */
static int token_write(int dir, const char *token)
{
	autofd int fd = -1;

	if (!*token)
		return 0;
	fd = openat(dir, TOKEN_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : io_write_all(fd, token, strlen(token));
}

static bool token_is(int dir, const char *token)
{
	autofree char *text = NULL;

	return io_read_file(dir, TOKEN_FILE, TOKEN_MAX, &text, NULL) == 0 &&
	       strcmp(text, token) == 0;
}

static int put_in_stack(struct state *state, const char *id, char **problem);

static int find_done(struct state *state, const char *id, const char *token, char **problem)
{
	autofd int dir = openat(state->layers, id, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0 || !token_is(dir, token))
		return -ENOENT;
	for (size_t i = 0; i < state->n; i++)
		if (strcmp(state->stack[i]->id, id) == 0)
			return 0;
	return put_in_stack(state, id, problem);
}

int install_find_done(struct state *state, const char *package, const char *token, char **problem)
{
	autostrv struct strv ids = { 0 };
	size_t len = strlen(package);
	int r = *token ? state_layers_on_disk(state, &ids) : -ENOENT;

	if (r < 0)
		return r;
	r = -ENOENT;
	for (size_t i = 0; r == -ENOENT && i < ids.n; i++)
		if (strncmp(ids.v[i], package, len) == 0 && ids.v[i][len] == '-')
			r = find_done(state, ids.v[i], token, problem);
	return r;
}

void install_settled(struct state *state, const char *package)
{
	const struct layer *layer = state_find(state, package);
	autofd int dir = -1;

	if (layer)
		dir = openat(state->layers, layer->id,
			     O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir >= 0)
		unlinkat(dir, TOKEN_FILE, 0);
}

void install_free(struct install *install)
{
	if (!install)
		return;
	layer_unref(install->layer);
	layerset_unref(install->below);
	free(install->token);
	free(install);
}

int install_abort(struct state *state, struct install *install)
{
	return remove_pending(state, install->layer->meta->package);
}

/* What is in the layer, and so its id. */
static int name_layer(struct install *install, char **id)
{
	struct meta *meta = install->layer->meta;
	char hex[DIGEST_HEX];
	int r = tree_hash(install->layer, hex, &meta->files, &meta->bytes);

	if (r < 0)
		return r;
	if (asprintf(id, "%s-%s-%.*s", meta->package, meta->version, ID_DIGITS, hex) < 0) {
		*id = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int set_previous(struct state *state, struct meta *meta, const char *id)
{
	const struct layer *now = state_find(state, meta->package);
	const char *previous = "";

	if (now) /* the same bytes again: the one before stays the one before */
		previous = strcmp(now->id, id) == 0 ? now->meta->previous : now->id;
	free(meta->previous);
	meta->previous = strdup(previous);
	clock_gettime(CLOCK_REALTIME, &meta->when);
	return meta->previous ? 0 : -ENOMEM;
}

/* The stack's layers but the package's present one, lent, into `v`. Returns how many. */
static size_t all_but(const struct state *state, const char *package, struct layer **v)
{
	size_t n = 0;

	for (size_t i = 0; i < state->n; i++)
		if (strcmp(state->stack[i]->meta->package, package) != 0)
			v[n++] = state->stack[i];
	return n;
}

/* The stack as it would be. -ELOOP before anything is on disk. */
static int check_order(struct state *state, struct layer *layer, char **problem)
{
	autofree struct layer **v = calloc(state->n + 1, sizeof(*v));
	autofree char *cycle = NULL;
	size_t n;
	int r;

	if (!v)
		return -ENOMEM;
	n = all_but(state, layer->meta->package, v);
	v[n++] = layer;
	r = stack_sort(v, n, &cycle);
	if (r == -ELOOP)
		say(problem, r, "packages need or replace each other in a circle: %s%s", cycle, "");
	return r;
}

/* Have the layer under its id, all of it on disk. The same bytes may be there already, from an
 * earlier build: then only what we know of them is new. */
static int publish(struct state *state, const struct install *install, const char *id)
{
	const struct meta *meta = install->layer->meta;
	autofd int dir = openat(state->layers, id, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autofd int pending = -1;
	int r;

	pending = open_pending(state, meta->package);
	if (pending < 0)
		return pending;
	if (dir >= 0) {
		r = meta_write(dir, meta);
		if (r == 0)
			r = token_write(dir, install->token);
		return r < 0 ? r : remove_pending(state, meta->package);
	}
	r = token_write(pending, install->token);
	if (r < 0)
		return r;
	r = meta_write(pending, meta);
	if (r < 0)
		return r;
	if (syncfs(state->fd) < 0)
		return -errno;
	if (renameat(state->pending, meta->package, state->layers, id) < 0)
		return -errno;
	r = io_sync_dir(state->layers);
	return r < 0 ? r : io_sync_dir(state->pending);
}

/* The stack with the new layer in the old one's place. */
static int put_in_stack(struct state *state, const char *id, char **problem)
{
	autofree struct layer **v = calloc(state->n + 1, sizeof(*v));
	struct layer *layer = NULL;
	size_t n;
	int r;

	if (!v)
		return -ENOMEM;
	r = state_open_layer(state, id, &layer);
	if (r < 0)
		return r;
	n = all_but(state, layer->meta->package, v);
	v[n++] = layer;
	r = state_set_stack(state, v, n, problem);
	layer_unref(layer);
	return r;
}

/* What it needs may have been removed while it was being installed. */
static int check_needs(struct state *state, const struct meta *meta, char **problem)
{
	autostrv struct strv closure = { 0 };
	const char *missing = NULL;
	int r = stack_closure(state->stack, state->n, &meta->needs, &closure, &missing);

	if (r == -ENOENT)
		say(problem, r, "package '%s' needs '%s', which has been removed meanwhile",
		    meta->package, missing);
	return r;
}

int install_commit(struct state *state, struct install *install, struct strv *problems,
		   struct strv *notes)
{
	struct layer *layer = install->layer;
	autofree char *id = NULL;
	autofree char *problem = NULL;
	int r;

	r = check_needs(state, layer->meta, &problem);
	if (r == 0)
		r = check_order(state, layer, &problem);
	if (r == 0)
		r = conflict_drop_indexes(layer, notes);
	if (r == 0)
		r = conflict_find(layer, state->stack, state->n, problems);
	if (r == 0 && problems->n)
		r = -EEXIST;
	if (r == 0)
		r = name_layer(install, &id);
	if (r == 0)
		r = set_previous(state, layer->meta, id);
	if (r == 0)
		r = publish(state, install, id);
	if (r == 0)
		r = put_in_stack(state, id, &problem);
	if (problem)
		strv_add(problems, problem);
	if (r < 0)
		install_abort(state, install);
	return r;
}
