// SPDX-License-Identifier: GPL-2.0-or-later
/* tree.h - a layer as a whole: walked, counted, hashed, compared. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "fs/base/digest.h"
#include "fs/base/strv.h"
#include "fs/store/note.h"

struct layer;

/* One thing in a layer. `path` is relative to the root and lent. */
struct tree_entry {
	const char *path;
	struct stat st; /* with the note's permission bits */
	struct note note;
	bool whiteout;
	bool opaque; /* a directory that hides what is below */
};

/* Call `visit` for everything in the layer but its root, a directory before its contents, names in
 * byte order. It may return negative to stop the walk with that. What goes while it walks is left
 * out: in the layer `local` things change at any time. Returns 0 or -errno. */
int tree_walk(const struct layer *layer, int (*visit)(const struct tree_entry *e, void *arg),
	      void *arg);

/* The files in the layer (no directories, no whiteouts) and their bytes. */
int tree_count(const struct layer *layer, uint64_t *files, uint64_t *bytes);

/* SHA-256 over paths, types, permissions, contents, link targets, extended attributes (traits.h)
 * and the owners that files were given to, if not to root: not over who made them and when, so that
 * the same install has the same hash whoever makes it. A hole is the same as zeros, and costs
 * nothing. Counts like tree_count on the way. */
int tree_hash(const struct layer *layer, char hex[static DIGEST_HEX], uint64_t *files,
	      uint64_t *bytes);

/* Are the two things the same: type, permissions, given owner, extended attributes, contents?
 * Directories are. Returns 1, 0, -errno. */
int tree_same(const struct layer *a, const struct layer *b, const char *path);

/* The names in one directory of a layer, in byte order; none when it is not there. */
int tree_names(const struct layer *layer, const char *path, struct strv *ret);

/* `path`/`name`, for the caller to free; NULL without memory. */
char *tree_join(const char *path, const char *name);

/* "file", "directory", "link", "device", "fifo", "socket". */
const char *tree_type_name(mode_t mode);

/* The target of the symlink at `path`, for the caller to free. */
int tree_readlink(const struct layer *layer, const char *path, char **ret);
