// SPDX-License-Identifier: GPL-2.0-or-later
/* ops_statx.c - statx(2) with STATX_BTIME: see session.h for why it speaks the protocol itself. */
#include <errno.h>
#include <linux/fuse.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

#include "fs/ops.h"
#include "fs/view.h"

/* FUSE_STATX, which the kernel headers of Debian 12 do not name, and its answer. */
enum { STATX_OPCODE = 52 };

struct sx_time {
	int64_t sec;
	uint32_t nsec;
	int32_t reserved;
};

struct sx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, spare0;
	uint64_t ino, size, blocks, attributes_mask;
	struct sx_time atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t spare[14];
};

struct answer {
	struct fuse_out_header head;
	uint64_t attr_valid;
	uint32_t attr_valid_nsec, flags;
	uint64_t spare[2];
	struct sx stat;
};

static struct sx_time sx_time(struct timespec t)
{
	return (struct sx_time){ .sec = t.tv_sec, .nsec = t.tv_nsec };
}

static void fill(struct sx *sx, const struct stat *st, struct timespec born)
{
	*sx = (struct sx){
		.mask = STATX_BASIC_STATS | (born.tv_sec || born.tv_nsec ? STATX_BTIME : 0),
		.blksize = st->st_blksize,
		.nlink = st->st_nlink,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.mode = st->st_mode,
		.ino = st->st_ino,
		.size = st->st_size,
		.blocks = st->st_blocks,
		.atime = sx_time(st->st_atim),
		.btime = sx_time(born),
		.ctime = sx_time(st->st_ctim),
		.mtime = sx_time(st->st_mtim),
		.rdev_major = major(st->st_rdev),
		.rdev_minor = minor(st->st_rdev),
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
	r = node ? view_getattr_born(node, &st, &born) : -ESTALE;
	a.head.unique = in->unique;
	a.head.error = r;
	a.head.len = io.iov_len = r < 0 ? sizeof(a.head) : sizeof(a);
	if (r == 0) {
		a.attr_valid = ops_timeout(node);
		fill(&a.stat, &st, born);
	}
	ops_put(node);
	if (writev(fuse_session_fd(se), &io, 1) < 0)
		return true; /* the caller was interrupted */
	return true;
}
