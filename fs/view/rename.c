// SPDX-License-Identifier: GPL-2.0-or-later
/* rename.c - rename(2) in a view (see view.h).
 *
 * What moves is copied up first, a directory with all that is in it: then it is a rename inside the
 * upper, the layer stays a plain tree, and no directory answers EXDEV. A name that a lower layer
 * still has is left as a whiteout by the same system call. The view is locked all the while, for
 * paths change; that includes the copy of a lower directory, which is rare and says so here.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/store/names.h"
#include "fs/store/note.h"
#include "fs/store/special.h"
#include "fs/store/whiteout.h"
#include "fs/view/orphan.h"
#include "fs/view/inside.h"

/* One of the two names. */
struct side {
	struct node *dir;
	const char *name;
	struct found found;
	struct node *node; /* NULL: there is nothing of that name */
	bool below;	   /* a lower layer has the name */
	int fd;		   /* of the directory in the upper */
};

static void side_release(struct side *side)
{
	node_unref(side->dir->view->nodes, side->node);
	found_release(&side->found);
	if (side->fd >= 0)
		close(side->fd);
}

static int side_find(struct side *side)
{
	int r = lookup_find(side->dir, side->name, &side->found);

	if (r == -ENOENT)
		return lookup_below(side->dir, side->name, &side->below);
	if (r < 0)
		return r;
	r = nodes_get(side->dir->view->nodes, side->dir, side->name, &side->found, false,
		      &side->node);
	return r < 0 ? r : lookup_below(side->dir, side->name, &side->below);
}

