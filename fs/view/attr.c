// SPDX-License-Identifier: GPL-2.0-or-later
/* attr.c - owners, modes, sizes and times are changed (see view.h; note.h on what is remembered).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/store/note.h"
#include "fs/store/special.h"
#include "fs/store/whiteout.h"
#include "fs/view/mirror.h"
#include "fs/view/inside.h"

/* One change of an owner or a mode, in the upper. */
struct change {
	struct layer *layer; /* NULL: none has begun */
	int fd;		     /* of the file: O_PATH, so chmod(2) goes by proc(5) */
	struct stat st, old_st;
	struct note note, old_note;
};

static int change_begin(struct change *c, struct node *node, int fd)
{
	int r;

	*c = (struct change){ .fd = fd };
	if (fstat(fd, &c->st) < 0)
		return -errno;
	r = note_read(node->view->upper, fd, c->st.st_mode, &c->note);
	if (r < 0)
		return r;
	c->layer = node->view->upper;
	c->old_st = c->st;
	c->old_note = c->note;
	return 0;
}

static int change_real_mode(struct change *c, mode_t mode)
{
	char proc[64];

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", c->fd);
	return chmod(proc, mode) < 0 ? -errno : 0;
}

/* It has failed midway: nothing shall have changed. The mode is the last, since chown(2) takes bits
 * of it. */
static void change_undo(struct change *c)
{
	if (!c->layer)
		return;
	if (fchownat(c->fd, "", c->old_st.st_uid, c->old_st.st_gid, AT_EMPTY_PATH) == 0 &&
	    !S_ISLNK(c->old_st.st_mode))
		change_real_mode(c, c->old_st.st_mode & 07777);
	note_write(c->layer, c->fd, &c->old_note);
}

/* The permission bits of the real file: those that do not lock us out, and no setuid bit of
 * somebody who is not the one that the file was given to. The rest is in the note. */
static mode_t real_mode(const struct change *c, mode_t mode)
{
	mode_t type = c->st.st_mode & S_IFMT;

	if (geteuid() != 0 && S_ISREG(type) && (c->note.has_uid || c->note.has_gid))
		mode &= ~(S_ISUID | S_ISGID);
	return note_real_mode(whiteout_other_mode(type | mode)) & 07777;
}

static int change_mode(struct change *c, const struct node *node, mode_t mode)
{
	mode_t real = real_mode(c, mode);
	struct note old = c->note;
	int r;

	if (S_ISCHR(node->type) && S_ISREG(c->st.st_mode))
		return change_real_mode(c, special_mode(mode));
	c->note.has_mode = real != mode;
	c->note.mode = mode;
	if (c->note.has_mode || old.has_mode) {
		r = note_write(c->layer, c->fd, &c->note);
		if (r == -EOPNOTSUPP)
			real = mode;
		else if (r < 0)
			return r;
	}
	return change_real_mode(c, real);
}

/* What chown(2) does to the bits that go with an owner, where it is only remembered. */
static int drop_owner_bits(struct change *c)
{
	mode_t mode = c->note.has_mode ? c->note.mode : c->st.st_mode & 07777;
	mode_t left = mode & ~S_ISUID;

	if (!S_ISREG(c->st.st_mode))
		return 0;
	if (mode & S_IXGRP)
		left &= ~S_ISGID;
	if (c->note.has_mode)
		c->note.mode = left;
	return left == mode ? 0 : change_real_mode(c, real_mode(c, left));
}

/* Remember whose it shall be. For a symlink or a device, an ordinary user has no place to. */
static int remember_owner(struct change *c, uid_t uid, gid_t gid)
{
	int r;

	if (uid != (uid_t)-1) {
		c->note.has_uid = uid != geteuid();
		c->note.uid = uid;
	}
	if (gid != (gid_t)-1) {
		c->note.has_gid = gid != getegid();
		c->note.gid = gid;
	}
	r = drop_owner_bits(c);
	if (r == 0)
		r = note_write(c->layer, c->fd, &c->note);
	return r == -EOPNOTSUPP && !S_ISREG(c->st.st_mode) && !S_ISDIR(c->st.st_mode) ? 0 : r;
}

