// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/fuse/ops.h"

#include <errno.h>

#include "fs/fuse/session.h"
#include "fs/view/view.h"

static struct owner caller(fuse_req_t req)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);

	return (struct owner){ .uid = ctx->uid, .gid = ctx->gid, .umask = ctx->umask };
}

/* Is this only what a worker before us has done, and could not say? See ops_again.c. */
static bool was_done(int r, int errno_of_done)
{
	return r == -errno_of_done && session_is_again();
}

/* What the worker before us has made, as it was to be made. */
static int find_made(struct node *dir, const char *name, mode_t mode, struct owner owner,
		     struct node **ret, struct stat *st)
{
	struct stat want = { .st_uid = owner.uid, .st_gid = owner.gid };
	struct stat parent;
	unsigned what = 0;
	mode_t lost;
	int r = view_lookup(dir, name, ret, st);

	if (r == 0 && (st->st_mode & S_IFMT) != (mode & S_IFMT))
		r = -EEXIST;
	if (r == 0)
		r = view_getattr(dir, &parent);
	if (r < 0)
		return r;
	what |= st->st_uid != owner.uid ? VIEW_SET_UID : 0;
	what |= st->st_gid != owner.gid && !(parent.st_mode & S_ISGID) ? VIEW_SET_GID : 0;
	lost = mode & 07000 & ~st->st_mode; /* by the change of owner */
	want.st_mode = st->st_mode | lost;
	what |= lost && !S_ISLNK(mode) ? VIEW_SET_MODE : 0;
	return what ? view_setattr(*ret, what, &want, NULL, st) : 0;
}

static void make(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev)
{
	struct node *dir = ops_node(req, parent), *node = NULL;
	struct stat st;
	int r;

	if (!dir)
		return;
	r = view_make(dir, name, mode, rdev, caller(req), &node, &st);
	if (was_done(r, EEXIST))
		r = find_made(dir, name, mode, caller(req), &node, &st);
	ops_reply_entry(req, r, node, &st, ops_seen(dir));
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
	if (was_done(r, EEXIST))
		r = find_made(dir, name, S_IFLNK, caller(req), &node, &st);
	ops_reply_entry(req, r, node, &st, ops_seen(dir));
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
		if (was_done(r, EEXIST))
			r = view_getattr(node, &st);
		if (r == 0)
			node_ref(&xs->nodes, node); /* the new name's, for the kernel */
		ops_reply_entry(req, r, node, &st, ops_seen(dir));
		ops_put(dir);
	}
	ops_put(node);
}

static void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct node *dir = ops_node(req, parent);
	int r;

	if (!dir)
		return;
	r = view_unlink(dir, name);
	ops_reply(req, was_done(r, ENOENT) ? 0 : r);
	ops_put(dir);
}

static void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct node *dir = ops_node(req, parent);
	int r;

	if (!dir)
		return;
	r = view_rmdir(dir, name);
	ops_reply(req, was_done(r, ENOENT) ? 0 : r);
	ops_put(dir);
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t newparent,
		      const char *newname, unsigned flags)
{
	struct node *dir = ops_node(req, parent);
	struct node *to = dir ? ops_node(req, newparent) : NULL;

	if (to)
		ops_reply(req, view_rename(dir, name, to, newname, flags, session_moving()));
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
