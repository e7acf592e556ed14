// SPDX-License-Identifier: GPL-2.0-or-later
/* install.h - the life of one install: begin, then commit or abort. Knows the disk, not the kernel.
 *
 * While it is pending, nobody sees the layer but the install's own build view. commit puts the
 * layer and then the stack on disk, in that order and synced, so that a crash leaves either.
 */
#pragma once

#include "fs/base/strv.h"

struct layer;
struct layerset;
struct state;

struct install_request {
	const char *package, *version, *key;
	const char *needs, *replaces; /* lists with commas or blanks */
};

struct install {
	struct layer *layer;	/* pending; its meta has what was asked for */
	struct layerset *below; /* what its build view sees under it: its needs and the base */
};

/* -EBUSY: an install of that package is under way. `problem` as in state.h. */
int install_begin(struct state *state, const struct install_request *request, struct install **ret,
		  char **problem);

/* The install is over whatever this returns, and is freed by install_free. `problems` get the
 * conflicts that refuse it (-EEXIST), `notes` what the user should know of one that worked. */
int install_commit(struct state *state, struct install *install, struct strv *problems,
		   struct strv *notes);

/* Remove what it wrote. */
int install_abort(struct state *state, struct install *install);
void install_free(struct install *install); /* takes NULL */
