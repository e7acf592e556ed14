// SPDX-License-Identifier: GPL-2.0-or-later
/* model_ops.c - what programs do to files. */
#include "tests/fuzz/model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/store/names.h"
#include "fs/view/view.h"
#include "fs/xs/xs.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/plain.h"

void model_op_make(struct model *m)
{
	static const mode_t modes[] = { S_IFREG | 0644, S_IFREG | 0600, S_IFDIR | 0755,
					S_IFDIR | 0700, S_IFIFO | 0644, S_IFCHR | 0600,
					S_IFREG | 0,	S_IFSOCK | 0755 };
	mode_t mode = modes[choose(m->c, ARRAY_SIZE(modes))];
	struct plain *dir = model_some_dir(m), *file;
	const char *name = model_some_name(m);
	int expected = model_check_new(m, dir, name), r;
	struct node *parent, *node = NULL;
	struct stat st;

	if (model_is_full(dir, mode))
		return;
	parent = model_walk(m->now, dir);
	fuzz_trace("make '%.20s' %o", name, mode);
	model_about(m, CHANGE_COMES, dir, name);
	model_arm(m);
	r = view_make(parent, name, mode, 0, (struct owner){ 0 }, &node, &st);
	if (model_done(m, "make", r, expected)) {
		file = plain_new(mode);
		plain_add(dir, name, file);
		model_same_stat(&st, file, name);
		if (choose(m->c, 2))
			model_keep_handle(m, node, file);
		plain_unref(file);
		node_unref(&m->xs->nodes, node);
	}
	node_unref(&m->xs->nodes, parent);
}

void model_op_symlink(struct model *m)
{
	struct plain *dir = model_some_dir(m), *file;
	const char *name = model_some_name(m), *target = model_names[choose(m->c, MODEL_NAMES)];
	int expected = model_check_new(m, dir, name), r;
	struct node *parent, *node = NULL;
	struct stat st;

	if (model_is_full(dir, S_IFLNK))
		return;
	parent = model_walk(m->now, dir);
	fuzz_trace("symlink '%.20s'", name);
	model_about(m, CHANGE_COMES, dir, name);
	model_arm(m);
	r = view_symlink(parent, name, target, (struct owner){ 0 }, &node, &st);
	if (model_done(m, "symlink", r, expected)) {
		file = plain_new(S_IFLNK | 0777);
		plain_write(file, target, strlen(target), 0);
		plain_add(dir, name, file);
		plain_unref(file);
		node_unref(&m->xs->nodes, node);
	}
	node_unref(&m->xs->nodes, parent);
}

void model_op_link(struct model *m)
{
	struct plain *dir = model_some_dir(m), *file;
	const char *name = model_some_name(m);
	struct node *parent, *node = NULL;
	struct stat st;
	int expected, r;

	file = model_some_file(m, &node);
	if (!file || model_is_full(dir, file->mode) || (!file->nlink && !file->linkable) ||
	    S_ISDIR(file->mode)) {
		node_unref(&m->xs->nodes, node);
		return;
	}
	expected = model_check_new(m, dir, name);
	parent = model_walk(m->now, dir);
	fuzz_trace("link '%.20s'%s", name, file->nlink ? "" : " (had none)");
	model_about(m, CHANGE_COMES, dir, name);
	model_arm(m);
	r = view_link(node, parent, name, &st);
	if (model_done(m, "link", r, expected)) {
		plain_add(dir, name, file);
		model_same_stat(&st, file, name);
	}
	node_unref(&m->xs->nodes, parent);
	node_unref(&m->xs->nodes, node);
}

void model_op_tmpfile(struct model *m)
{
	struct plain *dir = model_some_dir(m), *file;
	struct node *parent = model_walk(m->now, dir), *node = NULL;
	struct stat st;
	int r;

	fuzz_trace("tmpfile");
	model_arm(m);
	r = view_tmpfile(parent, S_IFREG | 0644, (struct owner){ 0 }, &node, &st);
	if (model_done(m, "tmpfile", r, 0)) {
		file = plain_new(S_IFREG | 0644);
		file->linkable = true;
		model_keep_handle(m, node, file);
		plain_unref(file);
		node_unref(&m->xs->nodes, node);
	}
	node_unref(&m->xs->nodes, parent);
}

void model_op_remove(struct model *m)
{
	struct plain *dir = model_some_dir(m), *file;
	const char *name = model_some_name_in(m, dir);
	bool directory = choose(m->c, 2);
	struct node *parent;
	int expected = 0, r;

	file = plain_find(dir, name);
	if (strlen(name) > 255) /* the kernel has looked it up before */
		return;
	if (!file)
		expected = -ENOENT;
	else if (!directory && S_ISDIR(file->mode))
		expected = -EISDIR;
	else if (directory && !S_ISDIR(file->mode))
		expected = -ENOTDIR;
	else if (directory && file->n)
		expected = -ENOTEMPTY;
	parent = model_walk(m->now, dir);
	fuzz_trace("%s '%.20s'", directory ? "rmdir" : "unlink", name);
	model_about(m, CHANGE_GOES, dir, name);
	model_arm(m);
	r = directory ? view_rmdir(parent, name) : view_unlink(parent, name);
	if (model_done(m, "remove", r, expected))
		plain_remove(dir, name);
	node_unref(&m->xs->nodes, parent);
}

