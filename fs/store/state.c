// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/near.h"
#include "fs/base/text.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/store/meta.h"
#include "fs/store/parts.h"
#include "fs/store/stack.h"
#include "fs/store/tree.h"
#include "fs/store/whiteout.h"

#define STATE_VERSION "1\n"

/* After umount(8) a daemon has the lock until it has ended. */
enum { LOCK_MS = 3000, LOCK_STEP_MS = 20 };

int state_say(char **problem, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	*problem = text_of_list(fmt, ap);
	va_end(ap);
	return r;
}

static const char *words(int r)
{
	return r == -EBADMSG ? "it is damaged" : strerror(-r);
}

static int open_path_dir(int dir, const char *name)
{
	int fd = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* The root of a layer, never through a symlink: what STATE says is not to be trusted. `dir`, when
 * given, is left open on the layer's own folder. */
static int open_layer_root(const struct state *state, const char *id, int *dir)
{
	autofd int own = open_path_dir(state->layers, id);
	int root = own < 0 ? own : open_path_dir(own, "root");

	if (dir && root >= 0)
		*dir = take_fd(&own);
	return root;
}

/* What io_replace_file leaves when it is cut short, be it the very first thing that we write. */
static bool is_rubbish(const char *name)
{
	static const char *const files[] = { ".base.", ".stack.", ".version." };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (strncmp(name, files[i], strlen(files[i])) == 0)
			return true;
	return false;
}

static bool is_empty_dir(int fd)
{
	autofd int own = io_open_dir(fd, ".");
	autodir DIR *d = own < 0 ? NULL : fdopendir(own);
	struct dirent *e;

	if (!d)
		return false;
	take_fd(&own);
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    !is_rubbish(e->d_name))
			return false;
	return true;
}

static int check_version(struct state *state, bool change, char **problem)
{
	autofree char *version = NULL;
	int r = io_read_file(state->fd, "version", 64, &version, NULL);

	if (r == -ENOENT && change && !is_empty_dir(state->fd))
		return state_say(problem, -ENOTEMPTY,
				 "'%s' has something else in it: a state wants a folder of its own",
				 state->path);
	if (r == -ENOENT && change)
		return io_replace_file(state->fd, "version", STATE_VERSION, strlen(STATE_VERSION));
	if (r == -ENOENT)
		return state_say(problem, r, "'%s' is no xsysfs state: it has no file 'version'",
				 state->path);
	if (r == 0 && strcmp(version, STATE_VERSION) != 0)
		return state_say(problem, -EPROTO,
				 "the state '%s' was written by another version of xsysfs",
				 state->path);
	return r;
}

