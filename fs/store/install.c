// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/install.h"

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
#include "fs/base/text.h"
#include "fs/store/begun.h"
#include "fs/store/conflict.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/store/meta.h"
#include "fs/store/stack.h"
#include "fs/store/state.h"
#include "fs/store/tree.h"

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
		return say(problem, -EINVAL,
			   "'%.64s' is no version for package '%s' (" NAME_RULE ")", q->version,
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

/* "NAME=LAYER": the layer that it has to be is the one that it is. */
static int check_layer(struct state *state, const char *package, const char *want, char **problem)
{
	autofree char *name = strndup(want, strcspn(want, "="));
	const char *id = strchr(want, '=');
	const struct layer *now = name ? state_find(state, name) : NULL;

	if (!name)
		return -ENOMEM;
	if (now && id && strcmp(now->id, id + 1) == 0)
		return 0;
	*problem = text_of("package '%s' needs '%s' as '%s', and it is '%s' now", package, name,
			   id ? id + 1 : "", now ? now->id : "not installed");
	return -ESTALE;
}

/* A line for each package, "NAME LAYER", by name. */
static int digest_of(struct state *state, const struct strv *packages, char hex[static DIGEST_HEX])
{
	autostrv struct strv lines = { 0 };
	autofree char *text = NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < packages->n; i++)
		r = strv_addf(&lines, "%s %s\n", packages->v[i],
			      state_find(state, packages->v[i])->id);
	strv_sort(&lines);
	text = r == 0 ? strv_join(&lines, "") : NULL;
	return text ? digest_of_data(text, strlen(text), hex) : -ENOMEM;
}

/* What it was asked to see, of what it would. */
static int check_below(struct state *state, const struct install_request *q,
		       const struct strv *closure, char **problem)
{
	autostrv struct strv layers = { 0 };
	char hex[DIGEST_HEX];
	int r = strv_split(&layers, q->layers ? q->layers : "", ", \t");

	strv_foreach (want, &layers)
		if (r == 0)
			r = check_layer(state, q->package, *want, problem);
	if (r < 0 || !q->sees || !*q->sees)
		return r;
	r = digest_of(state, closure, hex);
	if (r == 0 && strcmp(hex, q->sees) != 0)
		r = say(problem, -ESTALE,
			"package '%s' would see others than it was asked to: they have been "
			"installed meanwhile%s",
			q->package, "");
	return r;
}

/* Which packages the build view shows: all that it needs, and what those need. */
static int find_below(struct state *state, const struct install_request *q, const struct meta *meta,
		      struct layerset **ret, char **problem)
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
	if (r == 0)
		r = check_below(state, q, &closure, problem);
	if (r < 0)
		return r;
	*ret = state_layers(state, false, true, &closure);
	return *ret ? 0 : -ENOMEM;
}

