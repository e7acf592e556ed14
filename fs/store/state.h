// SPDX-License-Identifier: GPL-2.0-or-later
/* state.h - the folder that holds everything we write.
 *
 *   STATE/version            "1"
 *   STATE/lock               locked (flock(2)) by whoever changes something: by the keeper and its
 *                            workers as long as it is mounted
 *   STATE/base               path of the read-only sysroot that this state lies over
 *   STATE/stack              the committed layers, bottom first (stack.h)
 *   STATE/layers/ID/root     a layer's files;   STATE/layers/ID/meta   what we know of it (meta.h)
 *   STATE/layers/ID/token    of the install that made it, until it is known to be done (install.h)
 *   STATE/layers/ID/removed  there when it was in the stack until its package was removed
 *   STATE/layers/local/root  what is written by hand
 *   STATE/pending/PACKAGE/   a layer while its package installs; rubbish once the daemon has gone
 *   STATE/work/              things on their way into a layer, by rename; layers on their way out
 *   STATE/empty/             what mount points below the sysroot show (layer.h)
 *   STATE/control            the daemon's socket
 *
 * It is its owner's alone (0700), whatever the folder above lets others do: layers have set-id
 * programs and file capabilities in them, which on the mount are as harmless as mount(8) makes
 * them. Whoever else may read what is mounted reads it by way of the daemon.
 *
 * Functions that take `char **problem` set it, when they fail for a reason that the user should
 * read, to a sentence that the caller frees and says; else it stays NULL and the errno says all.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "fs/base/strv.h"

struct layer;
struct layerset;
struct meta;
struct parts;

struct state {
	char *path; /* absolute */
	int fd, layers, pending, work;
	int lock;	    /* -1: read only */
	char *base_path;    /* NULL: never mounted */
	struct layer *base; /* NULL until one of the two functions below is called */
	struct layer *local;
	struct layer **stack; /* bottom first */
	struct layer **by_id; /* the same, sorted by id; lent */
	size_t n;
};

/* Open; with `change`, make it if it is not there, lock it (-EBUSY: in use, for seconds) and clear
 * away what an unclean end has left. */
int state_open(const char *path, bool change, struct state **ret, char **problem);
/* The same for a worker that goes on where another has died: what is under way is left alone, and
 * `lock`, which becomes the state's, is held already. */
int state_open_again(const char *path, int lock, struct state **ret, char **problem);
void state_close(struct state *state); /* takes NULL */

/* Lie over that sysroot; remembered in STATE/base when the state is open for change. */
int state_set_base(struct state *state, const char *path, char **problem);
/* The base by descriptor, which is the state's from now on: it may be under a mount. */
int state_set_base_fd(struct state *state, int fd);

/* Read the stack again; layers that stay are kept. */
int state_reload(struct state *state, char **problem);

/* Open a layer that is on disk, in the stack or not. */
int state_open_layer(const struct state *state, const char *id, struct layer **ret);

/* The ids of all layers that are on disk, in the stack or not, into `ret`. */
int state_layers_on_disk(const struct state *state, struct strv *ret);

/* All layers that show together, top first: local (when asked for), the stack, base (likewise).
 * `only`: of the stack, just these packages. NULL: no memory. */
struct layerset *state_layers(const struct state *state, bool local, bool base,
			      const struct strv *only);

/* Put other layers into the stack's place, sorted, on disk first. Takes references of its own. */
int state_set_stack(struct state *state, struct layer *const *v, size_t n, char **problem);

/* The layer of that package in the stack, lent; NULL when there is none. */
struct layer *state_find(const struct state *state, const char *package);
/* The layer of the stack with that id, lent; NULL likewise. */
struct layer *state_find_id(const struct state *state, const char *id);

/* Take a package out. Refused while another one needs it. */
int state_remove(struct state *state, const char *package, char **problem);
/* Put the layer back that the package's present one took the place of; of a package that was
 * removed, the one that it had. -EBADMSG: files of it are missing. */
int state_rollback(struct state *state, const char *package, char **problem);
/* Put a layer that is on disk into its package's place, as if it were committed anew. */
int state_restore(struct state *state, const char *id, char **problem);
/* Give the package's layer other rules (parts.h). */
int state_set_parts(struct state *state, const char *package, const struct parts *parts,
		    char **problem);
/* Delete the layers that the stack does not name, but those in `keep`. Adds their ids to `gone`.
 * Cut short at any moment, a layer is there as a whole or not at all. */
int state_gc(struct state *state, const struct strv *keep, struct strv *gone);

/* Take a damaged layer away from its id, on disk before this returns. Who has a file of it open can
 * go on reading: what there is of it stays in STATE/work until the next mount. */
int state_put_aside(const struct state *state, const char *id);

/* For those who tell the user: set `*problem`, return `r`. */
int state_say(char **problem, int r, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* That there is no such package, and which may be meant; -ENOENT. */
int state_no_package(const struct state *state, const char *package, char **problem);
