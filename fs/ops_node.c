// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/ops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/view.h"

static const double for_ever = 365.0 * 24 * 3600;

struct xs *ops_xs(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

struct node *ops_node(fuse_req_t req, fuse_ino_t ino)
{
	struct node *node = nodes_by_id(&ops_xs(req)->nodes, ino);

	if (!node)
		fuse_reply_err(req, ESTALE);
	return node;
}

void ops_put(struct node *node)
{
	if (node)
		node_unref(node->view->nodes, node);
}

void ops_take_back(struct node *node)
{
	node_take_back(node->view->nodes, node);
	node_unref(node->view->nodes, node);
}

double ops_timeout(const struct node *node)
{
	return node->view->shared || node->virtual_dir ? 0 : for_ever;
}

void ops_reply(fuse_req_t req, int r)
{
	fuse_reply_err(req, -r);
}

void ops_entry(const struct node *node, const struct stat *st, struct fuse_entry_param *e)
{
	/* a view's root is the one name of its kind that goes: with its install or its package */
	bool lasting = node_parent(node->view->nodes, node) && !node->virtual_dir;

	*e = (struct fuse_entry_param){
		.ino = node->id,
		.generation = node->generation,
		.attr = *st,
		.attr_timeout = ops_timeout(node),
		.entry_timeout = lasting ? ops_timeout(node) : 0,
	};
}

void ops_reply_entry(fuse_req_t req, int r, struct node *node, const struct stat *st)
{
	struct fuse_entry_param e;

	if (r < 0) {
		ops_reply(req, r);
		return;
	}
	ops_entry(node, st, &e);
	node_give(node->view->nodes, node);
	if (fuse_reply_entry(req, &e) < 0) /* the caller was interrupted: nobody has it */
		ops_take_back(node);
}

void ops_reply_attr(fuse_req_t req, int r, const struct node *node, const struct stat *st)
{
	if (r < 0)
		ops_reply(req, r);
	else
		fuse_reply_attr(req, st, ops_timeout(node));
}

/* "No such name" is worth remembering too: inode 0 says so (fuse_lowlevel.h, fuse_entry_param). */
static void reply_negative(fuse_req_t req, const struct node *dir)
{
	struct fuse_entry_param e = { .entry_timeout = ops_timeout(dir) };

	if (e.entry_timeout > 0)
		fuse_reply_entry(req, &e);
	else
		fuse_reply_err(req, ENOENT);
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct xs *xs = ops_xs(req);
	struct node *dir = ops_node(req, parent), *node = NULL;
	struct stat st;
	int r;

	if (!dir)
		return;
	if (xs_is_virtual(xs, dir, name))
		r = xs_lookup_virtual(xs, dir, name, &node, &st);
	else
		r = view_lookup(dir, name, &node, &st);
	if (r == -ENOENT)
		reply_negative(req, dir);
	else
		ops_reply_entry(req, r, node, &st);
	ops_put(dir);
}

static void forget(struct xs *xs, fuse_ino_t ino, uint64_t n)
{
	struct node *node = nodes_by_id(&xs->nodes, ino);

	if (node)
		node_forget(&xs->nodes, node, n);
}

static void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t n)
{
	forget(ops_xs(req), ino, n);
	fuse_reply_none(req);
}

static void op_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	for (size_t i = 0; i < count; i++)
		forget(ops_xs(req), forgets[i].ino, forgets[i].nlookup);
	fuse_reply_none(req);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct node *node = ops_node(req, ino);
	struct stat st;

	(void)fi;
	if (!node)
		return;
	ops_reply_attr(req, view_getattr(node, &st), node, &st);
	ops_put(node);
}

/* FUSE's times are three kinds of "leave it", "now" and "this"; utimensat(2) has the same. */
static struct timespec wanted_time(int set, int flag, int flag_now, struct timespec t)
{
	if (set & flag_now)
		return (struct timespec){ .tv_nsec = UTIME_NOW };
	if (set & flag)
		return t;
	return (struct timespec){ .tv_nsec = UTIME_OMIT };
}

static void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int set,
		       struct fuse_file_info *fi)
{
	static const int any_time = FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME |
				    FUSE_SET_ATTR_ATIME_NOW | FUSE_SET_ATTR_MTIME_NOW;
	struct node *node = ops_node(req, ino);
	struct timespec times[2] = {
		wanted_time(set, FUSE_SET_ATTR_ATIME, FUSE_SET_ATTR_ATIME_NOW, attr->st_atim),
		wanted_time(set, FUSE_SET_ATTR_MTIME, FUSE_SET_ATTR_MTIME_NOW, attr->st_mtim),
	};
	unsigned what = 0;
	struct stat st;

	(void)fi;
	if (!node)
		return;
	what |= set & FUSE_SET_ATTR_MODE ? VIEW_SET_MODE : 0;
	what |= set & FUSE_SET_ATTR_UID ? VIEW_SET_UID : 0;
	what |= set & FUSE_SET_ATTR_GID ? VIEW_SET_GID : 0;
	what |= set & FUSE_SET_ATTR_SIZE ? VIEW_SET_SIZE : 0;
	what |= set & any_time ? VIEW_SET_TIMES : 0;
	ops_reply_attr(req, view_setattr(node, what, attr, times, &st), node, &st);
	ops_put(node);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct node *node = ops_node(req, ino);
	autofree char *target = NULL;
	int r;

	if (!node)
		return;
	r = view_readlink(node, &target);
	if (r < 0)
		ops_reply(req, r);
	else
		fuse_reply_readlink(req, target);
	ops_put(node);
}

static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct node *node = ops_node(req, ino);
	struct statvfs st;
	int r;

	if (!node)
		return;
	r = view_statvfs(node, &st);
	if (r < 0)
		ops_reply(req, r);
	else
		fuse_reply_statfs(req, &st);
	ops_put(node);
}

void ops_node_register(struct fuse_lowlevel_ops *ops)
{
	ops->lookup = op_lookup;
	ops->forget = op_forget;
	ops->forget_multi = op_forget_multi;
	ops->getattr = op_getattr;
	ops->setattr = op_setattr;
	ops->readlink = op_readlink;
	ops->statfs = op_statfs;
}
