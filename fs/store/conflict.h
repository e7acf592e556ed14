// SPDX-License-Identifier: GPL-2.0-or-later
/* conflict.h - may this layer stand beside the others?
 *
 * Two packages that write one path with different bytes are an error, and so is one that deletes
 * what another brings: whichever stands on top would win without a word. The same bytes are shared.
 * A package that says it replaces the other may do all of this.
 */
#pragma once

#include <stddef.h>

#include "fs/base/strv.h"

struct layer;

/* Compare `layer` with each of the `n` others that is not of the same package. Adds one sentence a
 * conflict, which names both packages and the path, to `problems` (at most a handful of them).
 * Returns 0 or -errno; the caller looks whether there are problems. */
int conflict_find(const struct layer *layer, struct layer *const *others, size_t n,
		  struct strv *problems);

/* Files that every install makes its own copy of and that belong to nobody: indexes of what is
 * installed, made anew on the Pi. Removes them from `layer` and adds a note for each to `notes`. */
int conflict_drop_indexes(const struct layer *layer, struct strv *notes);