static int take_lock(struct state *state, char **problem)
{
	state->lock = openat(state->fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (state->lock < 0)
		return -errno;
	for (int ms = 0; ms <= LOCK_MS; ms += LOCK_STEP_MS) {
		if (flock(state->lock, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK)
			return -errno;
		usleep(LOCK_STEP_MS * 1000);
	}
	return state_say(problem, -EBUSY,
			 "the state '%s' is in use: it is mounted, or being changed", state->path);
}

static int make_folders(const struct state *state)
{
	static const char *const folders[] = { "layers",  "layers/local", "layers/local/root",
					       "pending", "work",	  "empty" };
	static const mode_t modes[] = { 0700, 0700, 0755, 0700, 0700, 0755 };

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (mkdirat(state->fd, folders[i], modes[i]) < 0 && errno != EEXIST)
			return -errno;
	return 0;
}

/* A crash has left half an install or half a copy-up: nobody waits for either. */
static int clear_folder(const struct state *state, const char *name)
{
	int r = io_remove_tree(state->fd, name);

	if (r == 0 && mkdirat(state->fd, name, 0700) < 0)
		r = -errno;
	return r;
}

static int clear_rubbish(const struct state *state)
{
	autofd int own = io_open_dir(state->fd, ".");
	autodir DIR *d = own < 0 ? NULL : fdopendir(own);
	struct dirent *e;

	if (!d)
		return own < 0 ? own : -errno;
	take_fd(&own);
	while ((errno = 0, e = readdir(d)))
		if (is_rubbish(e->d_name) && unlinkat(state->fd, e->d_name, 0) < 0)
			return -errno;
	return -errno;
}

static int open_folders(struct state *state, char **problem)
{
	autofree char *base = NULL;
	int fd, r;

	if ((state->layers = open_path_dir(state->fd, "layers")) < 0 ||
	    (state->pending = open_path_dir(state->fd, "pending")) < 0 ||
	    (state->work = open_path_dir(state->fd, "work")) < 0)
		return state_say(problem, -ENOENT,
				 "'%s' is no xsysfs state: it has no folders of one", state->path);
	fd = open_layer_root(state, "local", NULL);
	if (fd < 0)
		return state_say(problem, fd, "the state '%s' has no layer 'local'", state->path);
	r = layer_new(ORIGIN_LOCAL, "local", fd, NULL, &state->local);
	if (r < 0) {
		close(fd);
		return r;
	}
	r = io_read_file(state->fd, "base", PATH_MAX + 1, &base, NULL);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	base[strcspn(base, "\n")] = '\0';
	state->base_path = take_ptr(base);
	return 0;
}

/* Set-id programs and capabilities are in here, of packages that nobody has looked at yet. */
static int make_private(const struct state *state, char **problem)
{
	struct stat st;

	if (fstat(state->fd, &st) < 0)
		return -errno;
	if ((st.st_mode & 0077) == 0 || fchmod(state->fd, st.st_mode & 07700) == 0)
		return 0;
	return state_say(problem, -errno,
			 "the state '%s' is open to others and cannot be made private: %s",
			 state->path, strerror(errno));
}

/* It is better known now than when the first file is to be deleted. */
static int check_marks(const struct state *state, char **problem)
{
	autofd int work = open_path_dir(state->fd, "work");
	int r = work < 0 ? work : whiteout_try(work);

	if (r == 0 || r == -ENOSPC || r == -EDQUOT)
		return 0; /* the marks are known there: who deletes makes room */
	return state_say(problem, r,
			 "the state '%s' lies on a file system that cannot keep what is deleted "
			 "(%s): choose a folder on ext4, xfs, btrfs or tmpfs by --state",
			 state->path, strerror(-r));
}

static int open_for_change(struct state *state, char **problem)
{
	int r = check_version(state, true, problem);

	if (r == 0)
		r = take_lock(state, problem);
	if (r == 0)
		r = make_private(state, problem);
	if (r == 0)
		r = make_folders(state);
	if (r == 0)
		r = clear_folder(state, "pending");
	if (r == 0)
		r = clear_folder(state, "work");
	if (r == 0)
		r = clear_rubbish(state);
	return r < 0 ? r : check_marks(state, problem);
}

/* All but what it takes to own the state. */
static int open_at(const char *path, struct state **ret)
{
	struct state *state = calloc(1, sizeof(*state));

	if (!state)
		return -ENOMEM;
	*ret = state;
	state->fd = state->layers = state->pending = state->work = state->lock = -1;
	state->path = realpath(path, NULL);
	if (!state->path)
		return -errno;
	state->fd = io_open_dir(AT_FDCWD, state->path);
	return state->fd < 0 ? state->fd : 0;
}

/* The rest, where `r` says that it went well so far. `state` is given away. */
static int open_rest(struct state *state, int r, struct state **ret, char **problem)
{
	if (r == 0)
		r = open_folders(state, problem);
	if (r == 0)
		r = state_reload(state, problem);
	if (r < 0)
		state_close(state);
	else
		*ret = state;
	return r;
}

int state_open(const char *path, bool change, struct state **ret, char **problem)
{
	struct state *state = NULL;
	int r;

	if (change && mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	r = open_at(path, &state);
	if (!state)
		return r;
	if (r == 0)
		r = change ? open_for_change(state, problem) : check_version(state, false, problem);
	return open_rest(state, r, ret, problem);
}

int state_open_again(const char *path, int lock, struct state **ret, char **problem)
{
	struct state *state = NULL;
	int r = open_at(path, &state);

	if (!state) {
		close(lock);
		return r;
	}
	state->lock = lock;
	if (r == 0)
		r = check_version(state, false, problem);
	return open_rest(state, r, ret, problem);
}

static void free_layers(struct layer **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		layer_unref(v[i]);
	free(v);
}

void state_close(struct state *state)
{
	if (!state)
		return;

	int *const fds[] = { &state->fd, &state->layers, &state->pending, &state->work,
			     &state->lock };

	free_layers(state->stack, state->n);
	free(state->by_id);
	layer_unref(state->base);
	layer_unref(state->local);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (*fds[i] >= 0)
			close(*fds[i]);
	free(state->base_path);
	free(state->path);
	free(state);
}

int state_set_base_fd(struct state *state, int fd)
{
	struct layer *base = NULL;
	struct stat st, own;
	int r = layer_new(ORIGIN_BASE, "base", fd, NULL, &base);

	if (r < 0) {
		close(fd);
		return r;
	}
	base->empty = open_path_dir(state->fd, "empty"); /* an older state has none */
	layer_unref(state->base);
	state->base = base;
	if (fstat(fd, &st) < 0 || fstat(state->fd, &own) < 0)
		return -errno;
	if (st.st_dev != own.st_dev)
		base->ino_salt = UINT64_C(1) << 62;
	return 0;
}

int state_set_base(struct state *state, const char *path, char **problem)
{
	autofree char *real = realpath(path, NULL);
	autofree char *line = NULL;
	int fd, r;

	if (!real)
		return state_say(problem, -errno, "there is no sysroot '%s': %s", path,
				 strerror(errno));
	fd = open_path_dir(AT_FDCWD, real);
	if (fd < 0)
		return state_say(problem, fd, "cannot use the sysroot '%s': %s", path,
				 strerror(-fd));
	r = state_set_base_fd(state, fd);
	if (r < 0 || state->lock < 0)
		return r;
	if (state->base_path && strcmp(state->base_path, real) == 0)
		return 0;
	line = text_of("%s\n", real);
	if (!line)
		return -ENOMEM;
	free(state->base_path);
	state->base_path = take_ptr(real);
	return io_replace_file(state->fd, "base", line, strlen(line));
}

int state_open_layer(const struct state *state, const char *id, struct layer **ret)
{
	autofd int dir = -1;
	autofd int root = open_layer_root(state, id, &dir);
	struct meta *meta = NULL;
	int r;

	if (root < 0)
		return root;
	r = meta_read(dir, &meta);
	if (r < 0)
		return r;
	r = layer_new(ORIGIN_PACKAGE, id, root, meta, ret);
	if (r < 0) {
		meta_free(meta);
		return r;
	}
	take_fd(&root);
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp((*(struct layer *const *)a)->id, (*(struct layer *const *)b)->id);
}

static int compare_with_id(const void *id, const void *layer)
{
	return strcmp(id, (*(struct layer *const *)layer)->id);
}

struct layer *state_find_id(const struct state *state, const char *id)
{
	struct layer **found = state->n ? bsearch(id, state->by_id, state->n,
						  sizeof(struct layer *), compare_with_id)
					: NULL;

	return found ? *found : NULL;
}

/* Let the stack be `v`, which is the state's from now on, with a reference of each. `by_id` has
 * room for as many. */
static void set_stack(struct state *state, struct layer **v, struct layer **by_id, size_t n)
{
	if (n) {
		memcpy(by_id, v, n * sizeof(struct layer *));
		qsort(by_id, n, sizeof(struct layer *), compare_ids);
	}
	free_layers(state->stack, state->n);
	free(state->by_id);
	state->stack = v;
	state->by_id = by_id;
	state->n = n;
}

int state_reload(struct state *state, char **problem)
{
	autostrv struct strv ids = { 0 };
	autofree struct layer **by_id = NULL;
	struct layer **v;
	size_t n = 0;
	int r = stack_read(state->fd, &ids);

	if (r < 0)
		return state_say(problem, r, "the file 'stack' in '%s' cannot be read: %s",
				 state->path, words(r));
	by_id = calloc(ids.n + 1, sizeof(struct layer *));
	v = by_id ? calloc(ids.n + 1, sizeof(*v)) : NULL;
	if (!v)
		return -ENOMEM;
	for (; n < ids.n; n++) {
		struct layer *old = state_find_id(state, ids.v[n]);

		r = 0;
		if (old)
			v[n] = layer_ref(old);
		else
			r = state_open_layer(state, ids.v[n], &v[n]);
		if (r < 0) {
			free_layers(v, n);
			return state_say(problem, r, "the layer '%s' in '%s' cannot be read: %s",
					 ids.v[n], state->path, words(r));
		}
	}
	set_stack(state, v, take_ptr(by_id), n);
	return 0;
}

struct layerset *state_layers(const struct state *state, bool local, bool base,
			      const struct strv *only)
{
	autofree struct layer **v = calloc(state->n + 2, sizeof(*v));
	size_t n = 0;

	if (!v)
		return NULL;
	if (local)
		v[n++] = state->local;
	for (size_t i = state->n; i-- > 0;)
		if (!only || strv_has(only, state->stack[i]->meta->package))
			v[n++] = state->stack[i];
	if (base && state->base)
		v[n++] = state->base;
	return layerset_new(v, n);
}

struct layer *state_find(const struct state *state, const char *package)
{
	return stack_find(state->stack, state->n, package);
}

int state_set_stack(struct state *state, struct layer *const *v, size_t n, char **problem)
{
	struct layer **sorted = calloc(n + 1, sizeof(*sorted));
	autofree struct layer **by_id = calloc(n + 1, sizeof(struct layer *));
	autofree char *cycle = NULL;
	int r;

	if (!sorted || !by_id) {
		free(sorted);
		return -ENOMEM;
	}
	if (n)
		memcpy(sorted, v, n * sizeof(*sorted));
	r = stack_sort(sorted, n, &cycle);
	if (r == -ELOOP)
		state_say(problem, r, "packages need or replace each other in a circle: %s", cycle);
	if (r == 0)
		r = stack_write(state->fd, sorted, n);
	if (r < 0) {
		free(sorted);
		return r;
	}
	for (size_t i = 0; i < n; i++)
		layer_ref(sorted[i]);
	set_stack(state, sorted, take_ptr(by_id), n);
	return 0;
}

int state_no_package(const struct state *state, const char *package, char **problem)
{
	autofree const char **names = calloc(state->n + 1, sizeof(*names));
	autofree char *near = NULL;

	for (size_t i = 0; names && i < state->n; i++)
		names[i] = state->stack[i]->meta->package;
	near = names ? near_said(package, names) : NULL;
	return state_say(problem, -ENOENT, "there is no package '%s'%s", package, near ? near : "");
}

/* The layer is opened anew, with a meta that says so. */
static int reopen_with(struct state *state, const char *id, const struct parts *parts,
		       struct layer **ret)
{
	autofd int dir = openat(state->layers, id, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct meta *meta = NULL;
	int r = dir < 0 ? -errno : meta_read(dir, &meta);

	if (r == 0) {
		parts_release(&meta->parts);
		r = parts_copy(&meta->parts, parts);
	}
	if (r == 0)
		r = meta_write(dir, meta);
	meta_free(meta);
	return r < 0 ? r : state_open_layer(state, id, ret);
}

int state_set_parts(struct state *state, const char *package, const struct parts *parts,
		    char **problem)
{
	autofree struct layer **v = calloc(state->n + 1, sizeof(*v));
	struct layer *now = state_find(state, package);
	struct layer *changed = NULL;
	int r;

	if (!v)
		return -ENOMEM;
	if (!now)
		return state_no_package(state, package, problem);
	r = reopen_with(state, now->id, parts, &changed);
	if (r < 0)
		return r;
	for (size_t i = 0; i < state->n; i++)
		v[i] = state->stack[i] == now ? changed : state->stack[i];
	r = state_set_stack(state, v, state->n, problem);
	layer_unref(changed);
	return r;
}

int state_layers_on_disk(const struct state *state, struct strv *ret)
{
	autofd int fd = io_open_dir(state->layers, ".");
	autodir DIR *d = NULL;
	struct dirent *e;
	int r = 0;

	if (fd < 0)
		return fd;
	d = fdopendir(fd);
	if (!d)
		return -errno;
	take_fd(&fd);
	while (r == 0 && (errno = 0, e = readdir(d)))
		if (e->d_name[0] != '.' && strcmp(e->d_name, "local") != 0)
			r = strv_add(ret, e->d_name);
	if (r == 0)
		r = -errno;
	strv_sort(ret);
	return r;
}
