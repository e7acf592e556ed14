// SPDX-License-Identifier: GPL-2.0-or-later
/* ops.h - the FUSE operations: find the node, ask the view, reply once. Besides them only what
 * serves the connection (daemon.c, session.c, fuse_uring.c), what mounts (keeper.c) and what names
 * requests (requests.c) include a FUSE header.
 *
 * The kernel sends no OPEN, FLUSH or OPENDIR (each is answered once with ENOSYS), so a cached
 * header costs no message; contents are read and written by node. No reply is sent with a lock
 * held, and that to a change not before it is told (mirror.h).
 */
#pragma once

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

#include <stdbool.h>

#include "fs/xs/xs.h"

/* libfuse has io_uring, and operations for FUSE_TMPFILE and FUSE_STATX. */
#define OPS_URING (FUSE_VERSION >= FUSE_MAKE_VERSION(3, 18))

/* What of it the kernel may believe, for how long; in seconds. All writers come through us, so for
 * ever, but where another view writes below without a word. */
double ops_timeout(const struct node *node);
/* To be had before a name is looked up, for ops_entry and ops_reply_entry: what was looked up is
 * not kept when another view has changed something since. */
unsigned ops_seen(const struct node *dir);

/* The node a request is about, with a reference; NULL: -ESTALE has been replied. */
struct node *ops_node(fuse_req_t req, fuse_ino_t ino);
/* Its reference back; also after the reply, when the request is gone. Takes NULL. */
void ops_put(struct node *node);
/* What was given to the kernel (node_give) has not reached it: the reference is dropped. */
void ops_take_back(struct node *node);
struct xs *ops_xs(fuse_req_t req);

/* Has it come by io_uring? Then the reply is sent when the operation returns, not before. */
static inline bool ops_by_ring(fuse_req_t req)
{
#if OPS_URING
	return fuse_req_is_uring(req);
#else
	(void)req;
	return false;
#endif
}

/* `r` is 0 or -errno. These wait until what was changed is told, see mirror.h. */
void ops_reply(fuse_req_t req, int r);
/* A count of bytes or -errno. */
void ops_reply_written(fuse_req_t req, ssize_t n);
/* Reply a node that was looked up or made; its reference becomes the kernel's. */
void ops_reply_entry(fuse_req_t req, int r, struct node *node, const struct stat *st,
		     unsigned seen);
void ops_entry(struct xs *xs, const struct node *node, const struct stat *st, unsigned seen,
	       struct fuse_entry_param *e);
void ops_reply_attr(fuse_req_t req, int r, const struct node *node, const struct stat *st);

/* If the request is FUSE_TMPFILE, answer it and return true; else leave it to libfuse. */
bool ops_tmpfile_request(struct fuse_session *se, struct xs *xs, const struct fuse_buf *buf);

/* The same for FUSE_STATX. */
bool ops_statx_request(struct fuse_session *se, struct xs *xs, const struct fuse_buf *buf);

/* ops_privileges.c: what has to be done before libfuse gets the request. */
void ops_privileges_request(struct fuse_session *se, struct xs *xs, const struct fuse_buf *buf);

/* ops_again.c: requests that a worker before us has begun (see session.h). */
struct handover_request;
bool ops_again_wants_body(uint32_t opcode);
/* Before any request is answered: let the nodes follow what it did. Is there nothing left
 * to do? 1, 0, or -errno when nobody can say. */
int ops_again_settle(struct xs *xs, const struct handover_request *request);
/* May it have changed something that others see? */
bool ops_again_changes(uint32_t opcode);

/* One file a family; each fills in its part of the table. */
void ops_node_register(struct fuse_lowlevel_ops *ops); /* lookup, attributes */
void ops_name_register(struct fuse_lowlevel_ops *ops); /* names come and go */
void ops_dir_register(struct fuse_lowlevel_ops *ops);  /* directories are read */
void ops_data_register(struct fuse_lowlevel_ops *ops); /* contents */
void ops_xattr_register(struct fuse_lowlevel_ops *ops);
/* What comes by a ring, past the loop that calls the two above. */
void ops_tmpfile_register(struct fuse_lowlevel_ops *ops);
void ops_statx_register(struct fuse_lowlevel_ops *ops);
