// SPDX-License-Identifier: GPL-2.0-or-later
/* open.c - descriptors of a node, in whatever state it is (see view.h). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/store/layer.h"
#include "fs/view/orphan.h"
#include "fs/view/reads.h"
#include "fs/view/inside.h"

int site_open(const struct node *node, const struct site *site, int flags)
{
	char name[ORPHAN_NAME];

	if (!site->layer)
		return -ENOENT;
	if (!site->kept)
		return layer_open(site->layer, site->path, flags);
	orphan_name(node, name);
	return layer_open_at(node->view->work, name, flags);
}

pthread_mutex_t *view_stripe(struct node *node)
{
	return &node->view->copying[node->id % VIEW_STRIPES];
}

void view_await(struct node *node)
{
	pthread_mutex_lock(view_stripe(node));
	pthread_mutex_unlock(view_stripe(node));
}

static pthread_rwlock_t *times_of(struct node *dir)
{
	return &dir->view->times[dir->id % VIEW_STRIPES];
}

void view_lock_times(struct node *dir, bool keep)
{
	if (keep)
		pthread_rwlock_wrlock(times_of(dir));
	else
		pthread_rwlock_rdlock(times_of(dir));
}

void view_unlock_times(struct node *dir)
{
	pthread_rwlock_unlock(times_of(dir));
}

int view_open_path(struct node *node)
{
	struct file *file = data_get(node->view->files, node, false);
	autosite struct site site = { 0 };
	int fd;

	if (file) {
		fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
		fd = fd < 0 ? -errno : fd;
		data_close(file);
		return fd;
	}
	fd = node_site(node->view->nodes, node, &site);
	return fd < 0 ? fd : site_open(node, &site, O_PATH);
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
static int open_forced(const struct node *node, const struct site *site, int flags)
{
	autofd int handle = site_open(node, site, O_PATH);
	char proc[64];
	struct stat st;
	int fd;

	if (handle < 0)
		return handle;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", handle);
	if (fstat(handle, &st) < 0 || chmod(proc, (st.st_mode & 07777) | S_IRUSR | S_IWUSR) < 0)
		return -EACCES;
	fd = site_open(node, site, flags);
	chmod(proc, st.st_mode & 07777);
	return fd;
}

static int open_contents(const struct node *node, const struct site *site, bool write)
{
	struct view *view = node->view;
	struct stat st;
	int flags = (write ? O_RDWR : O_RDONLY) | O_NONBLOCK;
	int fd;

	do
		fd = site_open(node, site, flags);
	while ((fd == -EMFILE || fd == -ENFILE) && files_shrink(view->files));
	if (fd == -EACCES && site->layer == view->upper)
		fd = open_forced(node, site, flags);
	/* a whiteout, or something else that has the name since we looked */
	if (fd == -ENXIO || fd == -EISDIR || fd == -ELOOP)
		return -ENOENT;
	if (fd >= 0 && (fstat(fd, &st) < 0 || st.st_ino != site->real)) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

int view_raise(struct node *node)
{
	if (!node_is_unlinked(node->view->nodes, node))
		return copyup_node(node);
	if (is_in_upper(node))
		return 0;
	return S_ISREG(node->type) ? copyup_unlinked(node) : -ENOENT;
}

/* Under view->lock; `write` only after a copy-up. */
static int open_node(struct node *node, bool write, bool pin, struct file **ret)
{
	struct view *view = node->view;
	int r;

	do {
		autosite struct site site = { 0 };
		int fd;

		r = node_site(view->nodes, node, &site);
		fd = r < 0 ? r : open_contents(node, &site, write);
		r = fd < 0 ? fd
			   : data_put(view->files, node, fd, write, pin, is_in_layer, site.layer,
				      ret);
	} while (r == -EAGAIN);
	return r;
}

static int open_here(struct node *node, bool write, struct file **ret)
{
	int r = 0;

	*ret = data_get(node->view->files, node, write);
	if (*ret)
		return 0;
	if (write)
		r = view_raise(node);
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
	if (r == -ENOENT) { /* unlinked since we looked: it is elsewhere now */
		view_await(node);
		r = open_here(node, write, ret);
	}
	if (r == 0)
		reads_note(node);
	view_leave(node);
	return r;
}

int view_pin(struct node *node)
{
	struct view *view = node->view;
	struct file *file = NULL;
	int fd, r;

	if (S_ISREG(node->type)) {
		r = open_node(node, is_in_upper(node), true, &file);
		if (r != -EACCES) {
			data_close(file);
			return r;
		}
	}
	fd = view_open_path(node);
	if (fd < 0)
		return fd;
	r = data_put(view->files, node, fd, true, true, NULL, NULL, &file);
	if (r == 0)
		data_close(file);
	return r;
}
