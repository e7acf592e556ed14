// SPDX-License-Identifier: GPL-2.0-or-later
/* layer.h - a directory tree that one writer wrote: the base, a package, or `local`.
 *
 * On disk a layer is a plain directory in the kernel overlayfs's upper format
 * (Documentation/filesystems/overlayfs.rst: whiteouts and opaque directories), so that
 * `mount -t overlay -o userxattr` reads it too.
 *
 * Whatever is opened, by path from the layer's root or from a directory of it, is opened by
 * openat2(2) with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and RESOLVE_NO_XDEV: a symlink in a layer,
 * even one that an enemy swaps in, never leads out of it, and no mount below the base (ours, say)
 * is entered: a daemon could wait for itself. A mount point is an empty directory there, if the
 * layer has one to show (`empty`) and it is no file that is mounted on; else -EXDEV. A single name
 * in an open directory is asked for by statx(2), which says on what mount it is. "" is the root.
 * Paths may be longer than PATH_MAX.
 *
 * A layer is reference-counted (atomically); its contents are immutable once committed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "fs/base/strv.h"

struct meta;
struct parts;

enum origin {
	ORIGIN_BASE,
	ORIGIN_PACKAGE,
	ORIGIN_LOCAL,
};

struct layer {
	int refs;  /* atomic */
	int fd;	   /* O_PATH of the tree's root */
	int empty; /* O_PATH of what mount points show, or -1; closed with the layer */
	enum origin origin;
	uint64_t ino_salt;   /* set where its st_ino could be another layer's too: another disk */
	char *id;	     /* "zlib-1.2.13-1a2b3c4d", "local", "base" */
	struct meta *meta;   /* of a package; NULL for base and local */
	int notes;	     /* atomic; enum note_state */
	uint64_t mount;	     /* its mount's number; 0: not known */
	struct links *links; /* under `links_lock` of layer.c; see layer_other_names */
	unsigned roster_no;  /* for roster.c; 0: none yet */
};

/* Take over `fd`, an O_PATH descriptor of the root (-1: a layer without files), and `meta` (may be
 * NULL). Both stay the caller's when this fails. */
int layer_new(enum origin origin, const char *id, int fd, struct meta *meta, struct layer **ret);
struct layer *layer_ref(struct layer *layer);
void layer_unref(struct layer *layer); /* takes NULL */

/* What the tag of a file in this layer says. */
const char *layer_package(const struct layer *layer); /* "" for the base */
const char *layer_version(const struct layer *layer);
const char *origin_name(enum origin origin);

/* The rules for its files, lent; without any for the base and local. */
const struct parts *layer_parts(const struct layer *layer);

/* openat2 as described above, never through a final symlink. Returns a descriptor or -errno. */
int layer_open(const struct layer *layer, const char *path, int flags);

/* lstat. Returns 0 or -errno. */
int layer_stat(const struct layer *layer, const char *path, struct stat *st);

/* lstat of a name in an open directory of the layer, with one call where it is no mount point. */
int layer_stat_at(const struct layer *layer, int dir, const char *name, struct stat *st);

/* The directory of a path that is not "", whose last part is `*name` then; an O_PATH descriptor. */
int layer_open_dir_of(const struct layer *layer, const char *path, const char **name);

/* layer_open relative to an open directory of a layer, but any mount point is -EXDEV. */
int layer_open_at(int dir, const char *path, int flags);

/* The other names in this (immutable) layer of the file `ino`, which `path` is one of. Walks the
 * layer at the first call and remembers all hard-link groups. Adds to `ret`; returns 0 or -errno.
 */
int layer_other_names(struct layer *layer, const char *path, ino_t ino, struct strv *ret);
