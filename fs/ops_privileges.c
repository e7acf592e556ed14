// SPDX-License-Identifier: GPL-2.0-or-later
/* ops_privileges.c - setuid and setgid bits, and file capabilities, go when the file is changed.
 *
 * Without FUSE_HANDLE_KILLPRIV_V2 the kernel sees to that, and has to ask for security.capability
 * before every write(2). With it we have promised to: the kernel says with a write, or with a
 * change of size, whether the caller's privileges let the bits stay; a change of owner takes them
 * in any case, as chown(2) of the real file does; and capabilities go as the real file is written.
 */
#include <linux/fuse.h>

#include "fs/ops.h"
#include "fs/view.h"

/* Since Linux 6.18; the same but for its answer. */
enum { COPY_FILE_RANGE_64 = 53 };

/* With these requests the kernel does not say it; root may keep the bits (CAP_FSETID). */
static bool is_ordinary(const struct fuse_in_header *in)
{
	return in->uid != 0;
}

/* The node whose bits the request takes away; 0: none. */
static uint64_t loser(const struct fuse_buf *buf)
{
	const struct fuse_in_header *in = buf->mem;
	const void *arg = in + 1;
	const struct fuse_write_in *write = arg;
	const struct fuse_setattr_in *setattr = arg;
	const struct fuse_copy_file_range_in *range = arg;
	size_t size = buf->size - sizeof(*in);

	if (in->opcode == FUSE_WRITE && size >= sizeof(*write))
		return write->write_flags & FUSE_WRITE_KILL_SUIDGID ? in->nodeid : 0;
	if (in->opcode == FUSE_SETATTR && size >= sizeof(*setattr))
		return setattr->valid & FATTR_KILL_SUIDGID ? in->nodeid : 0;
	if (in->opcode == FUSE_FALLOCATE)
		return is_ordinary(in) ? in->nodeid : 0;
	if ((in->opcode == FUSE_COPY_FILE_RANGE || in->opcode == COPY_FILE_RANGE_64) &&
	    size >= sizeof(*range))
		return is_ordinary(in) ? range->nodeid_out : 0;
	return 0;
}

void ops_privileges_request(struct fuse_session *se, struct xs *xs, const struct fuse_buf *buf)
{
	uint64_t id = loser(buf);
	struct node *node = id ? nodes_by_id(&xs->nodes, id) : NULL;

	if (!node)
		return;
	/* where it fails, the change that it goes before fails too */
	if (view_drop_privileges(node) == 1)
		fuse_lowlevel_notify_inval_inode(se, node->id, -1, 0);
	ops_put(node);
}
