// SPDX-License-Identifier: GPL-2.0-or-later
/* change.c - names come and go in a view's upper (see view.h).
 *
 * The rule that keeps deleted names deleted: whoever takes a name out of the upper asks whether a
 * layer below shows it, and if so leaves a whiteout, in one rename with the taking.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/layer.h"
#include "fs/layerset.h"
#include "fs/names.h"
#include "fs/special.h"
#include "fs/view.h"
#include "fs/whiteout.h"

/* What is to be made, wherever it is made first. */
struct making {
	mode_t mode;
	dev_t rdev;
	const char *target;   /* of a symlink */
	const char *old_path; /* a hard link to this path of the upper */
	struct view *view;
	struct owner owner;
	int fd; /* out: of a regular file, open for writing; else -1 */
};

static int make_object(int dir, const char *name, struct making *m)
{
	if (m->old_path)
		return linkat(m->view->upper->fd, m->old_path, dir, name, 0) < 0 ? -errno : 0;
	if (S_ISLNK(m->mode))
		return symlinkat(m->target, dir, name) < 0 ? -errno : 0;
	if (S_ISDIR(m->mode))
		return mkdirat(dir, name, m->mode & 07777) < 0 ? -errno : 0;
	if (S_ISCHR(m->mode) && m->rdev == makedev(0, 0))
		return special_make(dir, name, m->mode);
	if (!S_ISREG(m->mode))
		return mknodat(dir, name, m->mode, m->rdev) < 0 ? -errno : 0;
	do
		m->fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			       m->mode & 07777);
	while (m->fd < 0 && (errno == EMFILE || errno == ENFILE) && files_shrink(m->view->files));
	return m->fd < 0 ? -errno : 0;
}

