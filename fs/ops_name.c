// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/ops.h"

#include <errno.h>

#include "fs/view.h"

static struct owner caller(fuse_req_t req)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);

	return (struct owner){ .uid = ctx->uid, .gid = ctx->gid, .umask = ctx->umask };
}

static void make(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev)
{
	struct node *dir = ops_node(req, parent), *node = NULL;
	struct stat st;
	int r;

	if (!dir)
		return;
	r = view_make(dir, name, mode, rdev, caller(req), &node, &st);
	ops_reply_entry(req, r, node, &st);
	ops_put(dir);
}

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev)
{
	make(req, parent, name, mode, rdev);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	make(req, parent, name, S_IFDIR | (mode & 07777), 0);
}

static void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	struct node *dir = ops_node(req, parent), *node = NULL;
	struct stat st;
	int r;

	if (!dir)
		return;
	r = view_symlink(dir, name, target, caller(req), &node, &st);
	ops_reply_entry(req, r, node, &st);
	ops_put(dir);
}

static void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t newparent, const char *newname)
{
	struct xs *xs = ops_xs(req);
	struct node *node = ops_node(req, ino);
	struct node *dir = node ? ops_node(req, newparent) : NULL;
	struct stat st;
	int r;

	if (dir) {
		r = view_link(node, dir, newname, &st);
		if (r == 0)
			node_ref(&xs->nodes, node); /* the new name's, for the kernel */
		ops_reply_entry(req, r, node, &st);
		ops_put(dir);
	}
	ops_put(node);
}

static void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct node *dir = ops_node(req, parent);

	if (!dir)
		return;
	ops_reply(req, view_unlink(dir, name));
	ops_put(dir);
}

static void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct node *dir = ops_node(req, parent);

	if (!dir)
		return;
	ops_reply(req, view_rmdir(dir, name));
	ops_put(dir);
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t newparent,
		      const char *newname, unsigned flags)
{
	struct node *dir = ops_node(req, parent);
	struct node *to = dir ? ops_node(req, newparent) : NULL;

	if (to)
		ops_reply(req, view_rename(dir, name, to, newname, flags));
	ops_put(to);
	ops_put(dir);
}

/* Not supported: the kernel then makes files by MKNOD and opens them without a message, one less
 * than CREATE and the RELEASE that comes after it. */
static void op_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		      struct fuse_file_info *fi)
{
	(void)parent;
	(void)name;
	(void)mode;
	(void)fi;
	fuse_reply_err(req, ENOSYS);
}

void ops_name_register(struct fuse_lowlevel_ops *ops)
{
	ops->mknod = op_mknod;
	ops->mkdir = op_mkdir;
	ops->symlink = op_symlink;
	ops->link = op_link;
	ops->unlink = op_unlink;
	ops->rmdir = op_rmdir;
	ops->rename = op_rename;
	ops->create = op_create;
}