static int change_owner(struct change *c, uid_t uid, gid_t gid)
{
	int r;

	if (fchownat(c->fd, "", uid, gid, AT_EMPTY_PATH) < 0)
		return -errno;
	if (fstat(c->fd, &c->st) < 0)
		return -errno;
	r = remember_owner(c, uid, gid);
	return r == -EOPNOTSUPP ? 0 : r; /* the real file says it */
}

static int set_times(struct node *node, int fd, const struct timespec times[2])
{
	int r;

	if (node->dir)
		view_lock_times(node, false);
	r = utimensat(fd, "", times, AT_EMPTY_PATH) < 0 ? -errno : 0;
	if (node->dir)
		view_unlock_times(node);
	return r;
}

static int set_attributes(struct node *node, int fd, unsigned what, const struct stat *want,
			  const struct timespec times[2])
{
	struct change c = { 0 };
	int r = 0;

	if (what & (VIEW_SET_UID | VIEW_SET_GID | VIEW_SET_MODE))
		r = change_begin(&c, node, fd);
	if (r == 0 && what & (VIEW_SET_UID | VIEW_SET_GID))
		r = change_owner(&c, what & VIEW_SET_UID ? want->st_uid : (uid_t)-1,
				 what & VIEW_SET_GID ? want->st_gid : (gid_t)-1);
	if (r == 0 && what & VIEW_SET_MODE)
		r = change_mode(&c, node, want->st_mode & 07777);
	if (r == 0 && what & VIEW_SET_TIMES)
		r = set_times(node, fd, times);
	if (r < 0)
		change_undo(&c);
	return r;
}

/* What there is to say after a change that cannot be asked about any more. */
static void guess_stat(struct stat *st, unsigned what, const struct stat *want)
{
	if (what & VIEW_SET_SIZE)
		st->st_size = want->st_size;
	if (what & VIEW_SET_UID)
		st->st_uid = want->st_uid;
	if (what & VIEW_SET_GID)
		st->st_gid = want->st_gid;
	if (what & VIEW_SET_MODE)
		st->st_mode = (st->st_mode & S_IFMT) | (want->st_mode & 07777);
}

static int set_size(struct node *node, off_t size)
{
	struct file *file = NULL;
	int r;

	if (S_ISREG(node->type)) {
		r = view_enter_to_change(node, false);
		if (r < 0)
			return r;
		r = copyup_truncated(node, size);
		view_leave(node);
		if (r <= 0)
			return r;
	}
	r = view_open(node, true, &file);
	if (r < 0)
		return r;
	r = ftruncate(file->fd, size) < 0 ? -errno : 0;
	data_close(file);
	mirror_node(node->view->mirror, node);
	return r;
}

/* A descriptor of the node in the upper. */
static int open_to_change(struct node *node)
{
	int r = view_raise(node);

	if (r < 0)
		return r;
	return node->dir ? copyup_open_dir(node) : view_open_path(node);
}

int view_setattr(struct node *node, unsigned what, const struct stat *want,
		 const struct timespec times[2], struct stat *st)
{
	struct stat now;
	autofd int fd = -1;
	int r = 0;

	if (view_is_read_only(node))
		return -EROFS;
	r = view_getattr(node, &now);
	if (r == 0 && what & VIEW_SET_SIZE)
		r = set_size(node, want->st_size);
	if (r == 0)
		r = view_enter(node);
	if (r < 0)
		return r;
	if (what & ~VIEW_SET_SIZE) {
		fd = open_to_change(node);
		r = fd < 0 ? fd : set_attributes(node, fd, what, want, times);
	}
	if (r == 0 && view_stat(node, &now) < 0) /* it is done, whether that goes wrong or not */
		guess_stat(&now, what, want);
	if (r == 0)
		*st = now; /* which may be what `want` is */
	view_leave(node);
	mirror_node(node->view->mirror, node);
	return r;
}

