// SPDX-License-Identifier: GPL-2.0-or-later
/* ops_dir.c - reading directories, without ever opening one: see names.h on positions. */
#include "fs/fuse/ops.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/store/inode32.h"
#include "fs/store/names.h"
#include "fs/view/view.h"

/* A reply that is being filled. */
struct listing {
	fuse_req_t req;
	char *buf;
	size_t size, used;
	bool plus;
	bool full;
};

/* Add an entry; `e` is NULL where there is nothing but a name and a number. */
static void add(struct listing *l, const char *name, ino_t ino, unsigned type, off_t next,
		const struct fuse_entry_param *e)
{
	struct inode32 *short_ones = ops_xs(l->req)->inode32;
	struct fuse_entry_param none = { .attr.st_mode = DTTOIF(type) };
	size_t n;

	none.attr.st_ino = inode32_number(short_ones, ino);
	next = inode32_position(short_ones, next);
	if (!l->plus)
		n = fuse_add_direntry(l->req, l->buf + l->used, l->size - l->used, name, &none.attr,
				      next);
	else
		n = fuse_add_direntry_plus(l->req, l->buf + l->used, l->size - l->used, name,
					   e ? e : &none, next);
	if (n > l->size - l->used)
		l->full = true;
	else
		l->used += n;
}

/* With attributes: a look-up, whose reference becomes the kernel's if the entry fits. */
static void add_looked_up(struct listing *l, struct node *dir, const struct name *entry)
{
	struct fuse_entry_param e;
	unsigned seen = ops_seen(dir);
	struct node *node = NULL;
	struct stat st;

	if (view_lookup(dir, entry->text, &node, &st) < 0)
		return; /* gone since it was listed */
	ops_entry(ops_xs(l->req), node, &st, seen, &e);
	node_give(node->view->nodes, node);
	add(l, entry->text, st.st_ino, IFTODT(st.st_mode), entry->pos, &e);
	if (l->full)
		ops_take_back(node);
}

/* The number that stat will show, if somebody has looked the name up already. */
static ino_t entry_ino(struct node *dir, const struct name *entry)
{
	struct nodes *nodes = dir->view->nodes;
	struct node *node = nodes_find(nodes, dir, entry->text);
	ino_t ino = node ? node->ino : entry->ino;

	node_unref(nodes, node);
	return ino;
}

static void add_names(struct listing *l, struct node *dir, const struct names *names, off_t off)
{
	for (size_t i = names_after(names, off); i < names->n && !l->full; i++) {
		const struct name *entry = &names->v[i];

		if (entry->whiteout ||
		    (dir == dir->view->root && strcmp(entry->text, VIEW_RESERVED_NAME) == 0))
			continue;
		if (l->plus && !dir->virtual_dir)
			add_looked_up(l, dir, entry);
		else
			add(l, entry->text, entry_ino(dir, entry), entry->type, entry->pos, NULL);
	}
}

static int fill(struct listing *l, struct node *dir, off_t off)
{
	struct xs *xs = ops_xs(l->req);
	autonames struct names *names = NULL;
	struct node *parent = node_parent(&xs->nodes, dir);
	int r;

	off = inode32_position_of(xs->inode32, off);
	r = dir->virtual_dir ? xs_list_virtual(xs, dir, &names) : view_list(dir, &names);
	if (r < 0)
		return r;
	if (off < 1)
		add(l, ".", dir->ino, DT_DIR, 1, NULL);
	if (off < 2 && !l->full)
		add(l, "..", parent ? parent->ino : dir->ino, DT_DIR, 2, NULL);
	if (!l->full)
		add_names(l, dir, names, off < 2 ? 2 : off);
	if (!l->used && !dir->virtual_dir)
		view_listed(dir);
	return 0;
}

static void read_dir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, bool plus)
{
	struct node *dir = ops_node(req, ino);
	autofree char *buf = malloc(size);
	struct listing l = { .req = req, .buf = buf, .size = size, .plus = plus };
	int r;

	if (!dir)
		return;
	r = buf ? fill(&l, dir, off) : -ENOMEM;
	if (r < 0)
		ops_reply(req, r);
	else
		fuse_reply_buf(req, buf, l.used);
	ops_put(dir);
}

static void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		       struct fuse_file_info *fi)
{
	(void)fi;
	read_dir(req, ino, size, off, false);
}

static void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			   struct fuse_file_info *fi)
{
	(void)fi;
	read_dir(req, ino, size, off, true);
}

static void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	(void)fi;
	fuse_reply_err(req, ENOSYS);
}

static void op_fsyncdir(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	struct node *dir = ops_node(req, ino);

	(void)datasync;
	(void)fi;
	if (!dir)
		return;
	ops_reply(req, dir->virtual_dir ? 0 : view_sync_dir(dir));
	ops_put(dir);
}

void ops_dir_register(struct fuse_lowlevel_ops *ops)
{
	ops->readdir = op_readdir;
	ops->readdirplus = op_readdirplus;
	ops->opendir = op_opendir;
	ops->fsyncdir = op_fsyncdir;
}