/* Say which file of the upper is about to move, for a worker that has to go on without us. */
static int side_tell(const struct side *side, uint64_t *moving)
{
	struct stat st;

	if (!moving)
		return 0;
	if (fstatat(side->fd, side->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	__atomic_store_n(moving, st.st_ino, __ATOMIC_RELEASE);
	return 0;
}

/* The directory in the upper, where `node` is about to come. */
static int side_open(struct side *side, const struct node *node)
{
	side->fd = copyup_open_dir(side->dir);
	if (side->fd < 0)
		return side->fd;
	return node && node->ino != node->real ? note_mark(side->dir->view->upper, side->fd) : 0;
}

static int open_upper(struct node *node)
{
	autofree char *path = node_path(node->view->nodes, node);

	return path ? layer_open(node->view->upper, path, O_RDONLY | O_DIRECTORY) : -ENOMEM;
}

/* Have all of the node in the upper, fit to stand where `to` is. */
static int raise_node(struct node *node, const struct side *to)
{
	autolayerset struct layerset *below = NULL;
	bool in_upper;
	int r;

	if (!node->dir)
		return copyup_node(node);
	r = lookup_dir(node, &below, &in_upper);
	if (r < 0)
		return r;
	if (!in_upper || below->n)
		return copyup_tree(node);
	return to->below ? copyup_seal(node) : 0;
}

/* An empty directory that is about to be replaced: rename(2) wants it empty in the upper too. It is
 * sealed first, on disk and here, so that it is empty with or without its whiteouts, and stays so
 * when there is no rename after all. */
static int clear_whiteouts(struct node *dir)
{
	autofd int fd = open_upper(dir);
	autodir DIR *d = NULL;
	struct dirent *e;
	int r, own;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	r = copyup_seal(dir);
	if (r < 0)
		return r;
	own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	d = own < 0 ? NULL : fdopendir(own);
	if (!d) {
		r = -errno;
		if (own >= 0)
			close(own);
		return r;
	}
	while ((errno = 0, e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    unlinkat(fd, e->d_name, 0) < 0)
			return -errno;
	return -errno;
}

/* The name in the way. */
static int check_victim(const struct side *from, const struct side *to)
{
	bool is_dir = S_ISDIR(to->node->type);

	if (S_ISDIR(from->node->type) != is_dir)
		return is_dir ? -EISDIR : -ENOTDIR;
	if (is_dir)
		return lookup_check_empty(to->node);
	return 0;
}

/* How a victim that may be open lives on, and what the nodes need to follow a rename. All is had
 * before the rename, which cannot be taken back. */
struct sequel {
	uint32_t name; /* of what is moved, as nodes_take_text has it */
	uint32_t back; /* of what comes in its place, in an exchange */
	bool kept;     /* the victim: under the name of orphan.h */
	uint32_t path; /* the victim, of a lower layer: there */
	bool has_path;
};

static void sequel_release(struct sequel *s, struct side *to)
{
	struct nodes *nodes = to->dir->view->nodes;

	nodes_give_back_text(nodes, s->name);
	nodes_give_back_text(nodes, s->back);
	nodes_give_back_text(nodes, s->path);
	if (s->kept)
		orphan_drop(to->node);
}

static int prepare_victim(struct side *to, struct sequel *s)
{
	struct node *node = to->node;
	struct view *view = node->view;
	autosite struct site site = { 0 };
	int r = 0;

	if (node->dir)
		return clear_whiteouts(node);
	/* its other names stay one file: see find_node in change.c */
	if (to->found.st.st_nlink > 1 && to->found.layer != view->upper)
		r = copyup_node(node);
	if (r < 0 || !node_is_at(view->nodes, node, to->dir, to->name))
		return r; /* it lives on by another name */
	r = node_site(view->nodes, node, &site);
	if (r < 0)
		return r;
	if (site.layer != view->upper) {
		r = nodes_take_text(view->nodes, site.path, &s->path);
		s->has_path = r == 0;
		return r;
	}
	r = orphan_link(node, to->fd, to->name);
	s->kept = r == 0;
	return r == -ENOSPC || r == -EDQUOT || r == -EMLINK ? view_pin(node) : r;
}

/* The victim's name is another's now. */
static void bury_victim(struct side *to, struct sequel *s)
{
	struct nodes *nodes = to->node->view->nodes;

	if (!node_is_at(nodes, to->node, to->dir, to->name))
		return;
	if (s->has_path)
		node_set_unlinked_at(nodes, to->node, s->path);
	else
		node_set_unlinked(nodes, to->node, s->kept);
	s->path = 0;
	s->kept = false;
}

static void follow(struct side *from, struct side *to, struct sequel *s)
{
	if (to->node)
		bury_victim(to, s);
	node_move(from->dir->view->nodes, from->node, to->dir, s->name);
	s->name = 0;
}

/* What the exchange has brought to the old name makes room for the whiteout, which is there already
 * where a whiteout was at the new one. */
static int hide_old_name(const struct side *from, const char *temp)
{
	int work = from->dir->view->work;
	struct stat st;

	if (fstatat(from->fd, from->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!whiteout_is(&st) && renameat2(work, temp, from->fd, from->name, RENAME_EXCHANGE) < 0)
		return -errno;
	unlinkat(work, temp, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
	return 0;
}

/* The same where RENAME_WHITEOUT is not known, an overlay among them: the whiteout is made first,
 * so that what comes after the rename needs no room, and can be taken back. */
static int move_and_hide(struct side *from, struct side *to)
{
	struct view *view = from->dir->view;
	char temp[TEMP_NAME];
	int r;

	copyup_temp_name(view, temp);
	r = whiteout_make(view->work, temp);
	if (r < 0)
		return r;
	if (renameat2(from->fd, from->name, to->fd, to->name, RENAME_NOREPLACE) == 0) {
		if (renameat2(view->work, temp, from->fd, from->name, RENAME_NOREPLACE) == 0)
			return 0;
		r = -errno;
		renameat2(to->fd, to->name, from->fd, from->name, RENAME_NOREPLACE);
	} else if (errno == EEXIST &&
		   renameat2(from->fd, from->name, to->fd, to->name, RENAME_EXCHANGE) == 0) {
		r = hide_old_name(from, temp);
		if (r == 0)
			return 0;
		renameat2(from->fd, from->name, to->fd, to->name, RENAME_EXCHANGE);
	} else {
		r = -errno;
	}
	unlinkat(view->work, temp, 0);
	return r;
}

/* The rename itself, in the upper. */
static int move(struct side *from, struct side *to)
{
	bool over_whiteout = !to->node && to->found.whiteout && from->node->dir;
	unsigned flags = from->below ? RENAME_WHITEOUT : 0;

	if (over_whiteout) { /* a directory cannot replace it, but change places with it */
		if (renameat2(from->fd, from->name, to->fd, to->name, RENAME_EXCHANGE) < 0)
			return -errno;
		if (!from->below) /* else it stays; without anything to hide, too, if it must */
			unlinkat(from->fd, from->name, 0);
		return 0;
	}
	if (renameat2(from->fd, from->name, to->fd, to->name, flags) == 0)
		return 0;
	if (errno != EINVAL || !flags)
		return -errno;
	return move_and_hide(from, to);
}

static int rename_over(struct side *from, struct side *to, uint64_t *moving)
{
	struct nodes *nodes = from->dir->view->nodes;
	struct sequel sequel = { 0 };
	int r = to->node ? check_victim(from, to) : 0;

	if (r == 0)
		r = raise_node(from->node, to);
	if (r == 0)
		r = side_open(from, NULL);
	if (r == 0)
		r = side_open(to, from->node);
	if (r == 0)
		r = nodes_take_text(nodes, to->name, &sequel.name);
	if (r == 0 && to->node)
		r = prepare_victim(to, &sequel);
	if (r == 0)
		r = side_tell(from, moving);
	if (r == 0)
		r = move(from, to);
	if (r == 0)
		follow(from, to, &sequel);
	sequel_release(&sequel, to);
	return r;
}

/* What RENAME_WHITEOUT promises its caller, who builds an overlay of his own on top of us: a 0:0
 * character device at the old name, to be seen. It is made before the rename, so that little can go
 * wrong after it. */
static int make_device(struct view *view, char temp[static TEMP_NAME])
{
	copyup_temp_name(view, temp);
	return special_make(view->work, temp, 0);
}

static int put_device(struct side *side, const char *temp)
{
	return renameat(side->dir->view->work, temp, side->fd, side->name) < 0 ? -errno : 0;
}

static int rename_and_leave_device(struct side *from, struct side *to, uint64_t *moving)
{
	struct view *view = from->dir->view;
	char temp[TEMP_NAME];
	int r = make_device(view, temp);

	if (r < 0)
		return r;
	r = rename_over(from, to, moving);
	if (r == 0)
		r = put_device(from, temp);
	if (r < 0)
		unlinkat(view->work, temp, 0);
	return r;
}

static int take_exchange_texts(const struct side *from, const struct side *to, struct sequel *s)
{
	struct nodes *nodes = from->dir->view->nodes;
	int r = nodes_take_text(nodes, to->name, &s->name);

	return r < 0 ? r : nodes_take_text(nodes, from->name, &s->back);
}

/* Each of the two has one name, whatever others it may have: a swap of the places at which they are
 * known would put a directory below itself, where a file is known by a name in that directory. */
static void follow_exchange(struct side *from, struct side *to, struct sequel *s)
{
	struct nodes *nodes = from->dir->view->nodes;

	node_move(nodes, from->node, to->dir, s->name);
	node_move(nodes, to->node, from->dir, s->back);
	s->name = 0;
	s->back = 0;
}

static int rename_exchange(struct side *from, struct side *to, uint64_t *moving)
{
	struct sequel sequel = { 0 };
	int r;

	if (!to->node)
		return -ENOENT;
	r = raise_node(from->node, to);
	if (r == 0)
		r = raise_node(to->node, from);
	if (r == 0)
		r = side_open(from, to->node);
	if (r == 0)
		r = side_open(to, from->node);
	if (r == 0)
		r = take_exchange_texts(from, to, &sequel);
	if (r == 0)
		r = side_tell(from, moving);
	if (r == 0 && renameat2(from->fd, from->name, to->fd, to->name, RENAME_EXCHANGE) < 0)
		r = -errno;
	if (r == 0)
		follow_exchange(from, to, &sequel);
	sequel_release(&sequel, to);
	return r;
}

static int is_dir(const struct side *side)
{
	return side->node && side->node->dir;
}

/* The view is locked alone: nobody counts now. */
static void adjust_counts(const struct side *from, const struct side *to, unsigned flags)
{
	int more = is_dir(from) - is_dir(to); /* in the directory of `to` */

	lookup_hold_count(from->dir);
	lookup_adjust_count(from->dir, flags & RENAME_EXCHANGE ? -more : -is_dir(from));
	lookup_hold_count(to->dir);
	lookup_adjust_count(to->dir, more);
}

int view_rename(struct node *dir, const char *name, struct node *to_dir, const char *to_name,
		unsigned flags, uint64_t *moving)
{
	struct view *view = dir->view;
	struct side from = { .dir = dir, .name = name, .fd = -1 };
	struct side to = { .dir = to_dir, .name = to_name, .fd = -1 };
	int r;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT) ||
	    (flags & RENAME_EXCHANGE && flags & (RENAME_NOREPLACE | RENAME_WHITEOUT)))
		return -EINVAL;
	if (view != to_dir->view)
		return -EXDEV;
	if (to_dir->virtual_dir)
		return -EROFS;
	r = lookup_check_new_name(to_dir, to_name);
	if (r < 0)
		return r;
	r = view_enter_to_change(dir, true);
	if (r < 0)
		return r;
	r = side_find(&from);
	if (r == 0)
		r = side_find(&to);
	if (r == 0 && !from.node)
		r = -ENOENT;
	if (r == 0 && to.node && flags & RENAME_NOREPLACE)
		r = -EEXIST;
	if (r == 0 && from.node != to.node)
		r = flags & RENAME_EXCHANGE   ? rename_exchange(&from, &to, moving)
		    : flags & RENAME_WHITEOUT ? rename_and_leave_device(&from, &to, moving)
					      : rename_over(&from, &to, moving);
	if (r == 0 && from.node != to.node)
		adjust_counts(&from, &to, flags);
	lookup_changed(dir, name, &from.found);
	lookup_changed(to_dir, to_name, &to.found);
	side_release(&from);
	side_release(&to);
	view_leave(dir);
	return r;
}

/* ---- the next worker ---- */

/* Is what a look-up finds this node, wherever the table has it? */
static bool is_node(const struct node *node, const struct found *found)
{
	if (!node || node->type != (found->st.st_mode & S_IFMT))
		return false;
	return node->dir ? node->ino == found->ino
			 : node->layer == found->layer && node->real == found->st.st_ino;
}

/* The node of what `at` has now, which was at the other name before, or is known by this one
 * already, or by a third; with a reference. NULL: nobody knows it. */
static struct node *find_moved(const struct side *at, const struct side *before)
{
	struct nodes *nodes = at->dir->view->nodes;
	struct node *node = nodes_find(nodes, before->dir, before->name);

	if (is_node(node, &at->found))
		return node;
	node_unref(nodes, node);
	node = nodes_find_found(nodes, at->dir, at->name, &at->found);
	if (is_node(node, &at->found))
		return node;
	node_unref(nodes, node);
	return NULL;
}

/* It has that name now. */
static int follow_to(struct node *node, const struct side *at)
{
	struct nodes *nodes = at->dir->view->nodes;
	struct node *known = nodes_find(nodes, at->dir, at->name);
	uint32_t name = 0;
	int r = 0;

	node_unref(nodes, known);
	if (known != node)
		r = nodes_take_text(nodes, at->name, &name);
	if (name)
		node_move(nodes, node, at->dir, name);
	return r;
}

static int settle_exchange(struct side *from, struct side *to)
{
	int r = 0;

	from->node = find_moved(to, from);
	to->node = find_moved(from, to);
	if (from->node)
		r = follow_to(from->node, to);
	if (r == 0 && to->node)
		r = follow_to(to->node, from);
	return r;
}

static int settle_victim(struct side *to)
{
	struct view *view = to->dir->view;
	autosite struct site site = { 0 };
	struct sequel sequel = { 0 };
	int r = to->node->dir ? 0 : node_site(view->nodes, to->node, &site);

	if (r == 0 && site.layer && site.layer != view->upper) {
		r = nodes_take_text(view->nodes, site.path, &sequel.path);
		sequel.has_path = r == 0;
	}
	if (r == 0)
		bury_victim(to, &sequel);
	sequel_release(&sequel, to);
	return r;
}

static int settle_move(struct side *from, struct side *to)
{
	int r = 0;

	from->node = find_moved(to, from);
	to->node = nodes_find(to->dir->view->nodes, to->dir, to->name);
	if (to->node && to->node != from->node)
		r = settle_victim(to);
	return r == 0 && from->node ? follow_to(from->node, to) : r;
}

/* The rename was done, but the device that it leaves may not be there yet. */
static int settle_device(struct side *from)
{
	struct view *view = from->dir->view;
	char temp[TEMP_NAME];
	int r;

	from->fd = copyup_open_dir(from->dir);
	r = from->fd < 0 ? from->fd : make_device(view, temp);
	if (r < 0)
		return r;
	r = put_device(from, temp);
	if (r < 0)
		unlinkat(view->work, temp, 0);
	return r;
}

/* Is what was about to move at its new name? 1, 0, or -errno: nobody knows. */
static int has_moved(const struct side *to, uint64_t moving)
{
	autofd int fd = lookup_open_upper(to->dir);
	struct stat st;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (fstatat(fd, to->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	return st.st_ino == moving;
}

static int settle(struct side *from, struct side *to, unsigned flags)
{
	int gone = lookup_find(from->dir, from->name, &from->found);
	int r = gone == -ENOENT ? 0 : gone;

	if (r == 0)
		r = lookup_find(to->dir, to->name, &to->found);
	if (r == 0)
		r = flags & RENAME_EXCHANGE ? settle_exchange(from, to) : settle_move(from, to);
	if (r == 0 && gone && flags & RENAME_WHITEOUT)
		r = settle_device(from);
	lookup_changed(from->dir, from->name, NULL);
	lookup_changed(to->dir, to->name, NULL);
	return r;
}

int view_rename_settle(struct node *dir, const char *name, struct node *to_dir, const char *to_name,
		       unsigned flags, uint64_t moving)
{
	struct side from = { .dir = dir, .name = name, .fd = -1 };
	struct side to = { .dir = to_dir, .name = to_name, .fd = -1 };
	int r, done;

	if (!moving || dir->view != to_dir->view || view_enter_to_change(dir, true) < 0)
		return 0;
	done = has_moved(&to, moving);
	r = done == 1 ? settle(&from, &to, flags) : 0;
	side_release(&from);
	side_release(&to);
	view_leave(dir);
	return r < 0 ? r : done;
}