void model_op_write(struct model *m)
{
	struct node *node = NULL;
	struct plain *file = model_some_file(m, &node);
	size_t at = choose(m->c, 4) ? choose(m->c, 64) : choose(m->c, 256) * 100;
	struct file *open_file = NULL;
	char data[8];
	int r;

	snprintf(data, sizeof(data), "%07u", choose(m->c, 256));
	if (!file)
		return;
	fuzz_trace("write at %zu", at);
	model_arm(m);
	r = view_open(node, true, &open_file);
	if (model_done(m, "write", r,
		       S_ISDIR(file->mode)   ? -EISDIR
		       : S_ISREG(file->mode) ? 0
					     : -EINVAL)) {
		fuzz_check(pwrite(open_file->fd, data, 7, at) == 7);
		data_close(open_file);
		plain_write(file, data, 7, at);
	}
	node_unref(&m->xs->nodes, node);
}

void model_op_setattr(struct model *m)
{
	static const mode_t modes[] = { 0644, 0600, 0755, 0400, 01755, 0 };
	struct node *node = NULL;
	struct plain *file = model_some_file(m, &node);
	struct stat st, want = { 0 };
	struct timespec times[2] = { { .tv_sec = 5, .tv_nsec = 7 } };
	unsigned what = 1u << choose(m->c, 5);
	int r;

	if (!file)
		return;
	want.st_mode = modes[choose(m->c, ARRAY_SIZE(modes))];
	want.st_size = choose(m->c, 256) * 90;
	times[1] = (struct timespec){ .tv_sec = choose_number(m->c), .tv_nsec = 999999999 };
	/* nothing keeps the attributes of what has no name and no contents */
	if ((what == VIEW_SET_MODE && S_ISLNK(file->mode)) ||
	    (what == VIEW_SET_SIZE && !S_ISREG(file->mode)) ||
	    (!S_ISREG(file->mode) && (S_ISDIR(file->mode) ? file->removed : !file->nlink))) {
		node_unref(&m->xs->nodes, node);
		return;
	}
	fuzz_trace("setattr %u", what);
	model_arm(m);
	r = view_setattr(node, what, &want, times, &st);
	if (model_done(m, "setattr", r, 0)) {
		if (what == VIEW_SET_MODE)
			file->mode = (file->mode & S_IFMT) | want.st_mode;
		if (what == VIEW_SET_SIZE)
			plain_truncate(file, want.st_size);
		if (what & (VIEW_SET_UID | VIEW_SET_GID) && S_ISREG(file->mode) &&
		    file->mode & (S_ISUID | S_ISGID))
			file->mode &= ~S_ISUID & (file->mode & S_IXGRP ? ~S_ISGID : ~0);
		if (what == VIEW_SET_TIMES && S_ISREG(file->mode)) {
			file->mtime = times[1];
			file->mtime_known = true;
		}
		if (S_ISCHR(file->mode))
			file->mode = st.st_mode; /* as much of it as is kept */
		model_same_stat(&st, file, "(set)");
	} else if (m->struck && view_getattr(node, &st) == 0) { /* it may have failed behind it */
		if (!S_ISLNK(file->mode))
			file->mode = st.st_mode;
		file->mtime_known = false;
		if (S_ISREG(file->mode))
			plain_truncate(file, st.st_size);
	}
	node_unref(&m->xs->nodes, node);
}

void model_op_xattr(struct model *m)
{
	struct node *node = NULL;
	struct plain *file = model_some_file(m, &node);
	unsigned i = choose(m->c, PLAIN_XATTRS), how = choose(m->c, 4);
	char value[16];
	int expected = 0, r;

	snprintf(value, sizeof(value), "v%u", choose(m->c, 256));
	if (!file)
		return;
	if ((!S_ISREG(file->mode) && !S_ISDIR(file->mode)) ||
	    (S_ISDIR(file->mode) && file->removed)) {
		node_unref(&m->xs->nodes, node);
		return;
	}
	if (how == 3)
		expected = file->xattr[i] ? 0 : -ENODATA;
	else if (how == XATTR_CREATE)
		expected = file->xattr[i] ? -EEXIST : 0;
	else if (how == XATTR_REPLACE)
		expected = file->xattr[i] ? 0 : -ENODATA;
	fuzz_trace("xattr %u %u", i, how);
	model_arm(m);
	if (how == 3)
		r = view_removexattr(node, plain_xattr_names[i]);
	else
		r = view_setxattr(node, plain_xattr_names[i], value, strlen(value), how);
	if (model_done(m, "xattr", r, expected)) {
		free(file->xattr[i]);
		file->xattr[i] = how == 3 ? NULL : strdup(value);
	}
	fuzz_check(view_setxattr(node, "user.overlay.opaque", "y", 1, 0) == -EPERM);
	fuzz_check(view_setxattr(node, "user.xsysfs.special", "c 0 0", 5, 0) == -EPERM);
	node_unref(&m->xs->nodes, node);
}

void model_op_keep(struct model *m)
{
	struct node *node = NULL;
	struct plain *file = model_some_file(m, &node);

	if (file)
		model_keep_handle(m, node, file);
	node_unref(&m->xs->nodes, node);
}

/* A directory that is gone, by its handle: nothing can be made in it. */
void model_op_in_removed(struct model *m)
{
	struct handle *h = &m->now->handles[choose(m->c, HANDLES)];
	autonames struct names *list = NULL;
	struct node *node = NULL;
	struct stat st;

	if (!h->node || !S_ISDIR(h->file->mode) || !h->file->removed)
		return;
	fuzz_check(view_make(h->node, "a", S_IFREG | 0644, 0, (struct owner){ 0 }, &node, &st) < 0);
	fuzz_check(view_lookup(h->node, "a", &node, NULL) == -ENOENT);
	fuzz_check(view_unlink(h->node, "a") == -ENOENT);
	fuzz_check(view_list(h->node, &list) == 0);
	for (size_t i = 0; i < list->n; i++)
		fuzz_check(list->v[i].whiteout);
}

void model_op_forget(struct model *m)
{
	model_drop_handle(m, &m->now->handles[choose(m->c, HANDLES)]);
}
