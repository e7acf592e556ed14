// SPDX-License-Identifier: GPL-2.0-or-later
/* ops_statx.c - statx(2) with STATX_BTIME: see session.h for why it speaks the protocol itself. */
#include <errno.h>
#include <linux/fuse.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

#include "fs/fuse/ops.h"
#include "fs/store/inode32.h"
#include "fs/view/view.h"

/* FUSE_STATX, which the kernel headers of Debian 12 do not name, and its answer, which has
 * statx(2)'s own. */
enum { STATX_OPCODE = 52 };

struct answer {
	struct fuse_out_header head;
	uint64_t attr_valid;
	uint32_t attr_valid_nsec, flags;
	uint64_t spare[2];
	struct statx stat;
};

static struct statx_timestamp statx_time(struct timespec t)
{
	return (struct statx_timestamp){ .tv_sec = t.tv_sec, .tv_nsec = t.tv_nsec };
}

static void fill(struct xs *xs, struct statx *sx, const struct stat *st, struct timespec born)
{
	*sx = (struct statx){
		.stx_mask = STATX_BASIC_STATS | (born.tv_sec || born.tv_nsec ? STATX_BTIME : 0),
		.stx_blksize = st->st_blksize,
		.stx_nlink = st->st_nlink,
		.stx_uid = st->st_uid,
		.stx_gid = st->st_gid,
		.stx_mode = st->st_mode,
		.stx_ino = inode32_number(xs->inode32, st->st_ino),
		.stx_size = st->st_size,
		.stx_blocks = st->st_blocks,
		.stx_atime = statx_time(st->st_atim),
		.stx_btime = statx_time(born),
		.stx_ctime = statx_time(st->st_ctim),
		.stx_mtime = statx_time(st->st_mtim),
		.stx_rdev_major = major(st->st_rdev),
		.stx_rdev_minor = minor(st->st_rdev),
	};
}

bool ops_statx_request(struct fuse_session *se, struct xs *xs, const struct fuse_buf *buf)
{
	const struct fuse_in_header *in = buf->mem;
	struct answer a = { 0 };
	struct iovec io = { .iov_base = &a };
	struct timespec born;
	struct node *node;
	struct stat st;
	int r;

	if (buf->flags & FUSE_BUF_IS_FD || buf->size < sizeof(*in) || in->opcode != STATX_OPCODE)
		return false;
	node = nodes_by_id(&xs->nodes, in->nodeid);
	if (node)
		node_ask(node);
	r = node ? view_getattr_born(node, &st, &born) : -ESTALE;
	a.head.unique = in->unique;
	a.head.error = r;
	a.head.len = io.iov_len = r < 0 ? sizeof(a.head) : sizeof(a);
	if (r == 0) {
		a.attr_valid = ops_timeout(node);
		fill(xs, &a.stat, &st, born);
	}
	ops_put(node);
	if (writev(fuse_session_fd(se), &io, 1) < 0)
		return true; /* the caller was interrupted */
	return true;
}

#if OPS_URING
static void op_statx(fuse_req_t req, fuse_ino_t ino, int flags, int mask, struct fuse_file_info *fi)
{
	struct node *node = ops_node(req, ino);
	struct timespec born;
	struct statx sx;
	struct stat st;
	int r;

	(void)flags;
	(void)mask;
	(void)fi;
	if (!node)
		return;
	r = view_getattr_born(node, &st, &born);
	if (r < 0) {
		ops_reply(req, r);
	} else {
		fill(ops_xs(req), &sx, &st, born);
		fuse_reply_statx(req, 0, &sx, ops_timeout(node));
	}
	ops_put(node);
}
#endif

void ops_statx_register(struct fuse_lowlevel_ops *ops)
{
#if OPS_URING
	ops->statx = op_statx;
#else
	(void)ops;
#endif
}
