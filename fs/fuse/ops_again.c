// SPDX-License-Identifier: GPL-2.0-or-later
/* ops_again.c - a request that a worker before us has begun, and that may be done but for the
 * answer.
 *
 * The kernel holds the locks of the directories that such a request is about, so nobody has changed
 * them since: a name that is there now though it was to be made has been made by this very request.
 * For most requests that is seen when they come again. A rename moves a node that others use, which
 * cannot wait so long.
 */
#include <linux/fuse.h>
#include <string.h>

#include "fs/fuse/ops.h"
#include "fs/store/handover.h"
#include "fs/view/view.h"

bool ops_again_wants_body(uint32_t opcode)
{
	return opcode == FUSE_RENAME || opcode == FUSE_RENAME2;
}

bool ops_again_changes(uint32_t opcode)
{
	switch (opcode) {
	case FUSE_LOOKUP:
	case FUSE_GETATTR:
	case FUSE_READLINK:
	case FUSE_READ:
	case FUSE_STATFS:
	case FUSE_FSYNC:
	case FUSE_GETXATTR:
	case FUSE_LISTXATTR:
	case FUSE_READDIR:
	case FUSE_READDIRPLUS:
	case FUSE_FSYNCDIR:
	case FUSE_LSEEK:
		return false;
	default:
		return true;
	}
}

/* Two texts, each with its NUL, in the rest of a request. */
static bool find_names(const char *p, const char *end, const char **a, const char **b)
{
	*a = p;
	*b = memchr(p, '\0', end - p);
	if (!*b)
		return false;
	*b += 1;
	return memchr(*b, '\0', end - *b);
}

int ops_again_settle(struct xs *xs, const struct handover_request *request)
{
	const struct fuse_in_header *in = (const void *)request->body;
	const struct fuse_rename2_in *rename = (const void *)(in + 1);
	bool has_flags = request->opcode == FUSE_RENAME2;
	size_t head = sizeof(*in) + (has_flags ? sizeof(*rename) : sizeof(struct fuse_rename_in));
	const char *name, *to_name;
	struct node *dir, *to;
	int done = 0;

	if (!ops_again_wants_body(request->opcode) || request->size <= head ||
	    !find_names(request->body + head, request->body + request->size, &name, &to_name))
		return 0;
	dir = nodes_by_id(&xs->nodes, in->nodeid);
	to = nodes_by_id(&xs->nodes, rename->newdir);
	if (dir && to)
		done = view_rename_settle(dir, name, to, to_name, has_flags ? rename->flags : 0,
					  request->moving);
	ops_put(to);
	ops_put(dir);
	return done;
}
