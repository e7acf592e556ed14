// SPDX-License-Identifier: GPL-2.0-or-later
/* staging.h - what goes to the target: everything in the stack and local that the base has not.
 *
 * Directories are named only where the target could not make them right by itself: those with
 * nothing in them, and those that were given to somebody or whose mode is more than "everybody may
 * look". All others are there
 * already or come into being with their contents, and keep the target's own mode and owner.
 */
#pragma once

#include <sys/stat.h>

#include "fs/base/strv.h"

struct layer;
struct node;
struct state;
struct view;

struct staging_entry {
	const char *path;
	unsigned type;		   /* DT_* of dirent.h */
	const struct layer *layer; /* whose it is */
	/* of a directory, and of others when staging_look has been asked: */
	struct node *node;
	struct stat st; /* with the owner that it shall have, whoever may read it here */
	/* where it is */
	struct node *dir;
	const char *name;
};

struct staging_visitor {
	int (*visit)(struct staging_entry *e, void *arg);
	/* NULL, or: what follows is in that directory, in which `n` names show */
	void (*enter)(const char *path, size_t n, void *arg);
	void *arg;
};

/* Call `visit` for each, paths in byte order. Returns 0, -errno, or what visit returned if not 0.
 */
int staging_walk(struct view *staging, const struct state *state,
		 const struct staging_visitor *visitor);

/* For `visit`: fill in node and st. -ENOENT: it has been removed meanwhile. */
int staging_look(struct staging_entry *e);

/* Sentences on what staging leaves out because it is the system's: files of the base that a layer
 * has written over or deleted. A copy with the same bytes is no change. Looks only into directories
 * that the base has too. */
int staging_left_out(const struct state *state, struct strv *ret);
