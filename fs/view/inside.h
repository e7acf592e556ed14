// SPDX-License-Identifier: GPL-2.0-or-later
/* inside.h - what the files of a view need of each other, and nobody else.
 *
 * All of it under view->lock (view.h has the locks and their order), which view_enter takes. Unless
 * said otherwise functions return 0 or -errno.
 */
#pragma once

#include "fs/view/view.h"

/* Read-lock the node's view: -ESTALE when it is closed. */
int view_enter(struct node *node);
void view_leave(struct node *node);
/* The same for a change, or with `alone` write-locked for one that moves paths: -EROFS where
 * nothing can be written. */
int view_enter_to_change(struct node *node, bool alone);

/* lookup.c */

/* May something of that name be made in `dir`? -ENAMETOOLONG, or -EPERM for the reserved one. */
int lookup_check_new_name(const struct node *dir, const char *name);
/* What `name` in `dir` is. On 0 and -ENOENT `found` is filled and to be released. */
int lookup_find(struct node *dir, const char *name, struct found *found);
void found_release(struct found *found);
#define autofound cleanup(found_release)
/* Does a layer under the upper show this name? Whoever takes the upper's away has to hide it. */
int lookup_below(struct node *dir, const char *name, bool *ret);
/* The directory's present layers: those below (a reference for the caller), and the upper? */
int lookup_dir(struct node *dir, struct layerset **below, bool *in_upper);
/* What the directory itself is in the upper (DIRSET_UPPER of dirs.h) or in layer `i` of those
 * below; and an O_PATH descriptor of it in the upper, -ENOENT when it is not there. */
int lookup_stat_dir(struct node *dir, struct layerset *below, int i, struct stat *st,
		    struct note *note);
int lookup_open_upper(struct node *dir);
int lookup_list(struct node *dir, struct names **ret);
/* 0 when nothing shows in it, else -ENOTEMPTY or another error. */
int lookup_check_empty(struct node *dir);
/* A name in it has come or gone, or is another file now. `was` may be NULL, or is what had the name
 * before or has it now: a file's other names show its count. */
void lookup_changed(struct node *dir, const char *name, const struct found *was);
/* How many directories show in it. */
int lookup_count_dirs(struct node *dir, unsigned *ret);
/* A directory in it may come or go now: to be followed by the other, which says by how many. */
void lookup_hold_count(struct node *dir);
void lookup_adjust_count(struct node *dir, int by);
/* From now on it is in the upper too; `opaque`: and nowhere else. */
void lookup_set_upper(struct node *dir, bool opaque);

/* open.c */

/* The lock across a copy-up of this node, and across the moment in which its file is moved to where
 * orphan.h keeps it. */
pthread_mutex_t *view_stripe(struct node *node);
/* Wait until neither is under way. */
void view_await(struct node *node);
/* Around a change of the names or times of a directory in the upper; `keep`: around one that is not
 * to be seen, after which the times are put back. */
void view_lock_times(struct node *dir, bool keep);
void view_unlock_times(struct node *dir);
/* openat2(2) with these flags, where the node's file is. */
int site_open(const struct node *node, const struct site *site, int flags);
/* An O_PATH descriptor, or a descriptor of the contents, of the node itself. */
int view_open_path(struct node *node);
/* Have it in the upper, also when it is unlinked: before any change of it. */
int view_raise(struct node *node);
/* Its name is about to go, and there is no room to give it another: hold its file open. */
int view_pin(struct node *node);

/* Fill `st` for a node from what its layer says; `note` may be NULL. */
void view_show(const struct node *node, const struct layer *layer, const struct note *note,
	       struct stat *st);
int view_stat(struct node *node, struct stat *st);
/* When it came to be: of a directory, the lowest of its layers. -EOPNOTSUPP: nobody knows. */
int view_birth(struct node *node, struct timespec *ret);

/* copyup.c */

/* Make sure that the upper has the node, with data, attributes and all its names. -EROFS. */
int copyup_node(struct node *node);
/* The same for a directory without what is in it. */
int copyup_dir(struct node *dir);
/* A directory with all that is in it, so that it can be moved: opaque afterwards. */
int copyup_tree(struct node *dir);
/* A directory of the upper in which nothing of the lower layers shows any more: let them be hidden
 * by it, and it stays the same directory to who looks. */
int copyup_seal(struct node *dir);
/* The upper's directory for `dir`, copied up if need be: an O_PATH descriptor. */
int copyup_open_dir(struct node *dir);
/* The same for a file whose last name is gone: the copy gets a kept name (orphan.h). */
int copyup_unlinked(struct node *node);
/* Have a regular file in the upper with that size, without what is cut off being copied. 0: done;
 * 1: it is in the upper already, and as it was. */
int copyup_truncated(struct node *node, off_t size);
/* A name in the work directory that nobody has. */
enum { TEMP_NAME = 32 };
void copyup_temp_name(struct view *view, char name[static TEMP_NAME]);
