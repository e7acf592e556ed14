// SPDX-License-Identifier: GPL-2.0-or-later
/* ops_privileges.c - setuid and setgid bits, and file capabilities, go when the file is changed.
 *
 * Without FUSE_HANDLE_KILLPRIV_V2 the kernel sees to that, and has to ask for security.capability
 * before every write(2). With it we have promised to: the kernel says with a write, or with a
 * change of size, whether the caller's privileges let the bits stay; a change of owner takes them
 * in any case, as chown(2) of the real file does; and capabilities go as the real file is written.
 * Of the setgid bit there is more to say: who is no member of the file's group takes it away by any
 * of these, and by an ACL.
 */
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/fuse/ops.h"
#include "fs/view/view.h"

/* Since Linux 6.18; the same but for its answer. */
enum { COPY_FILE_RANGE_64 = 53 };

/* With these requests the kernel does not say it; root may keep the bits (CAP_FSETID). */
static bool is_ordinary(const struct fuse_in_header *in)
{
	return in->uid != 0;
}

/* It would say so with FUSE_SETXATTR_EXT, which libfuse 3.14 does not know. */
static bool sets_acl(const struct fuse_in_header *in, const char *name, size_t size)
{
	static const char acl[] = "system.posix_acl_access";

	return is_ordinary(in) && size >= sizeof(acl) && memcmp(name, acl, sizeof(acl)) == 0;
}

/* The node whose bits the request takes away; 0: none. */
static uint64_t loser(const struct fuse_buf *buf, enum view_change *change)
{
	const struct fuse_in_header *in = buf->mem;
	const void *arg = in + 1;
	const struct fuse_write_in *write = arg;
	const struct fuse_setattr_in *setattr = arg;
	const struct fuse_copy_file_range_in *range = arg;
	const char *name = (const char *)arg + FUSE_COMPAT_SETXATTR_IN_SIZE;
	size_t size = buf->size - sizeof(*in);

	*change = VIEW_CONTENTS;
	if (in->opcode == FUSE_WRITE && size >= sizeof(*write))
		return write->write_flags & FUSE_WRITE_KILL_SUIDGID ? in->nodeid : 0;
	if (in->opcode == FUSE_SETATTR && size >= sizeof(*setattr))
		return setattr->valid & FATTR_KILL_SUIDGID ? in->nodeid : 0;
	if (in->opcode == FUSE_FALLOCATE)
		return is_ordinary(in) ? in->nodeid : 0;
	if ((in->opcode == FUSE_COPY_FILE_RANGE || in->opcode == COPY_FILE_RANGE_64) &&
	    size >= sizeof(*range))
		return is_ordinary(in) ? range->nodeid_out : 0;
	if (in->opcode == FUSE_SETXATTR && size > FUSE_COMPAT_SETXATTR_IN_SIZE &&
	    sets_acl(in, name, size - FUSE_COMPAT_SETXATTR_IN_SIZE)) {
		*change = VIEW_ACL;
		return in->nodeid;
	}
	return 0;
}

/* In a line of numbers. */
static bool has_group(const char *p, gid_t gid)
{
	char *end;

	for (;; p = end) {
		unsigned long one = strtoul(p, &end, 10);

		if (end == p)
			return false;
		if (one == gid)
			return true;
	}
}

/* The groups that a caller has besides his own are in proc(5). Who cannot be asked, since he is in
 * another PID namespace, has none. */
static bool is_member(const void *arg, gid_t gid)
{
	static const char title[] = "Groups:";
	const struct fuse_in_header *in = arg;
	autoclose FILE *f = NULL;
	autofree char *line = NULL;
	size_t size = 0;
	char path[64];

	if (in->gid == gid)
		return true;
	snprintf(path, sizeof(path), "/proc/%u/status", in->pid);
	f = fopen(path, "re");
	while (f && getline(&line, &size, f) > 0)
		if (strncmp(line, title, strlen(title)) == 0)
			return has_group(line + strlen(title), gid);
	return false;
}

void ops_privileges_request(struct fuse_session *se, struct xs *xs, const struct fuse_buf *buf)
{
	enum view_change change;
	uint64_t id = loser(buf, &change);
	struct node *node = id ? nodes_by_id(&xs->nodes, id) : NULL;

	if (!node)
		return;
	/* where it fails, the change that it goes before fails too */
	if (view_drop_privileges(node, change, is_member, buf->mem) == 1)
		fuse_lowlevel_notify_inval_inode(se, node->id, -1, 0);
	ops_put(node);
}
