// SPDX-License-Identifier: GPL-2.0-or-later
/* plain.h - a file system in memory, as simple as can be: what a view is compared with.
 *
 * plain_overlay puts a layer that is on disk over what is there already. That is the second reading
 * of the layers' format in this project, on purpose independent of the first.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

enum { PLAIN_XATTRS = 2 }; /* user.t and user.u */

struct plain_name {
	char *name;
	struct plain *file;
};

struct plain {
	unsigned refs; /* names and handles */
	mode_t mode;
	dev_t rdev;
	unsigned nlink;	   /* names in this tree */
	bool nlink_unsure; /* a hard-link group of which a lower layer's part does not show */
	bool linkable;	   /* of O_TMPFILE */
	ino_t ino;	   /* that was shown and must stay; 0: none */
	char *data;	   /* contents or target */
	size_t size;
	char *xattr[PLAIN_XATTRS]; /* NULL: none */
	struct timespec mtime;
	bool mtime_known;

	/* a directory */
	struct plain *parent; /* NULL: the root, or removed */
	bool removed;
	struct plain_name *kids;
	size_t n;
};

extern const char *const plain_xattr_names[PLAIN_XATTRS];

struct plain *plain_new(mode_t mode);
struct plain *plain_ref(struct plain *p);
void plain_unref(struct plain *p); /* takes NULL */

/* NULL: there is no such name. */
struct plain *plain_find(const struct plain *dir, const char *name);
/* A new name; the reference is the tree's own. */
void plain_add(struct plain *dir, const char *name, struct plain *file);
void plain_remove(struct plain *dir, const char *name);
void plain_write(struct plain *file, const void *data, size_t size, size_t at);
void plain_truncate(struct plain *file, size_t size);
bool plain_is_in(const struct plain *dir, const struct plain *above); /* or the same */

/* Lay the folder `path` over the tree; `marks`: whiteouts and opaque directories count. The root's
 * own name .xsysfs never shows. */
void plain_overlay(struct plain *root, const char *path, bool marks);
/* After the last layer: compare the counts of links with what the layers say. */
void plain_count_links(struct plain *root);
