// SPDX-License-Identifier: GPL-2.0-or-later
/* xattr.c - extended attributes in a view, and the tag among them (see view.h). */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/text.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/store/parts.h"
#include "fs/store/tag.h"
#include "fs/store/whiteout.h"
#include "fs/view/mirror.h"
#include "fs/view/orphan.h"
#include "fs/view/inside.h"

/* Where the xattr calls find the node: an open regular file by its descriptor, anything else by its
 * name below a descriptor of its directory, since those calls take no O_PATH descriptor. */
struct handle {
	int fd;
	char *path; /* NULL: the descriptor itself */
};

static void handle_release(struct handle *h)
{
	if (h->fd >= 0)
		close(h->fd);
	free(h->path);
}
#define autohandle cleanup(handle_release)

#define TRUSTED_PREFIX "trusted.xsysfs."

static bool is_ours(const char *name)
{
	return strcmp(name, GIVE_XATTR) == 0 ||
	       strncmp(name, TRUSTED_PREFIX, strlen(TRUSTED_PREFIX)) == 0 ||
	       strncmp(name, OVERLAY_XATTR_PREFIX, strlen(OVERLAY_XATTR_PREFIX)) == 0 ||
	       strncmp(name, TAG_XATTR_PREFIX, strlen(TAG_XATTR_PREFIX)) == 0;
}

static ssize_t handle_get(const struct handle *h, const char *name, void *value, size_t size)
{
	ssize_t n = h->path ? lgetxattr(h->path, name, value, size)
			    : fgetxattr(h->fd, name, value, size);

	return n < 0 ? -errno : n;
}

static ssize_t handle_list(const struct handle *h, char *list, size_t size)
{
	ssize_t n = h->path ? llistxattr(h->path, list, size) : flistxattr(h->fd, list, size);

	return n < 0 ? -errno : n;
}

static int handle_set(const struct handle *h, const char *name, const void *value, size_t size,
		      int flags)
{
	int r = h->path ? lsetxattr(h->path, name, value, size, flags)
			: fsetxattr(h->fd, name, value, size, flags);

	return r < 0 ? -errno : 0;
}

static int handle_remove(const struct handle *h, const char *name)
{
	int r = h->path ? lremovexattr(h->path, name) : fremovexattr(h->fd, name);

	return r < 0 ? -errno : 0;
}

/* The layer whose attributes a node shows, with a reference. */
static int top_layer(struct node *node, struct layer **ret)
{
	struct view *view = node->view;
	autolayerset struct layerset *below = NULL;
	bool in_upper;
	int r;

	if (!node->dir) {
		*ret = node_layer(view->nodes, node);
		return *ret ? 0 : -ENODATA;
	}
	r = lookup_dir(node, &below, &in_upper);
	if (r < 0)
		return r;
	if (!in_upper && !below->n)
		return -ENODATA;
	*ret = layer_ref(in_upper ? view->upper : below->v[0]);
	return 0;
}

/* By the name `name` below `dir`, which is the handle's from now on. */
static int handle_set_name(struct handle *h, int dir, const char *name)
{
	if (dir < 0)
		return dir;
	h->fd = dir;
	h->path = text_of("/proc/self/fd/%d/%s", dir, name);
	return h->path ? 0 : -ENOMEM;
}

/* In the work directory, where it is kept. */
static int handle_open_kept(struct handle *h, const struct node *node)
{
	char name[ORPHAN_NAME];
	int dir = fcntl(node->view->work, F_DUPFD_CLOEXEC, 0);

	orphan_name(node, name);
	return handle_set_name(h, dir < 0 ? -errno : dir, name);
}

static bool is_mount_point(int dir, const char *name)
{
	autofd int fd = layer_open_at(dir, name, O_PATH);

	return fd == -EXDEV;
}

static int handle_open_in(struct handle *h, const struct layer *layer, const char *path)
{
	const char *name;
	int dir = layer_open_dir_of(layer, path, &name);

	if (dir >= 0 && layer->origin == ORIGIN_BASE && is_mount_point(dir, name)) {
		close(dir); /* by its name it would be what is mounted there */
		dir = layer_open(layer, path, O_PATH | O_DIRECTORY);
		name = ".";
	}
	return handle_set_name(h, dir, *name ? name : ".");
}

static int handle_open(struct handle *h, struct node *node)
{
	struct view *view = node->view;
	autosite struct site site = { 0 };
	struct layer *layer = NULL;
	struct file *file;
	int r;

	if (node->virtual_dir)
		return -ENODATA;
	file = data_get(view->files, node, false);
	if (file && S_ISREG(node->type)) {
		h->fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
		r = h->fd < 0 ? -errno : 0;
		data_close(file);
		return r;
	}
	data_close(file);
	r = node_site(view->nodes, node, &site);
	if (r < 0)
		return r;
	if (site.kept)
		return handle_open_kept(h, node);
	r = top_layer(node, &layer);
	if (r == 0)
		r = handle_open_in(h, layer, site.path);
	layer_unref(layer);
	return r;
}

