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
#include <sys/xattr.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/store/names.h"
#include "fs/store/note.h"
#include "fs/store/special.h"
#include "fs/store/whiteout.h"
#include "fs/view/orphan.h"
#include "fs/view/inside.h"

#define DEFAULT_ACL "system.posix_acl_default"

/* What is to be made, wherever it is made first. */
struct making {
	mode_t mode;
	dev_t rdev;
	const char *target;   /* of a symlink */
	const char *old_name; /* a hard link to this name in the directory `old_dir` of the upper */
	int old_dir;
	bool numbered; /* which has a number in its note */
	bool acl;      /* the directory has a default one */
	struct view *view;
	struct owner owner;
	int fd;	       /* out: of a regular file, open for writing; 0 or -1: none */
	int dir;       /* out: the upper's directory; 0 or -1: none was opened */
	bool whiteout; /* out: the name stands where a whiteout was */
};

static void making_release(struct making *m)
{
	if (m->dir > 0)
		close(m->dir);
	if (m->fd > 0)
		close(m->fd);
}
#define automaking cleanup(making_release)

/* Its size, 0: there is none, or -errno. */
static ssize_t get_default_acl(int dir, void *acl, size_t size)
{
	char proc[64];
	ssize_t n;

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", dir);
	n = getxattr(proc, DEFAULT_ACL, acl, size);
	if (n < 0)
		return errno == ENODATA || errno == EOPNOTSUPP ? 0 : -errno;
	return n;
}

/* What is left of the mode: a default ACL, which the real file system applies as it makes the file,
 * takes the umask's place. */
static int apply_umask(int dir, struct making *m)
{
	ssize_t n = get_default_acl(dir, NULL, 0);

	if (n < 0)
		return n;
	m->acl = n > 0;
	if (!S_ISLNK(m->mode) && !m->acl)
		m->mode &= ~(m->owner.umask & 0777);
	return 0;
}

/* Its real mode lets us at it, for when the layer is read; the note says what it looks like. */
static int make_noted(int dir, const char *name, const struct making *m)
{
	const struct note note = { .has_mode = true, .mode = m->mode & 07777 };
	autofd int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	int r = fd < 0 ? -errno : note_write(m->view->upper, fd, &note);

	if (r == -EOPNOTSUPP)
		r = fchmodat(dir, name, m->mode & 07777, 0) < 0 ? -errno : 0;
	return r;
}

static int make_object(int dir, const char *name, struct making *m)
{
	mode_t real = (m->acl ? m->mode : note_real_mode(m->mode)) & 07777;

	if (m->old_name)
		return linkat(m->old_dir, m->old_name, dir, name, 0) < 0 ? -errno : 0;
	if (S_ISLNK(m->mode))
		return symlinkat(m->target, dir, name) < 0 ? -errno : 0;
	if (S_ISDIR(m->mode))
		return mkdirat(dir, name, real) < 0 ? -errno : 0;
	if (S_ISCHR(m->mode) && m->rdev == makedev(0, 0))
		return special_make(dir, name, m->mode);
	if (!S_ISREG(m->mode))
		return mknodat(dir, name, whiteout_other_mode(m->mode), m->rdev) < 0 ? -errno : 0;
	do
		m->fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, real);
	while (m->fd < 0 && (errno == EMFILE || errno == ENFILE) && files_shrink(m->view->files));
	return m->fd < 0 ? -errno : 0;
}

