// SPDX-License-Identifier: GPL-2.0-or-later
/* ops_tmpfile.c - open(2) with O_TMPFILE: see session.h for why it speaks the protocol itself. */
#include <errno.h>
#include <linux/fuse.h>
#include <string.h>
#include <sys/uio.h>

#include "fs/fuse/ops.h"
#include "fs/store/inode32.h"
#include "fs/view/view.h"

/* FUSE_TMPFILE, which the kernel headers of Debian 12 do not all name. */
enum { TMPFILE_OPCODE = 51 };

/* An answer to FUSE_TMPFILE is that to FUSE_CREATE. */
struct answer {
	struct fuse_out_header head;
	struct fuse_entry_out entry;
	struct fuse_open_out open;
};

static void fill_attr(struct fuse_attr *attr, const struct stat *st, uint64_t ino)
{
	*attr = (struct fuse_attr){
		.ino = ino,
		.size = st->st_size,
		.blocks = st->st_blocks,
		.atime = st->st_atim.tv_sec,
		.mtime = st->st_mtim.tv_sec,
		.ctime = st->st_ctim.tv_sec,
		.atimensec = st->st_atim.tv_nsec,
		.mtimensec = st->st_mtim.tv_nsec,
		.ctimensec = st->st_ctim.tv_nsec,
		.mode = st->st_mode,
		.nlink = st->st_nlink,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.blksize = st->st_blksize,
	};
}

static int answer(struct fuse_session *se, struct xs *xs, const struct fuse_in_header *in, int r,
		  const struct node *node, const struct stat *st)
{
	struct answer a = { .head.unique = in->unique, .head.error = r };
	struct iovec io = { .iov_base = &a, .iov_len = r < 0 ? sizeof(a.head) : sizeof(a) };

	a.head.len = io.iov_len;
	if (r == 0) {
		a.entry.nodeid = node->id;
		a.entry.generation = node->generation;
		a.entry.attr_valid = ops_timeout(node);
		fill_attr(&a.entry.attr, st, inode32_number(xs->inode32, st->st_ino));
	}
	return writev(fuse_session_fd(se), &io, 1) < 0 ? -errno : 0;
}

static void tmpfile_request(struct fuse_session *se, struct xs *xs, const struct fuse_in_header *in)
{
	const struct fuse_create_in *create = (const void *)(in + 1);
	struct owner owner = { .uid = in->uid, .gid = in->gid, .umask = create->umask };
	struct node *dir = nodes_by_id(&xs->nodes, in->nodeid), *node = NULL;
	struct stat st;
	int r = dir ? view_tmpfile(dir, create->mode & 07777, owner, &node, &st) : -ESTALE;

	if (r == 0)
		node_give(&xs->nodes, node);
	if (answer(se, xs, in, r, node, &st) < 0 && r == 0)
		ops_take_back(node); /* the caller was interrupted: nobody has it */
	ops_put(dir);
}

bool ops_tmpfile_request(struct fuse_session *se, struct xs *xs, const struct fuse_buf *buf)
{
	const struct fuse_in_header *in = buf->mem;

	if (buf->flags & FUSE_BUF_IS_FD ||
	    buf->size < sizeof(*in) + sizeof(struct fuse_create_in) || in->opcode != TMPFILE_OPCODE)
		return false;
	tmpfile_request(se, xs, in);
	return true;
}

#if OPS_URING
static void op_tmpfile(fuse_req_t req, fuse_ino_t parent, mode_t mode, struct fuse_file_info *fi)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);
	struct owner owner = { .uid = ctx->uid, .gid = ctx->gid, .umask = ctx->umask };
	struct node *dir = ops_node(req, parent), *node = NULL;
	struct fuse_entry_param e;
	struct stat st;
	int r;

	if (!dir)
		return;
	r = view_tmpfile(dir, mode & 07777, owner, &node, &st);
	if (r < 0) {
		ops_reply(req, r);
	} else {
		ops_entry(ops_xs(req), node, &st, ops_seen(dir), &e);
		node_give(&ops_xs(req)->nodes, node);
		if (fuse_reply_create(req, &e, fi) < 0)
			ops_take_back(node);
	}
	ops_put(dir);
}
#endif

void ops_tmpfile_register(struct fuse_lowlevel_ops *ops)
{
#if OPS_URING
	ops->tmpfile = op_tmpfile;
#else
	(void)ops;
#endif
}
