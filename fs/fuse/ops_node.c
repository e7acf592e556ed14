// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/fuse/ops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/store/inode32.h"
#include "fs/view/mirror.h"
#include "fs/view/view.h"

static const double for_ever = 365.0 * 24 * 3600;

struct xs *ops_xs(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

struct node *ops_node(fuse_req_t req, fuse_ino_t ino)
{
	struct node *node = nodes_by_id(&ops_xs(req)->nodes, ino);

	if (node)
		node_ask(node);
	else
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
	return node->view->shared ? 0 : for_ever;
}

unsigned ops_seen(const struct node *dir)
{
	return __atomic_load_n(&dir->view->changes, __ATOMIC_SEQ_CST);
}

void ops_reply(fuse_req_t req, int r)
{
	mirror_settle(ops_xs(req)->mirror);
	fuse_reply_err(req, -r);
}

void ops_reply_written(fuse_req_t req, ssize_t n)
{
	if (n < 0) {
		ops_reply(req, n);
		return;
	}
	mirror_settle(ops_xs(req)->mirror);
	fuse_reply_write(req, n);
}

void ops_entry(struct xs *xs, const struct node *node, const struct stat *st, unsigned seen,
	       struct fuse_entry_param *e)
{
	/* the root of a view goes with its install or its package; staging stays */
	bool lasting = node_parent(node->view->nodes, node) || node->view->staging;
	double timeout = seen == ops_seen(node) ? ops_timeout(node) : 0;

	*e = (struct fuse_entry_param){
		.ino = node->id,
		.generation = node->generation,
		.attr = *st,
		.attr_timeout = timeout,
		.entry_timeout = lasting ? timeout : 0,
	};
	e->attr.st_ino = inode32_number(xs->inode32, st->st_ino);
}

void ops_reply_entry(fuse_req_t req, int r, struct node *node, const struct stat *st, unsigned seen)
{
	struct fuse_entry_param e;

	if (r < 0) {
		ops_reply(req, r);
		return;
	}
	ops_entry(ops_xs(req), node, st, seen, &e);
	node_give(node->view->nodes, node);
	mirror_settle(ops_xs(req)->mirror);
	if (fuse_reply_entry(req, &e) < 0) /* the caller was interrupted: nobody has it */
		ops_take_back(node);
}

void ops_reply_attr(fuse_req_t req, int r, const struct node *node, const struct stat *st)
{
	struct stat shown;

	if (r < 0) {
		ops_reply(req, r);
		return;
	}
	mirror_settle(ops_xs(req)->mirror);
	shown = *st;
	shown.st_ino = inode32_number(ops_xs(req)->inode32, st->st_ino);
	fuse_reply_attr(req, &shown, ops_timeout(node));
}

/* A directory that was there before has a node for as long as somebody works in it. When it comes
 * back, the kernel is not told of its name (telling.c), so nobody may have kept that it is not. */
static bool is_known(struct node *dir, const char *name)
{
	struct nodes *nodes = dir->view->nodes;
	struct node *node = nodes_find(nodes, dir, name);

	node_unref(nodes, node);
	return node;
}

/* "No such name" is worth remembering too: inode 0 says so (fuse_lowlevel.h, fuse_entry_param). */
static void reply_negative(fuse_req_t req, struct node *dir, const char *name, unsigned seen)
{
	struct fuse_entry_param e = { .entry_timeout = ops_timeout(dir) };

	if (e.entry_timeout > 0 && seen == ops_seen(dir) && !is_known(dir, name))
		fuse_reply_entry(req, &e);
	else
		fuse_reply_err(req, ENOENT);
}

/* One of our own names; what is found may be in another view than they are. */
static void lookup_virtual(fuse_req_t req, struct node *dir, const char *name)
{
	struct xs *xs = ops_xs(req);
	unsigned seen = ops_seen(xs->staging->root);
	struct node *node = NULL;
	struct stat st;
	int r = xs_lookup_virtual(xs, dir, name, &node, &st);

	if (r == 0 && node->view != xs->staging)
		seen = ops_seen(node);
	ops_reply_entry(req, r, node, &st, seen);
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct node *dir = ops_node(req, parent), *node = NULL;
	struct stat st;
	unsigned seen;
	int r;

	if (!dir)
		return;
	seen = ops_seen(dir);
	if (xs_is_virtual(ops_xs(req), dir, name)) {
		lookup_virtual(req, dir, name);
		ops_put(dir);
		return;
	}
	r = view_lookup(dir, name, &node, &st);
	if (r == -ENOENT)
		reply_negative(req, dir, name, seen);
	else
		ops_reply_entry(req, r, node, &st, seen);
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
