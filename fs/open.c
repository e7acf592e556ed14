// SPDX-License-Identifier: GPL-2.0-or-later
/* open.c - descriptors of a node, in whatever state it is (see view.h). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/layer.h"
#include "fs/view.h"

/* An O_PATH descriptor by the node's path in its layer. */
static int open_by_path(struct node *node)
{
	struct nodes *nodes = node->view->nodes;
	autofree char *path = node_path(nodes, node);
	struct layer *layer;
	int fd;

	if (!path)
		return -ENOMEM;
	layer = node_layer(nodes, node);
	fd = layer ? layer_open(layer, path, O_PATH) : -ENOENT;
	layer_unref(layer);
	return fd;
}

int view_open_path(struct node *node)
{
	struct file *file = data_get(node->view->files, node, false);
	int fd;

	if (!file)
		return open_by_path(node);
	fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
	fd = fd < 0 ? -errno : fd;
	data_close(file);
	return fd;
}

/* Is the node's file the upper's own, so that it may be written to? */
static bool is_in_upper(struct node *node)
{
	struct layer *layer = node_layer(node->view->nodes, node);
	bool own = layer == node->view->upper;

	layer_unref(layer);
	return own;
}

/* The contents are still where they were when the file was opened. */
static bool is_in_layer(const struct node *node, const void *layer)
{
	return __atomic_load_n(&node->layer, __ATOMIC_ACQUIRE) == layer;
}

/* Open for writing what its owner made read-only: he who created it may still write (open(2)), and
 * only he gets here. Root needs none of this. */
static int open_forced(const struct layer *layer, const char *path, int flags)
{
	autofd int handle = layer_open(layer, path, O_PATH);
	char proc[64];
	struct stat st;
	int fd;

	if (handle < 0)
		return handle;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", handle);
	if (fstat(handle, &st) < 0 || chmod(proc, (st.st_mode & 07777) | S_IRUSR | S_IWUSR) < 0)
		return -EACCES;
	fd = layer_open(layer, path, flags);
	chmod(proc, st.st_mode & 07777);
	return fd;
}

static int open_contents(struct view *view, const struct layer *layer, const char *path, ino_t real,
			 bool write)
{
	struct stat st;
	int flags = (write ? O_RDWR : O_RDONLY) | O_NONBLOCK;
	int fd;

	do
		fd = layer_open(layer, path, flags);
	while ((fd == -EMFILE || fd == -ENFILE) && files_shrink(view->files));
	if (fd == -EACCES && layer == view->upper)
		fd = open_forced(layer, path, flags);
	/* a whiteout, or something else that has the name since we looked */
	if (fd == -ENXIO || fd == -EISDIR || fd == -ELOOP)
		return -ENOENT;
	if (fd >= 0 && (fstat(fd, &st) < 0 || st.st_ino != real)) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

/* An unlinked file of a lower layer that somebody still writes to. */
static int open_unlinked(struct node *node, bool write, struct file **ret)
{
	struct view *view = node->view;
	struct file *old = data_get(view->files, node, false);
	int fd = -1, r;

	if (!old || !write) {
		*ret = old;
		return old ? 0 : -ESTALE;
	}
	r = copyup_unlinked(node, old->fd, &fd);
	if (r == 0)
		r = data_put(view->files, node, fd, true, true, NULL, NULL, ret);
	data_close(old);
	return r;
}

int view_raise(struct node *node)
{
	struct file *file = NULL;
	int r;

	if (!node_is_unlinked(node->view->nodes, node))
		return copyup_node(node);
	if (is_in_upper(node))
		return 0;
	if (!S_ISREG(node->type))
		return -ENOENT;
	r = open_unlinked(node, true, &file);
	data_close(file);
	return r;
}

/* Under view->lock; `write` only after a copy-up. */
static int open_node(struct node *node, bool write, bool pin, struct file **ret)
{
	struct view *view = node->view;
	int r;

	do {
		autofree char *path = node_path(view->nodes, node);
		ino_t real;
		struct layer *layer = node_place(view->nodes, node, &real);
		int fd = path ? open_contents(view, layer, path, real, write) : -ENOMEM;

		r = fd < 0 ? fd
			   : data_put(view->files, node, fd, write, pin, is_in_layer, layer, ret);
		layer_unref(layer);
	} while (r == -EAGAIN);
	return r;
}

static int open_here(struct node *node, bool write, struct file **ret)
{
	bool unlinked = node_is_unlinked(node->view->nodes, node);
	int r = 0;

	*ret = data_get(node->view->files, node, write);
	if (*ret)
		return 0;
	if (unlinked)
		return open_unlinked(node, write, ret);
	if (write)
		r = copyup_node(node);
	return r < 0 ? r : open_node(node, write, false, ret);
}

int view_open(struct node *node, bool write, struct file **ret)
{
	int r;

	if (node->dir)
		return -EISDIR;
	if (!S_ISREG(node->type))
		return -EINVAL;
	if (write && view_is_read_only(node))
		return -EROFS;
	r = view_enter(node);
	if (r < 0)
		return r;
	r = open_here(node, write, ret);
	if (r == -ENOENT) /* unlinked since we looked: it has a descriptor now */
		r = open_here(node, write, ret);
	view_leave(node);
	return r;
}

int view_keep(struct node *node)
{
	struct view *view = node->view;
	struct file *file = NULL;
	int fd, r;

	if (node->dir || node_is_unlinked(view->nodes, node)) /* has one already */
		return 0;
	if (S_ISREG(node->type)) {
		r = open_node(node, is_in_upper(node), true, &file);
		if (r != -EACCES) {
			data_close(file);
			return r;
		}
	}
	fd = open_by_path(node);
	if (fd < 0)
		return fd;
	r = data_put(view->files, node, fd, true, true, NULL, NULL, &file);
	if (r == 0)
		data_close(file);
	return r;
}