/* A daemon of root's makes files for others; a setgid directory decides about the group itself. */
static int give_to_owner(int dir, const char *name, const struct making *m, bool group_too)
{
	gid_t gid = group_too ? m->owner.gid : (gid_t)-1;
	struct stat st;

	if (geteuid() != 0 || m->old_name || (m->owner.uid == 0 && m->owner.gid == 0))
		return 0;
	if (fchownat(dir, name, m->owner.uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	/* chown(2) has cleared these; the other bits may be those of an ACL */
	if (S_ISLNK(m->mode) || !(m->mode & (S_ISUID | S_ISGID)))
		return 0;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(dir, name, (st.st_mode & 07777) | (m->mode & (S_ISUID | S_ISGID)), 0) < 0)
		return -errno;
	return 0;
}

static void remove_object(int dir, const char *name, const struct making *m)
{
	unlinkat(dir, name, S_ISDIR(m->mode) && !m->old_name ? AT_REMOVEDIR : 0);
}

static int make_owned(int dir, const char *name, struct making *m, bool group_too)
{
	int r = make_object(dir, name, m);

	if (r < 0)
		return r;
	if (!m->old_name && !m->acl && note_real_mode(m->mode) != m->mode)
		r = make_noted(dir, name, m);
	if (r == 0)
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

/* A place to make things for the directory `dir` aside. */
struct nest {
	int fd;
	char name[TEMP_NAME]; /* in the work directory; "": it is that itself */
};

static void nest_release(struct view *view, struct nest *nest)
{
	if (nest->fd >= 0)
		close(nest->fd);
	if (*nest->name)
		unlinkat(view->work, nest->name, AT_REMOVEDIR);
}

/* Hand down what `dir` does, so that the real file system does it again. */
static int nest_imitate(struct nest *nest, int dir, const struct stat *st)
{
	ssize_t n = get_default_acl(dir, NULL, 0);
	autofree void *acl = n > 0 ? malloc(n) : NULL;

	if (n > 0 && !acl)
		return -ENOMEM;
	if (n > 0)
		n = get_default_acl(dir, acl, n);
	if (n < 0)
		return n;
	if (n > 0 && fsetxattr(nest->fd, DEFAULT_ACL, acl, n, 0) < 0)
		return -errno;
	if (!(st->st_mode & S_ISGID))
		return 0;
	/* a group that is not ours is root's to give */
	if (fchown(nest->fd, -1, st->st_gid) < 0 && geteuid() == 0)
		return -errno;
	return fchmod(nest->fd, S_IRWXU | S_ISGID) < 0 ? -errno : 0;
}

static int nest_open(struct view *view, int dir, struct nest *nest)
{
	struct stat st;
	ssize_t acl;
	int r;

	*nest = (struct nest){ .fd = -1 };
	if (fstat(dir, &st) < 0)
		return -errno;
	acl = get_default_acl(dir, NULL, 0);
	if (acl < 0)
		return acl;
	if (!(st.st_mode & S_ISGID) && !acl) {
		nest->fd = fcntl(view->work, F_DUPFD_CLOEXEC, 0);
		return nest->fd < 0 ? -errno : 0;
	}
	copyup_temp_name(view, nest->name);
	if (mkdirat(view->work, nest->name, S_IRWXU) < 0) {
		*nest->name = '\0';
		return -errno;
	}
	nest->fd = io_open_dir(view->work, nest->name);
	r = nest->fd < 0 ? nest->fd : nest_imitate(nest, dir, &st);
	if (r < 0)
		nest_release(view, nest);
	return r;
}

/* What is below the whiteout stays hidden. */
static int put_over_whiteout(struct nest *nest, const char *temp, int dir, const char *name,
			     const struct making *m)
{
	int r;

	if (!S_ISDIR(m->mode) || m->old_name)
		return renameat(nest->fd, temp, dir, name) < 0 ? -errno : 0;
	r = set_opaque_at(nest->fd, temp);
	if (r < 0)
		return r;
	if (renameat2(nest->fd, temp, dir, name, RENAME_EXCHANGE) < 0)
		return -errno;
	unlinkat(nest->fd, temp, 0); /* the whiteout */
	return 0;
}

/* Make it aside and put it where the whiteout is. */
static int make_over_whiteout(int dir, const char *name, struct making *m, bool group_too)
{
	struct view *view = m->view;
	char temp[TEMP_NAME];
	struct nest nest;
	int r = nest_open(view, dir, &nest);

	if (r < 0)
		return r;
	copyup_temp_name(view, temp);
	r = make_owned(nest.fd, temp, m, group_too);
	if (r == 0) {
		r = put_over_whiteout(&nest, temp, dir, name, m);
		if (r < 0)
			remove_object(nest.fd, temp, m);
	}
	nest_release(view, &nest);
	return r;
}

_Static_assert((int)ORPHAN_NAME <= (int)TEMP_NAME, "a kept name has room where a temporary has");

/* Put a whiteout where the upper has `name` or nothing. What was there becomes what `node` has
 * kept, by the same rename, after which nothing may fail; or goes: now, or with all that is in
 * there at the next start. */
static int hide_name(struct view *view, int dir, const char *name, struct node *node)
{
	char temp[TEMP_NAME];
	int r;

	if (node)
		orphan_name(node, temp);
	else
		copyup_temp_name(view, temp);
	r = whiteout_make(view->work, temp);
	if (r < 0)
		return r;
	if (renameat2(view->work, temp, dir, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno == EEXIST && renameat2(view->work, temp, dir, name, RENAME_EXCHANGE) == 0) {
		if (!node)
			io_remove_tree(view->work, temp);
		return 0;
	}
	r = -errno;
	unlinkat(view->work, temp, 0);
	return r;
}

/* What was made could not be given to the caller, so he does not have it: take it back. */
static void unmake_name(struct node *dir, const char *name, const struct making *m)
{
	view_lock_times(dir, false);
	if (m->whiteout)
		hide_name(m->view, m->dir, name, NULL);
	else
		remove_object(m->dir, name, m);
	view_unlock_times(dir);
	lookup_changed(dir, name, NULL);
}

/* Make a new name in `dir`. On success `found` says what is there now. */
static int make_name(struct node *dir, const char *name, struct making *m, struct found *found)
{
	struct stat st;
	int r;

	m->fd = -1;
	r = lookup_check_new_name(dir, name);
	if (r < 0)
		return r;
	r = lookup_find(dir, name, found);
	if (r == 0)
		return -EEXIST;
	if (r != -ENOENT)
		return r;
	m->whiteout = found->whiteout;
	m->view = dir->view;
	m->dir = copyup_open_dir(dir);
	if (m->dir < 0)
		return m->dir;
	if (fstat(m->dir, &st) < 0)
		return -errno;
	r = m->numbered ? note_mark(m->view->upper, m->dir) : 0;
	if (r < 0)
		return r;
	if (!m->old_name)
		r = apply_umask(m->dir, m);
	if (r < 0)
		return r;
	view_lock_times(dir, false);
	if (m->whiteout)
		r = make_over_whiteout(m->dir, name, m, !(st.st_mode & S_ISGID));
	else
		r = make_owned(m->dir, name, m, !(st.st_mode & S_ISGID));
	view_unlock_times(dir);
	if (r < 0)
		return r;
	found_release(found);
	r = lookup_find(dir, name, found);
	lookup_changed(dir, name, r == 0 ? found : NULL);
	if (r < 0)
		unmake_name(dir, name, m);
	return r;
}

static int make_node(struct node *dir, const char *name, struct making *m, struct node **ret,
		     struct stat *st)
{
	struct view *view = dir->view;
	autofound struct found found = { 0 };
	struct file *file = NULL;
	struct node *node = NULL;
	int r;

	r = view_enter_to_change(dir, false);
	if (r < 0)
		return r;
	if (S_ISDIR(m->mode))
		lookup_hold_count(dir);
	r = make_name(dir, name, m, &found);
	if (r == 0) { /* a number that was another file's before is not that file's node */
		r = nodes_get(view->nodes, dir, name, &found, true, &node);
		if (r == 0 && m->fd >= 0) {
			/* keep it open: the first write comes soon, and the mode may not let us
			 * open it again */
			r = data_put(view->files, node, take_fd(&m->fd), true, false, NULL, NULL,
				     &file);
			data_close(file);
		}
		if (r < 0)
			unmake_name(dir, name, m);
	}
	if (S_ISDIR(m->mode))
		lookup_adjust_count(dir, r == 0);
	if (r == 0) {
		*st = found.st;
		view_show(node, found.layer, &found.note, st);
		*ret = node;
	} else {
		node_unref(view->nodes, node);
	}
	view_leave(dir);
	return r;
}

int view_make(struct node *dir, const char *name, mode_t mode, dev_t rdev, struct owner owner,
	      struct node **ret, struct stat *st)
{
	automaking struct making m = { .mode = mode, .rdev = rdev, .owner = owner };

	return make_node(dir, name, &m, ret, st);
}

int view_symlink(struct node *dir, const char *name, const char *target, struct owner owner,
		 struct node **ret, struct stat *st)
{
	automaking struct making m = { .mode = S_IFLNK | 0777, .target = target, .owner = owner };

	return make_node(dir, name, &m, ret, st);
}

/* A file without a name gets one: the kept one, moved. */
static int link_unlinked(struct node *node, const struct site *site, struct node *dir,
			 const char *name)
{
	struct view *view = node->view;
	autofound struct found found = { 0 };
	autofd int fd = -1;
	char kept[ORPHAN_NAME];
	uint32_t text = 0;
	int r = site->kept ? 0 : -ENOENT;

	if (r == 0)
		r = lookup_check_new_name(dir, name);
	if (r == 0)
		r = lookup_find(dir, name, &found);
	if (r != -ENOENT)
		return r < 0 ? r : -EEXIST;
	fd = copyup_open_dir(dir);
	if (fd < 0)
		return fd;
	r = nodes_take_text(view->nodes, name, &text);
	if (r < 0)
		return r;
	orphan_name(node, kept);
	view_lock_times(dir, false);
	/* over a whiteout, which nothing else can be */
	r = renameat2(view->work, kept, fd, name, found.whiteout ? 0 : RENAME_NOREPLACE);
	r = r < 0 ? -errno : 0;
	view_unlock_times(dir);
	if (r < 0) {
		nodes_give_back_text(view->nodes, text);
		return r;
	}
	lookup_changed(dir, name, NULL);
	node_move(view->nodes, node, dir, text);
	return 0;
}

int view_link(struct node *node, struct node *dir, const char *name, struct stat *st)
{
	struct view *view = node->view;
	autofound struct found found = { 0 };
	automaking struct making m = { .mode = node->type };
	autosite struct site site = { 0 };
	autofd int old_dir = -1;
	int r;

	if (node->view != dir->view)
		return -EXDEV;
	if (node->dir)
		return -EPERM;
	r = view_enter_to_change(dir, false);
	if (r < 0)
		return r;
	r = view_raise(node);
	if (r == 0)
		r = node_site(view->nodes, node, &site);
	if (r == 0)
		r = view_stat(node, st);
	if (r < 0) {
		view_leave(dir);
		return r;
	}
	if (site.unlinked) {
		r = link_unlinked(node, &site, dir, name);
	} else {
		old_dir = layer_open_dir_of(view->upper, site.path, &m.old_name);
		m.old_dir = old_dir;
		m.numbered = node->ino != node->real;
		r = old_dir < 0 ? old_dir : make_name(dir, name, &m, &found);
	}
	/* it is done, whatever happens now */
	if (r == 0) {
		struct stat now;

		if (view_stat(node, &now) == 0)
			*st = now;
		else
			st->st_nlink++;
	}
	view_leave(dir);
	return r;
}

/* Make the file under a name of its own, and a node that has it as kept. */
static int make_unnamed(struct node *dir, int fd, const char *temp, struct node **ret,
			struct stat *st)
{
	struct view *view = dir->view;
	struct found found = { .layer = view->upper };
	struct node *node = NULL;
	int r;

	if (fstat(fd, &found.st) < 0)
		return -errno;
	found.ino = found.st.st_ino;
	/* under a name that no directory entry can have */
	r = nodes_get(view->nodes, dir, "/", &found, true, &node);
	if (r < 0)
		return r;
	r = orphan_take(node, view->work, temp);
	if (r < 0) {
		node_unref(view->nodes, node);
		return r;
	}
	node_set_unlinked(view->nodes, node, true);
	*st = found.st;
	orphan_show(st);
	view_show(node, view->upper, NULL, st);
	*ret = node;
	return 0;
}

/* The directory that says what is handed down in `dir`. */
static int open_top(struct node *dir)
{
	struct view *view = dir->view;
	autolayerset struct layerset *below = NULL;
	autofree char *path = node_path(view->nodes, dir);
	bool in_upper;
	int r = path ? lookup_dir(dir, &below, &in_upper) : -ENOMEM;

	if (r == 0 && !in_upper && !below->n)
		r = -ENOENT;
	if (r < 0)
		return r;
	return layer_open(in_upper ? view->upper : below->v[0], path, O_PATH | O_DIRECTORY);
}

/* An open file with a name in the work directory. */
static int make_aside(struct node *dir, struct making *m, const char *temp)
{
	struct view *view = dir->view;
	autofd int top = open_top(dir);
	struct nest nest;
	struct stat st;
	int r;

	if (top < 0)
		return top;
	if (fstat(top, &st) < 0)
		return -errno;
	r = apply_umask(top, m);
	if (r == 0)
		r = nest_open(view, top, &nest);
	if (r < 0)
		return r;
	r = make_owned(nest.fd, temp, m, !(st.st_mode & S_ISGID));
	if (r == 0 && *nest.name && renameat(nest.fd, temp, view->work, temp) < 0) {
		r = -errno;
		unlinkat(nest.fd, temp, 0);
	}
	nest_release(view, &nest);
	return r;
}

int view_tmpfile(struct node *dir, mode_t mode, struct owner owner, struct node **ret,
		 struct stat *st)
{
	struct view *view = dir->view;
	automaking struct making m = { .mode = S_IFREG | (mode & 07777),
				       .view = view,
				       .owner = owner };
	struct file *file = NULL;
	char temp[TEMP_NAME];
	int r;

	r = view_enter_to_change(dir, false);
	if (r < 0)
		return r;
	copyup_temp_name(view, temp);
	r = make_aside(dir, &m, temp);
	if (r == 0) {
		r = make_unnamed(dir, m.fd, temp, ret, st);
		if (r < 0)
			unlinkat(view->work, temp, 0);
	}
	if (r == 0) {
		r = data_put(view->files, *ret, take_fd(&m.fd), true, false, NULL, NULL, &file);
		if (r < 0)
			node_unref(view->nodes, *ret);
		data_close(file);
	}
	view_leave(dir);
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
	io_remove_tree(view->work, temp);
	return 0;
}

/* The node that the kernel knows by this name, if it does; a hard link keeps its other names. */
static int find_node(struct node *dir, const char *name, struct found *found, struct node **ret)
{
	struct view *view = dir->view;
	struct node *node = NULL;
	int r = 0;

	/* a group of names in a lower layer: let the rest of it be one file with the right count */
	if (!S_ISDIR(found->st.st_mode) && found->st.st_nlink > 1 && found->layer != view->upper) {
		r = nodes_get(view->nodes, dir, name, found, false, &node);
		if (r == 0)
			r = copyup_node(node);
		found->layer = view->upper;
		found->st.st_ino = r == 0 ? node->real : found->st.st_ino;
	} else {
		node = nodes_find_found(view->nodes, dir, name, found);
	}
	if (node && !node_is_at(view->nodes, node, dir, name)) {
		node_unref(view->nodes, node); /* it stays what it is, by another name */
		node = NULL;
	}
	if (r < 0)
		node_unref(view->nodes, node);
	else
		*ret = node;
	return r;
}

/* Take a file out of the upper whose node somebody may have open: it is kept. Under the node's
 * stripe, which who finds it neither here nor there waits for. */
static int drop_known(struct node *node, int dir, const char *name, bool below)
{
	struct view *view = node->view;
	int r = below ? hide_name(view, dir, name, node) : orphan_take(node, dir, name);

	if (r == 0) {
		node_set_unlinked(view->nodes, node, true);
		return 0;
	}
	if (below || (r != -ENOSPC && r != -EDQUOT))
		return r;
	/* no room for another name, and who deletes makes room */
	r = view_pin(node);
	if (r == 0)
		r = drop_name(view, dir, name, false);
	if (r == 0)
		node_set_unlinked(view->nodes, node, false);
	return r;
}

/* Hide a file of a lower layer, which stays where it is for those who have it open. */
static int hide_known(struct node *node, int dir, const char *name)
{
	struct view *view = node->view;
	autofree char *path = node_path(view->nodes, node);
	uint32_t text = 0;
	int r = path ? nodes_take_text(view->nodes, path, &text) : -ENOMEM;

	if (r == 0)
		r = hide_name(view, dir, name, NULL);
	if (r == 0)
		node_set_unlinked_at(view->nodes, node, text);
	else
		nodes_give_back_text(view->nodes, text);
	return r;
}

static int drop_unknown(struct node *dir, int fd, const char *name, bool below, bool is_dir)
{
	return below ? hide_name(dir->view, fd, name, NULL)
		     : drop_name(dir->view, fd, name, is_dir);
}

/* Its node, if it has one, is told; `fd` is the directory in the upper. */
static int drop_found(struct node *dir, int fd, const char *name, const struct found *found,
		      struct node *node, bool below)
{
	struct view *view = dir->view;
	int r;

	if (!node || node->dir) {
		r = drop_unknown(dir, fd, name, below, S_ISDIR(found->st.st_mode));
		if (r == 0 && node)
			node_set_unlinked(view->nodes, node, false);
		return r;
	}
	return found->layer != view->upper ? hide_known(node, fd, name)
					   : drop_known(node, fd, name, below);
}

/* Under the lock; `found` is what the name is now. */
static int take_away(struct node *dir, const char *name, struct found *found)
{
	struct view *view = dir->view;
	struct node *node = NULL;
	autofd int fd = -1;
	bool below = false, moves;
	int r;

	r = lookup_below(dir, name, &below);
	if (r < 0)
		return r;
	fd = copyup_open_dir(dir);
	if (fd < 0)
		return fd;
	r = find_node(dir, name, found, &node);
	if (r < 0)
		return r;
	moves = node && !node->dir && found->layer == view->upper; /* to where it is kept */
	if (moves)
		pthread_mutex_lock(view_stripe(node));
	view_lock_times(dir, false);
	r = drop_found(dir, fd, name, found, node, below);
	view_unlock_times(dir);
	if (moves)
		pthread_mutex_unlock(view_stripe(node));
	node_unref(view->nodes, node);
	lookup_changed(dir, name, found);
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
