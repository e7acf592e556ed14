// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/fuse/ops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/fuse/session.h"
#include "fs/store/state.h"
#include "fs/store/tag.h"
#include "fs/view/view.h"

/* Every view's root knows the state, so that commands find it inside an install too. */
static ssize_t get_state(const struct xs *xs, const struct node *node, char *value, size_t size)
{
	size_t len = strlen(xs->state->path);

	if (node != node->view->root)
		return -ENODATA;
	if (size && size < len)
		return -ERANGE;
	if (size)
		memcpy(value, xs->state->path, len);
	return len;
}

/* `n` is what the view said: a length when no buffer was given, else filled bytes, or -errno. */
static void reply_value(fuse_req_t req, ssize_t n, const char *buf, size_t size)
{
	if (n < 0)
		ops_reply(req, n);
	else if (size == 0)
		fuse_reply_xattr(req, n);
	else
		fuse_reply_buf(req, buf, n);
}

static void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
	struct xs *xs = ops_xs(req);
	struct node *node = ops_node(req, ino);
	autofree char *buf = malloc(size ? size : 1);
	ssize_t n;

	if (!node)
		return;
	if (!buf)
		n = -ENOMEM;
	else if (strcmp(name, TAG_XATTR_STATE) == 0)
		n = get_state(xs, node, buf, size);
	else
		n = view_getxattr(node, name, buf, size);
	reply_value(req, n, buf, size);
	ops_put(node);
}

static void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	struct node *node = ops_node(req, ino);
	autofree char *buf = malloc(size ? size : 1);

	if (!node)
		return;
	reply_value(req, buf ? view_listxattr(node, buf, size) : -ENOMEM, buf, size);
	ops_put(node);
}

static void op_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value,
			size_t size, int flags)
{
	struct node *node = ops_node(req, ino);

	if (!node)
		return;
	if (session_is_again()) /* it may be there, or gone, by our predecessor's hand */
		flags = 0;
	/* who gives away may be nobody but he whose files they all are */
	if (strcmp(name, GIVE_XATTR) == 0 && fuse_req_ctx(req)->uid != geteuid())
		ops_reply(req, -EPERM);
	else
		ops_reply(req, view_setxattr(node, name, value, size, flags));
	ops_put(node);
}

static void op_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name)
{
	struct node *node = ops_node(req, ino);
	int r;

	if (!node)
		return;
	r = view_removexattr(node, name);
	ops_reply(req, r == -ENODATA && session_is_again() ? 0 : r);
	ops_put(node);
}

void ops_xattr_register(struct fuse_lowlevel_ops *ops)
{
	ops->getxattr = op_getxattr;
	ops->listxattr = op_listxattr;
	ops->setxattr = op_setxattr;
	ops->removexattr = op_removexattr;
}