/* A daemon of root's makes files for others; a setgid directory decides about the group itself. */
static int give_to_owner(int dir, const char *name, const struct making *m, bool group_too)
{
	gid_t gid = group_too ? m->owner.gid : (gid_t)-1;

	if (geteuid() != 0 || m->old_path || (m->owner.uid == 0 && m->owner.gid == 0))
		return 0;
	if (fchownat(dir, name, m->owner.uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	/* chown(2) has cleared these */
	if (!S_ISLNK(m->mode) && m->mode & (S_ISUID | S_ISGID) &&
	    fchmodat(dir, name, m->mode & 07777, 0) < 0)
		return -errno;
	return 0;
}

static void remove_object(int dir, const char *name, const struct making *m)
{
	unlinkat(dir, name, S_ISDIR(m->mode) && !m->old_path ? AT_REMOVEDIR : 0);
}

static int make_owned(int dir, const char *name, struct making *m, bool group_too)
{
	int r = make_object(dir, name, m);

	if (r < 0)
		return r;
	r = give_to_owner(dir, name, m, group_too);
	if (r < 0)
		remove_object(dir, name, m);
	return r;
}

static int set_opaque_at(int dir, const char *name)
{
	autofd int fd = io_open_dir(dir, name);

	return fd < 0 ? fd : opaque_set(fd);
}

/* Make it aside and put it where the whiteout is; what is below the whiteout stays hidden. */
static int make_over_whiteout(int dir, const char *name, struct making *m, bool group_too)
{
	struct view *view = m->view;
	char temp[TEMP_NAME];
	int r;

	copyup_temp_name(view, temp);
	r = make_owned(view->work, temp, m, group_too);
	if (r < 0)
		return r;
	if (S_ISDIR(m->mode) && !m->old_path) {
		r = set_opaque_at(view->work, temp);
		if (r == 0 && renameat2(view->work, temp, dir, name, RENAME_EXCHANGE) < 0)
			r = -errno;
		if (r == 0)
			unlinkat(view->work, temp, 0); /* the whiteout */
	} else if (renameat(view->work, temp, dir, name) < 0) {
		r = -errno;
	}
	if (r < 0)
		remove_object(view->work, temp, m);
	return r;
}

/* Make a new name in `dir`. On success `found` says what is there now. */
static int make_name(struct node *dir, const char *name, struct making *m, struct found *found)
{
	struct view *view = dir->view;
	autofd int fd = -1;
	struct stat st;
	bool whiteout;
	int r;

	r = lookup_check_new_name(dir, name);
	if (r < 0)
		return r;
	r = lookup_find(dir, name, found);
	if (r == 0)
		return -EEXIST;
	if (r != -ENOENT)
		return r;
	whiteout = found->whiteout;
	fd = copyup_open_dir(dir);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	m->view = view;
	m->fd = -1;
	if (whiteout)
		r = make_over_whiteout(fd, name, m, !(st.st_mode & S_ISGID));
	else
		r = make_owned(fd, name, m, !(st.st_mode & S_ISGID));
	if (r < 0)
		goto out;
	lookup_changed(dir);
	found_release(found);
	r = lookup_find(dir, name, found);
out:
	if (r < 0 && m->fd >= 0) {
		close(m->fd);
		m->fd = -1;
	}
	return r;
}

static int make_node(struct node *dir, const char *name, struct making *m, struct node **ret,
		     struct stat *st)
{
	struct view *view = dir->view;
	autofound struct found found = { 0 };
	struct file *file = NULL;
	struct node *node;
	int r;

	r = view_enter_to_change(dir, false);
	if (r < 0)
		return r;
	if (S_ISDIR(m->mode))
		lookup_hold_count(dir);
	r = make_name(dir, name, m, &found);
	if (S_ISDIR(m->mode))
		lookup_adjust_count(dir, r == 0);
	if (r == 0) /* a number that was another file's before is not that file's node */
		r = nodes_get(view->nodes, dir, name, &found, true, &node);
	if (r == 0 && m->fd >= 0) {
		/* keep it open: the first write comes soon, and the mode may not let us open it
		 * again */
		r = data_put(view->files, node, m->fd, true, false, NULL, NULL, &file);
		if (r < 0)
			node_unref(view->nodes, node);
		data_close(file);
	}
	if (r == 0) {
		*st = found.st;
		view_show(node, found.layer, st);
		*ret = node;
	}
	view_leave(dir);
	return r;
}

int view_make(struct node *dir, const char *name, mode_t mode, dev_t rdev, struct owner owner,
	      struct node **ret, struct stat *st)
{
	struct making m = { .mode = mode, .rdev = rdev, .owner = owner };

	return make_node(dir, name, &m, ret, st);
}

int view_symlink(struct node *dir, const char *name, const char *target, struct owner owner,
		 struct node **ret, struct stat *st)
{
	struct making m = { .mode = S_IFLNK | 0777, .target = target, .owner = owner };

	return make_node(dir, name, &m, ret, st);
}

/* A file without a name gets one: linkat(2) by descriptor, which O_TMPFILE files allow. */
static int link_unlinked(struct node *node, struct node *dir, const char *name)
{
	struct view *view = node->view;
	autofound struct found found = { 0 };
	autofd int fd = -1;
	struct file *file;
	char proc[64];
	int r = view_raise(node);

	if (r < 0)
		return r;
	file = data_get(view->files, node, false);
	if (!file)
		return -ENOENT;
	r = lookup_find(dir, name, &found);
	fd = r == -ENOENT ? copyup_open_dir(dir) : -1;
	if (r == 0)
		r = -EEXIST;
	else if (r == -ENOENT)
		r = fd < 0 ? fd : 0;
	if (r == 0 && found.whiteout && unlinkat(fd, name, 0) < 0)
		r = -errno;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", file->fd);
	if (r == 0 && linkat(AT_FDCWD, proc, fd, name, AT_SYMLINK_FOLLOW) < 0)
		r = -errno;
	data_close(file);
	if (r == 0) {
		lookup_changed(dir);
		r = node_move(view->nodes, node, dir, name);
	}
	return r;
}

int view_link(struct node *node, struct node *dir, const char *name, struct stat *st)
{
	struct view *view = node->view;
	autofound struct found found = { 0 };
	struct making m = { .mode = node->type };
	autofree char *old_path = NULL;
	int r;

	if (node->view != dir->view)
		return -EXDEV;
	if (node->dir)
		return -EPERM;
	r = view_enter_to_change(dir, false);
	if (r < 0)
		return r;
	if (node_is_unlinked(view->nodes, node)) {
		r = link_unlinked(node, dir, name);
	} else {
		r = copyup_node(node);
		old_path = node_path(view->nodes, node);
		m.old_path = old_path;
		if (r == 0)
			r = old_path ? make_name(dir, name, &m, &found) : -ENOMEM;
	}
	if (r == 0)
		r = view_stat(node, st);
	view_leave(dir);
	return r;
}

int view_tmpfile(struct node *dir, mode_t mode, struct owner owner, struct node **ret,
		 struct stat *st)
{
	struct view *view = dir->view;
	struct found found = { .layer = view->upper };
	struct file *file = NULL;
	struct node *node = NULL;
	int fd, r;

	if (view_is_read_only(dir))
		return -EROFS;
	fd = openat(view->work, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode & 07777);
	if (fd < 0)
		return -errno;
	if ((geteuid() == 0 && fchown(fd, owner.uid, owner.gid) < 0) ||
	    fchmod(fd, mode & 07777) < 0 || fstat(fd, &found.st) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	found.ino = found.st.st_ino;
	/* under a name that no directory entry can have */
	r = nodes_get(view->nodes, dir, "/", &found, true, &node);
	if (r < 0) {
		close(fd);
		return r;
	}
	node_set_unlinked(view->nodes, node);
	r = data_put(view->files, node, fd, true, true, NULL, NULL, &file);
	data_close(file);
	if (r < 0) {
		node_unref(view->nodes, node);
		return r;
	}
	*st = found.st;
	view_show(node, view->upper, st);
	*ret = node;
	return 0;
}

/* Put a whiteout where the upper has `name` or nothing; what was there ends in the work directory
 * and goes away. */
static int hide_name(struct view *view, int dir, const char *name)
{
	char temp[TEMP_NAME];
	int r;

	copyup_temp_name(view, temp);
	r = whiteout_make(view->work, temp);
	if (r < 0)
		return r;
	if (renameat2(view->work, temp, dir, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno == EEXIST && renameat2(view->work, temp, dir, name, RENAME_EXCHANGE) == 0)
		return io_remove_tree(view->work, temp);
	r = -errno;
	unlinkat(view->work, temp, 0);
	return r;
}

/* Take a name out of the upper for good; a directory with the whiteouts in it. */
static int drop_name(struct view *view, int dir, const char *name, bool is_dir)
{
	char temp[TEMP_NAME];

	if (!is_dir)
		return unlinkat(dir, name, 0) < 0 ? -errno : 0;
	if (unlinkat(dir, name, AT_REMOVEDIR) == 0)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return -errno;
	copyup_temp_name(view, temp);
	if (renameat(dir, name, view->work, temp) < 0)
		return -errno;
	return io_remove_tree(view->work, temp);
}

/* A node that the kernel knows lives on when its name goes; a hard link keeps its other names. */
static int keep_node(struct node *dir, const char *name, const struct found *found,
		     struct node **ret)
{
	struct view *view = dir->view;
	struct node *node = NULL;
	int r;

	/* a group of names in a lower layer: let the rest of it be one file with the right count */
	if (!S_ISDIR(found->st.st_mode) && found->st.st_nlink > 1 && found->layer != view->upper) {
		r = nodes_get(view->nodes, dir, name, found, false, &node);
		if (r == 0)
			r = copyup_node(node);
	} else {
		node = nodes_find_found(view->nodes, dir, name, found);
		r = 0;
	}
	if (node && !node_is_at(view->nodes, node, dir, name)) {
		node_unref(view->nodes, node); /* it stays what it is, by another name */
		node = NULL;
	}
	if (r == 0 && node)
		r = view_keep(node);
	if (r < 0)
		node_unref(view->nodes, node);
	else
		*ret = node;
	return r;
}

/* Under the lock; `found` is what the name is now. */
static int take_away(struct node *dir, const char *name, const struct found *found)
{
	struct view *view = dir->view;
	struct node *node = NULL;
	autofd int fd = -1;
	bool below = false;
	int r;

	r = lookup_below(dir, name, &below);
	if (r < 0)
		return r;
	fd = copyup_open_dir(dir);
	if (fd < 0)
		return fd;
	r = keep_node(dir, name, found, &node);
	if (r < 0)
		return r;
	if (below)
		r = hide_name(view, fd, name);
	else
		r = drop_name(view, fd, name, S_ISDIR(found->st.st_mode));
	if (r == 0 && node)
		node_set_unlinked(view->nodes, node);
	node_unref(view->nodes, node);
	lookup_changed(dir);
	return r;
}

static int check_empty(struct node *dir, const char *name, const struct found *found)
{
	struct nodes *nodes = dir->view->nodes;
	struct node *node = NULL;
	int r = nodes_get(nodes, dir, name, found, false, &node);

	if (r == 0)
		r = lookup_check_empty(node);
	node_unref(nodes, node);
	return r;
}

static int remove_name(struct node *dir, const char *name, bool directory)
{
	autofound struct found found = { 0 };
	int r;

	r = view_enter_to_change(dir, false);
	if (r < 0)
		return r;
	r = lookup_find(dir, name, &found);
	if (r == 0 && directory && !S_ISDIR(found.st.st_mode))
		r = -ENOTDIR;
	if (r == 0 && !directory && S_ISDIR(found.st.st_mode))
		r = -EISDIR;
	if (r == 0 && directory)
		r = check_empty(dir, name, &found);
	if (directory)
		lookup_hold_count(dir);
	if (r == 0)
		r = take_away(dir, name, &found);
	if (directory)
		lookup_adjust_count(dir, r == 0 ? -1 : 0);
	view_leave(dir);
	return r;
}

int view_unlink(struct node *dir, const char *name)
{
	return remove_name(dir, name, false);
}

int view_rmdir(struct node *dir, const char *name)
{
	return remove_name(dir, name, true);
}
