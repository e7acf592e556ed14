// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/fuse/ops.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "fs/view/mirror.h"
#include "fs/view/view.h"

/* The file a request is about, open; NULL: an error has been replied. */
static struct file *open_file(fuse_req_t req, fuse_ino_t ino, bool write)
{
	struct node *node = ops_node(req, ino);
	struct file *file = NULL;
	int r;

	if (!node)
		return NULL;
	r = view_open(node, write, &file);
	if (r < 0)
		ops_reply(req, r);
	ops_put(node);
	return file;
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	(void)fi;
	fuse_reply_err(req, ENOSYS);
}

/* What a thread reads into. It keeps it: to have a new megabyte for each read costs more than the
 * reading. */
struct buffer {
	size_t size;
	char *mem;
};

static pthread_key_t buffer_key;

static void buffer_free(void *arg)
{
	struct buffer *buffer = arg;

	free(buffer->mem);
	free(buffer);
}

static void buffer_init(void)
{
	pthread_key_create(&buffer_key, buffer_free);
}

static char *thread_buffer(size_t size)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct buffer *buffer;

	pthread_once(&once, buffer_init);
	buffer = pthread_getspecific(buffer_key);
	if (!buffer) {
		buffer = calloc(1, sizeof(*buffer));
		if (!buffer)
			return NULL;
		pthread_setspecific(buffer_key, buffer);
	}
	if (buffer->size < size) {
		free(buffer->mem);
		buffer->mem = malloc(size);
		buffer->size = buffer->mem ? size : 0;
	}
	return buffer->mem;
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	struct xs *xs = ops_xs(req);
	struct file *file = open_file(req, ino, false);
	struct node *node;
	char *mem;
	ssize_t n;

	(void)fi;
	if (!file)
		return;
	mem = thread_buffer(size);
	n = mem ? pread(file->fd, mem, size, off) : -1;
	if (!mem)
		ops_reply(req, -ENOMEM);
	else if (n < 0)
		ops_reply(req, -errno);
	else
		fuse_reply_buf(req, mem, n);
	data_close(file);
	node = off == 0 ? nodes_by_id(&xs->nodes, ino) : NULL;
	if (node)
		ahead_read(&xs->ahead, node);
	ops_put(node);
}

/* Without an OPEN a file that cannot be written to can be mapped for writing. The write is refused,
 * but the kernel would go on to show the page: to everybody. The reply has let go of it already.
 * Who writes in a loop has the kernel ask again while it forgets: let him not have all threads. */
struct page {
	struct xs *xs;
	fuse_ino_t ino;
};

static int pages_busy; /* atomic */

static void *forget_page(void *arg)
{
	struct page *page = arg;
	struct xs *xs = page->xs;

	if (__atomic_add_fetch(&pages_busy, 1, __ATOMIC_RELAXED) <= 2)
		xs->events.node_changed(xs->events.arg, page->ino);
	__atomic_sub_fetch(&pages_busy, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void *forget_page_later(void *arg)
{
	forget_page(arg);
	free(arg);
	return NULL;
}

static void refuse_page(fuse_req_t req, fuse_ino_t ino)
{
	struct page page = { .xs = ops_xs(req), .ino = ino }, *later = NULL;
	bool by_ring = ops_by_ring(req);
	pthread_t thread;

	ops_reply(req, -EROFS);
	if (!by_ring) {
		forget_page(&page);
		return;
	}
	/* the page is waited for, and the reply goes only when we have returned */
	later = malloc(sizeof(*later));
	if (!later)
		return;
	*later = page;
	if (pthread_create(&thread, NULL, forget_page_later, later) == 0)
		pthread_detach(thread);
	else
		free(later);
}

/* The node a request writes to has other contents. */
static void wrote(fuse_req_t req, fuse_ino_t ino)
{
	struct node *node = nodes_by_id(&ops_xs(req)->nodes, ino);

	if (node)
		mirror_node(node->view->mirror, node);
	ops_put(node);
}

static bool is_read_only(fuse_req_t req, fuse_ino_t ino)
{
	struct node *node = nodes_by_id(&ops_xs(req)->nodes, ino);
	bool read_only = node && view_is_read_only(node);

	ops_put(node);
	return read_only;
}

static void op_write_buf(fuse_req_t req, fuse_ino_t ino, struct fuse_bufvec *in, off_t off,
			 struct fuse_file_info *fi)
{
	struct fuse_bufvec out = FUSE_BUFVEC_INIT(fuse_buf_size(in));
	struct file *file;
	ssize_t n;

	if (fi->writepage && is_read_only(req, ino)) {
		refuse_page(req, ino);
		return;
	}
	file = open_file(req, ino, true);
	if (!file)
		return;
	out.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
	out.buf[0].fd = file->fd;
	out.buf[0].pos = off;
	n = fuse_buf_copy(&out, in, 0);
	data_close(file);
	wrote(req, ino);
	ops_reply_written(req, n);
}

static void op_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	struct file *file;
	struct node *node = ops_node(req, ino);
	int r;

	(void)fi;
	if (!node)
		return;
	r = view_open(node, false, &file);
	if (r == 0) {
		r = (datasync ? fdatasync(file->fd) : fsync(file->fd)) < 0 ? -errno : 0;
		data_close(file);
	}
	ops_reply(req, r);
	ops_put(node);
}

static void op_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t off, off_t length,
			 struct fuse_file_info *fi)
{
	struct file *file = open_file(req, ino, true);
	int r;

	(void)fi;
	if (!file)
		return;
	r = fallocate(file->fd, mode, off, length) < 0 ? -errno : 0;
	data_close(file);
	wrote(req, ino);
	ops_reply(req, r);
}

/* All our reads and writes carry their offset, so the descriptor's own is free for this. */
static void op_lseek(fuse_req_t req, fuse_ino_t ino, off_t off, int whence,
		     struct fuse_file_info *fi)
{
	struct file *file = open_file(req, ino, false);
	off_t r;

	(void)fi;
	if (!file)
		return;
	r = lseek(file->fd, off, whence);
	if (r < 0)
		ops_reply(req, -errno);
	else
		fuse_reply_lseek(req, r);
	data_close(file);
}

static void op_copy_file_range(fuse_req_t req, fuse_ino_t ino_in, off_t off_in,
			       struct fuse_file_info *fi_in, fuse_ino_t ino_out, off_t off_out,
			       struct fuse_file_info *fi_out, size_t len, int flags)
{
	struct file *out = open_file(req, ino_out, true);
	struct file *in = out ? open_file(req, ino_in, false) : NULL;
	ssize_t n;

	(void)fi_in;
	(void)fi_out;
	if (in) {
		n = copy_file_range(in->fd, &off_in, out->fd, &off_out, len, flags);
		n = n < 0 ? -errno : n;
		wrote(req, ino_out);
		ops_reply_written(req, n);
	}
	data_close(in);
	data_close(out);
}

void ops_data_register(struct fuse_lowlevel_ops *ops)
{
	ops->open = op_open;
	ops->read = op_read;
	ops->write_buf = op_write_buf;
	ops->fsync = op_fsync;
	ops->fallocate = op_fallocate;
	ops->lseek = op_lseek;
	ops->copy_file_range = op_copy_file_range;
}