/* What the tag says, for the caller to free; NULL: nothing. */
static char *tag_text(struct node *node, const struct layer *layer, const char *what)
{
	autofree char *path = NULL;
	const char *text;

	if (strcmp(what, TAG_PART) != 0) {
		text = tag_of_layer(layer, what);
		return text && *text ? strdup(text) : NULL;
	}
	path = node->dir || layer->origin != ORIGIN_PACKAGE ? NULL
							    : node_path(node->view->nodes, node);
	return path ? parts_of(layer_parts(layer), path, S_ISLNK(node->type)) : NULL;
}

/* The tag's answer, cut to the caller's buffer as getxattr(2) does. */
static ssize_t get_tag(struct node *node, const char *name, void *value, size_t size)
{
	struct layer *layer = NULL;
	autofree char *text = NULL;
	ssize_t r;

	if (node->virtual_dir)
		return -ENODATA;
	r = view_tag(node, &layer);
	if (r < 0 || !layer)
		return r < 0 ? r : -ENODATA;
	text = tag_text(node, layer, name + strlen(TAG_XATTR_PREFIX));
	if (!text)
		r = -ENODATA;
	else if (size && size < strlen(text))
		r = -ERANGE;
	else
		r = strlen(text);
	if (r > 0 && size)
		memcpy(value, text, r);
	layer_unref(layer);
	return r;
}

static ssize_t get_real(struct node *node, const char *name, void *value, size_t size)
{
	autohandle struct handle h = { .fd = -1 };
	int r = handle_open(&h, node);

	return r < 0 ? r : handle_get(&h, name, value, size);
}

ssize_t view_getxattr(struct node *node, const char *name, void *value, size_t size)
{
	ssize_t r = view_enter(node);

	if (r < 0)
		return r;
	if (strncmp(name, TAG_XATTR_PREFIX, strlen(TAG_XATTR_PREFIX)) == 0)
		r = get_tag(node, name, value, size);
	else if (is_ours(name))
		r = -ENODATA;
	else
		r = get_real(node, name, value, size);
	view_leave(node);
	return r;
}

/* Take our own names out of a listxattr(2) list of `n` bytes; returns the bytes that stay. */
static size_t without_ours(char *list, size_t n)
{
	char *out = list;

	for (char *name = list, *next; name < list + n; name = next) {
		size_t len = strlen(name) + 1;

		next = name + len;
		if (is_ours(name))
			continue;
		memmove(out, name, len);
		out += len;
	}
	return out - list;
}

static ssize_t list_real(struct node *node, char *list, size_t size)
{
	autohandle struct handle h = { .fd = -1 };
	autofree char *all = NULL;
	ssize_t n;
	int r = handle_open(&h, node);

	if (r < 0)
		return r == -ENODATA ? 0 : r;
	n = handle_list(&h, NULL, 0);
	if (n <= 0)
		return n;
	all = malloc(n);
	if (!all)
		return -ENOMEM;
	n = handle_list(&h, all, n);
	if (n < 0)
		return n;
	n = without_ours(all, n);
	if (size && (size_t)n > size)
		return -ERANGE;
	if (size)
		memcpy(list, all, n);
	return n;
}

ssize_t view_listxattr(struct node *node, char *list, size_t size)
{
	ssize_t r = view_enter(node);

	if (r < 0)
		return r;
	r = list_real(node, list, size);
	view_leave(node);
	return r;
}

/* Set, or remove when `value` is NULL. */
static int change_xattr(struct node *node, const char *name, const void *value, size_t size,
			int flags)
{
	autohandle struct handle h = { .fd = -1 };
	int r;

	if (is_ours(name))
		return -EPERM;
	r = view_enter_to_change(node, false);
	if (r < 0)
		return r;
	r = view_raise(node);
	if (r == 0)
		r = handle_open(&h, node);
	if (r == 0)
		r = value ? handle_set(&h, name, value, size, flags) : handle_remove(&h, name);
	view_leave(node);
	mirror_node(node->view->mirror, node);
	return r;
}

static int parse_id(const char **text, char end, unsigned *ret)
{
	char *after;
	unsigned long n;

	*ret = -1;
	if (**text == end)
		return 0;
	errno = 0;
	n = strtoul(*text, &after, 10);
	if (errno || n >= UINT32_MAX || !isdigit((unsigned char)**text) || *after != end)
		return -EINVAL;
	*ret = n;
	*text = after;
	return 0;
}

static int give(struct node *node, const char *value, size_t size)
{
	autofree char *copy = strndup(value, size);
	const char *text = copy;
	unsigned uid, gid;
	int r;

	if (!copy)
		return -ENOMEM;
	r = parse_id(&text, ':', &uid);
	if (r == 0) {
		text++;
		r = parse_id(&text, '\0', &gid);
	}
	return r < 0 ? r : view_give(node, uid, gid);
}

int view_setxattr(struct node *node, const char *name, const void *value, size_t size, int flags)
{
	if (strcmp(name, GIVE_XATTR) == 0)
		return give(node, value, size);
	return change_xattr(node, name, value ? value : "", size, flags);
}

int view_removexattr(struct node *node, const char *name)
{
	return change_xattr(node, name, NULL, 0, 0);
}