static int make_pending(struct state *state, const char *package, int *root)
{
	autofd int dir = -1;

	if (mkdirat(state->pending, package, 0700) < 0)
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
		r = find_below(state, request, meta, &install->below, problem);
	if (r < 0)
		goto fail;
	r = make_pending(state, meta->package, &root);
	if (r == -EBUSY)
		say(problem, r, "an install of package '%s' is under way%s", meta->package, "");
	if (r < 0)
		goto fail;
	r = layer_new(ORIGIN_PACKAGE, INSTALL_LAYER_ID, root, meta, &install->layer);
	if (r < 0) {
		io_remove_tree(state->pending, meta->package);
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
	r = !install->token
		    ? -ENOMEM
		    : layer_new(ORIGIN_PACKAGE, INSTALL_LAYER_ID, root, meta, &install->layer);
	if (r < 0) {
		meta_free(meta);
		return r;
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

/* 1, 0 or -errno. */
static int token_is(int dir, const char *token)
{
	autofree char *text = NULL;
	int r = io_read_file(dir, TOKEN_FILE, TOKEN_MAX, &text, NULL);

	return r == 0 ? strcmp(text, token) == 0 : r == -ENOENT ? 0 : r;
}

static int put_in_stack(struct state *state, const char *id, char **problem);

static int find_done(struct state *state, const char *id, const char *token, char **problem)
{
	autofd int dir = openat(state->layers, id, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	int r = dir < 0 ? -errno : token_is(dir, token);

	if (r == 0 || r == -ENOENT || r == -ENOTDIR)
		return -ENOENT;
	if (r < 0)
		return r;
	return state_find_id(state, id) ? 0 : put_in_stack(state, id, problem);
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
static int make_id(const struct layer *layer, uint64_t *files, uint64_t *bytes, char **id)
{
	char hex[DIGEST_HEX];
	int r = tree_hash(layer, hex, files, bytes);

	if (r < 0)
		return r;
	*id = text_of("%s-%s-%.*s", layer->meta->package, layer->meta->version, ID_DIGITS, hex);
	return *id ? 0 : -ENOMEM;
}

static int name_layer(struct install *install, char **id)
{
	struct meta *meta = install->layer->meta;

	return make_id(install->layer, &meta->files, &meta->bytes, id);
}

/* Is the layer of that id on disk, with the contents that its id says? What is under the name but
 * is not what it says goes out of the way. Returns 1, 0 or -errno. */
static int is_on_disk(const struct state *state, const char *id)
{
	autofree char *actual = NULL;
	struct layer *layer = NULL;
	uint64_t files, bytes;
	struct stat st;
	int r = state_open_layer(state, id, &layer);

	if (r == 0)
		r = make_id(layer, &files, &bytes, &actual);
	layer_unref(layer);
	if (r == 0 && strcmp(actual, id) == 0)
		return 1;
	if (r < 0 && r != -ENOENT && r != -ENOTDIR && r != -EBADMSG)
		return r;
	if (fstatat(state->layers, id, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	return state_put_aside(state, id);
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

/* The layer is there already: only what we know of it is new. */
static int publish_again(struct state *state, const struct install *install, const char *id)
{
	const struct meta *meta = install->layer->meta;
	autofd int dir = openat(state->layers, id, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r = dir < 0 ? -errno : meta_write(dir, meta);

	if (r == 0)
		r = token_write(dir, install->token);
	return r < 0 ? r : remove_pending(state, meta->package);
}

/* Have the layer under its id, all of it on disk. The same bytes may be there already, from an
 * earlier build. */
static int publish(struct state *state, const struct install *install, const char *id)
{
	const struct meta *meta = install->layer->meta;
	autofd int pending = open_pending(state, meta->package);
	int r = pending < 0 ? pending : is_on_disk(state, id);

	if (r != 0)
		return r < 0 ? r : publish_again(state, install, id);
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
	if (r == 0 && !layer->meta->files)
		r = strv_addf(notes, "package '%s' has installed no files", layer->meta->package);
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

static int put_aside(struct state *state, struct install *install, const char *id)
{
	struct meta *meta = install->layer->meta;
	autofd int pending = open_pending(state, meta->package);
	int r = pending < 0 ? pending : is_on_disk(state, id);

	if (r != 0)
		return r < 0 ? r : remove_pending(state, meta->package);
	*meta->key = '\0';
	r = meta_write(pending, meta);
	if (r == 0 && syncfs(state->fd) < 0)
		r = -errno;
	if (r == 0 && renameat(state->pending, meta->package, state->layers, id) < 0)
		r = -errno;
	return r < 0 ? r : io_sync_dir(state->layers);
}

int install_aside(struct state *state, struct install *install, char **id)
{
	autostrv struct strv notes = { 0 };
	int r = conflict_drop_indexes(install->layer, &notes);

	if (r == 0)
		r = name_layer(install, id);
	if (r == 0)
		r = put_aside(state, install, *id);
	if (r < 0)
		install_abort(state, install);
	return r;
}