int view_drop_privileges(struct node *node, enum view_change change,
			 bool (*is_member)(const void *arg, gid_t gid), const void *arg)
{
	struct stat st;
	int r = node->dir ? -EISDIR : view_getattr(node, &st);
	mode_t left;

	if (r < 0 || !S_ISREG(st.st_mode))
		return r;
	left = st.st_mode;
	if (change == VIEW_CONTENTS)
		left &= ~(S_ISUID | (left & S_IXGRP ? S_ISGID : 0));
	if (left & S_ISGID && !is_member(arg, st.st_gid))
		left &= ~S_ISGID;
	if (left == st.st_mode)
		return 0;
	st.st_mode = left;
	r = view_setattr(node, VIEW_SET_MODE, &st, NULL, &st);
	return r < 0 ? r : 1;
}

int view_give(struct node *node, uid_t uid, gid_t gid)
{
	autofd int fd = -1;
	struct change c = { 0 };
	int r = view_enter_to_change(node, false);

	if (r < 0)
		return r;
	fd = open_to_change(node);
	r = fd < 0 ? fd : change_begin(&c, node, fd);
	if (r == 0)
		r = remember_owner(&c, uid, gid);
	if (r < 0)
		change_undo(&c);
	view_leave(node);
	mirror_node(node->view->mirror, node);
	return r;
}

static int birth_of_file(struct node *node, struct timespec *ret)
{
	autosite struct site site = { 0 };
	autofd int fd = -1;
	int r = node_site(node->view->nodes, node, &site);

	if (r < 0)
		return r;
	fd = site_open(node, &site, O_PATH);
	return fd < 0 ? fd : note_birth(site.layer, fd, node->type, ret);
}

int view_birth(struct node *node, struct timespec *ret)
{
	autolayerset struct layerset *below = NULL;
	autosite struct site site = { 0 };
	struct layer *layer = NULL;
	autofd int fd = -1;
	bool in_upper;
	int r;

	if (node->virtual_dir)
		return -EOPNOTSUPP;
	if (!node->dir)
		return birth_of_file(node, ret);
	r = lookup_dir(node, &below, &in_upper);
	if (r == 0)
		r = node_site(node->view->nodes, node, &site);
	if (r < 0)
		return r;
	layer = below->n ? below->v[below->n - 1] : in_upper ? node->view->upper : NULL;
	fd = layer ? layer_open(layer, site.path, O_PATH) : -EOPNOTSUPP;
	return fd < 0 ? fd : note_birth(layer, fd, S_IFDIR, ret);
}

int view_getattr_born(struct node *node, struct stat *st, struct timespec *born)
{
	int r = view_enter(node);

	if (r < 0)
		return r;
	r = view_stat(node, st);
	*born = (struct timespec){ 0 };
	if (r == 0)
		r = view_birth(node, born);
	if (r == -EOPNOTSUPP || r == -ENOENT) /* or unlinked, and nowhere to be asked */
		r = 0;
	view_leave(node);
	return r;
}

static int read_note(struct node *node, struct note *ret)
{
	autolayerset struct layerset *below = NULL;
	autofree char *path = node_path(node->view->nodes, node);
	struct layer *layer = NULL;
	bool in_upper;
	struct stat st;
	int r;

	*ret = (struct note){ 0 };
	if (!path)
		return -ENOMEM;
	if (!node->dir) {
		layer = node_layer(node->view->nodes, node);
		r = layer ? 0 : -ENOENT;
	} else {
		r = lookup_dir(node, &below, &in_upper);
		if (r == 0 && (in_upper || below->n))
			layer = layer_ref(in_upper ? node->view->upper : below->v[0]);
	}
	if (r == 0 && layer)
		r = note_stat(layer, path, &st, ret);
	layer_unref(layer);
	return r;
}

int view_given_owner(struct node *node, struct owner *ret)
{
	struct note note;
	int r = view_enter(node);

	if (r < 0)
		return r;
	r = read_note(node, &note);
	note_owner(&note, &ret->uid, &ret->gid);
	view_leave(node);
	return r;
}
