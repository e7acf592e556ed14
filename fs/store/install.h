// SPDX-License-Identifier: GPL-2.0-or-later
/* install.h - the life of one install: begin, then commit or abort. Knows the disk, not the kernel.
 *
 * While it is pending, nobody sees the layer but the install's own build view. commit puts the
 * layer and then the stack on disk, in that order and synced, so that a crash leaves either.
 *
 * A worker that dies in between is followed by another, which goes on with the install by what
 * begun.h has kept of it; on disk there is nothing but the folders. A commit puts the token beside
 * the layer's root, in a file that stays until install_settled: by it the one who asked can be told
 * what became of it. Left over, it means nothing: the next commit of that layer has another.
 */
#pragma once

#include "fs/base/strv.h"

struct layer;
struct layerset;
struct parts;
struct state;

/* What a pending layer is called: until it is whole it has no hash to be named by. */
#define INSTALL_LAYER_ID "pending"

struct install_request {
	const char *package, *version, *key;
	const char *needs, *replaces; /* lists with commas or blanks */
	const char *layers; /* likewise, "NAME=LAYER" of what it needs, when only that will do */
	const char *sees;   /* sha256 of the lines "NAME LAYER" of all that it is to see, by
			       name; NULL or "": whatever there is */
	const char *token;  /* letters and digits that the caller made up; "" for none */
	const struct parts *parts; /* NULL: without rules */
};

struct install {
	struct layer *layer;	/* pending; its meta has what was asked for */
	struct layerset *below; /* what its build view sees under it: its needs and the base */
	char *token;
};

/* -EBUSY: an install of that package is under way; -ESTALE: what it would see is another than was
 * asked for. `problem` as in state.h. */
int install_begin(struct state *state, const struct install_request *request, struct install **ret,
		  char **problem);

/* The pending install of that package, which another worker has begun; `begun` is the text of
 * begun.h. Returns 0 or -errno: there is nothing that could be gone on with. */
int install_resume(struct state *state, const char *package, const char *begun,
		   struct install **ret);

/* Has the install with that token been committed? If its layer is on disk and only the stack does
 * not name it yet, that is done now. -ENOENT: no. `problem` as in state.h. */
int install_find_done(struct state *state, const char *package, const char *token, char **problem);

/* He who asked knows what became of it. */
void install_settled(struct state *state, const char *package);

/* The install is over whatever this returns, and is freed by install_free. `problems` get the
 * conflicts that refuse it (-EEXIST), `notes` what the user should know of one that worked. */
int install_commit(struct state *state, struct install *install, struct strv *problems,
		   struct strv *notes);

/* Instead of a commit: what it wrote is a layer on disk, `*id`, that no stack names and no key
 * finds; nothing else is changed, also when that layer is there already. The install is over
 * whatever this returns. */
int install_aside(struct state *state, struct install *install, char **id);

/* Remove what it wrote. After a crash in the midst of it there is nothing to go on with. */
int install_abort(struct state *state, struct install *install);
void install_free(struct install *install); /* takes NULL */
