// SPDX-License-Identifier: GPL-2.0-or-later
/* copyup.c - bring a file of a lower layer into the upper, before the first change (see view.h).
 *
 * The copy is made in the work directory, whole and with all attributes, and then renamed into
 * place: who looks sees the old file or the new one, a crash included. The parent directories come
 * first, without their contents. A file with several names in its layer gets all those that show in
 * this view, so that they stay one file.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/layer.h"
#include "fs/layerset.h"
#include "fs/names.h"
#include "fs/note.h"
#include "fs/orphan.h"
#include "fs/special.h"
#include "fs/tag.h"
#include "fs/view.h"
#include "fs/whiteout.h"

void copyup_temp_name(struct view *view, char name[static TEMP_NAME])
{
	unsigned n = __atomic_add_fetch(&view->temp_names, 1, __ATOMIC_RELAXED);

	snprintf(name, TEMP_NAME, "%lx.%x", (unsigned long)view->root->id, n);
}

/* Not to be copied: by these an overlay marks its own files. A device that is a file stays one. */
static bool is_mark(const char *name)
{
	return strncmp(name, OVERLAY_XATTR_PREFIX, strlen(OVERLAY_XATTR_PREFIX)) == 0 ||
	       (strncmp(name, TAG_XATTR_PREFIX, strlen(TAG_XATTR_PREFIX)) == 0 &&
		strcmp(name, SPECIAL_XATTR) != 0);
}

/* All xattrs but those by which an overlay marks its own files. A file system that knows none, or
 * one kind less than the other, is no reason to fail. By proc(5), for descriptors of O_PATH. */
static int copy_xattrs(int from_fd, int to_fd)
{
	char from[64], to[64];
	autofree char *list = NULL;
	ssize_t n;

	snprintf(from, sizeof(from), "/proc/self/fd/%d", from_fd);
	snprintf(to, sizeof(to), "/proc/self/fd/%d", to_fd);
	n = listxattr(from, NULL, 0);
	if (n <= 0)
		return n < 0 && errno != EOPNOTSUPP ? -errno : 0;
	list = malloc(n);
	if (!list)
		return -ENOMEM;
	n = listxattr(from, list, n);
	for (const char *name = list; n > 0 && name < list + n; name += strlen(name) + 1) {
		autofree char *value = NULL;
		ssize_t len;

		if (is_mark(name))
			continue;
		len = getxattr(from, name, NULL, 0);
		value = malloc(len > 0 ? len : 1);
		if (!value)
			return -ENOMEM;
		len = getxattr(from, name, value, len > 0 ? len : 0);
		if (len < 0 || (setxattr(to, name, value, len, 0) < 0 && errno != EOPNOTSUPP &&
				errno != EPERM))
			return -errno;
	}
	return n < 0 ? -errno : 0;
}

/* Before the xattrs: chown(2) drops file capabilities. And before the mode: it clears setuid bits.
 */
static int copy_owner(int to, const struct stat *st)
{
	return geteuid() == 0 && fchown(to, st->st_uid, st->st_gid) < 0 ? -errno : 0;
}

/* Mode and times: the last, since everything else sets them. */
static int copy_attributes(int to, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (fchmod(to, st->st_mode & 07777) < 0)
		return -errno;
	return futimens(to, times) < 0 ? -errno : 0;
}

/* What there was to say of the file below, and the number that it goes on to show. No place for it
 * is no reason to fail. */
static int copy_note(struct view *view, const struct note *note, int to)
{
	int r = note_write(view->upper, to, note);

	return r == -EOPNOTSUPP ? 0 : r;
}

static int copy_file(struct view *view, int from, const struct stat *st, const struct note *note,
		     int to)
{
	int r = io_copy_data(from, to, st->st_size);

	if (r == 0)
		r = copy_owner(to, st);
	if (r == 0)
		r = copy_xattrs(from, to);
	if (r == 0)
		r = copy_note(view, note, to);
	if (r == 0)
		r = copy_attributes(to, st);
	if (r == 0 && view->durable && fsync(to) < 0)
		r = -errno;
	return r;
}

static int make_regular(struct view *view, const struct layer *layer, const char *path,
			const struct stat *st, const struct note *note, const char *temp)
{
	autofd int from = layer_open(layer, path, O_RDONLY | O_NONBLOCK);
	autofd int to = -1;

	if (from < 0)
		return from;
	to = openat(view->work, temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	return copy_file(view, from, st, note, to);
}

static int make_link(struct view *view, const struct layer *layer, const char *path,
		     const char *temp)
{
	autofd int from = layer_open(layer, path, O_PATH);
	autofree char *target = NULL;
	int r = from < 0 ? from : io_readlink(from, &target);

	if (r == 0 && symlinkat(target, view->work, temp) < 0)
		r = -errno;
	return r;
}

static int make_special(struct view *view, const struct stat *st, const char *temp)
{
	if (S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0)) /* of a base: no whiteout there */
		return special_make(view->work, temp, st->st_mode);
	if (mknodat(view->work, temp, st->st_mode, st->st_rdev) < 0 ||
	    fchmodat(view->work, temp, st->st_mode & 07777, 0) < 0)
		return -errno;
	return 0;
}

/* Owner and times of what cannot be opened: by name, not following it. */
static int copy_attributes_at(int work, const char *temp, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (geteuid() == 0 && fchownat(work, temp, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return utimensat(work, temp, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* Of what cannot be opened: a symlink, a special file. */
static int copy_xattrs_at(struct view *view, const struct layer *layer, const char *path,
			  const struct note *note, const char *temp)
{
	autofd int from = layer_open(layer, path, O_PATH);
	autofd int to = openat(view->work, temp, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (from < 0 || to < 0)
		return from < 0 ? from : -errno;
	r = copy_xattrs(from, to);
	return r < 0 ? r : copy_note(view, note, to);
}

/* Make a copy called `temp` in the work directory. */
static int make_copy(struct view *view, const struct layer *layer, const char *path,
		     const struct stat *st, const struct note *note, const char *temp)
{
	int r;

	if (S_ISREG(st->st_mode))
		return make_regular(view, layer, path, st, note, temp);
	r = S_ISLNK(st->st_mode) ? make_link(view, layer, path, temp)
				 : make_special(view, st, temp);
	if (r == 0)
		r = copy_xattrs_at(view, layer, path, note, temp);
	return r < 0 ? r : copy_attributes_at(view->work, temp, st);
}

/* Rename into place; the directory there keeps its times, for nothing has changed to see. */
static int put_in_place(struct view *view, const char *temp, int dir, const char *name)
{
	struct timespec times[2];
	struct stat st;

	if (fstat(dir, &st) < 0)
		return -errno;
	if (renameat2(view->work, temp, dir, name, RENAME_NOREPLACE) < 0)
		return -errno;
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	utimensat(dir, "", times, AT_EMPTY_PATH);
	return 0;
}

static int make_dir(struct view *view, const char *path, const struct layer *layer,
		    const char *temp)
{
	autofd int from = layer_open(layer, path, O_RDONLY | O_DIRECTORY);
	autofd int to = -1;
	struct note note;
	struct stat st;
	int r;

	if (from < 0)
		return from;
	if (fstat(from, &st) < 0 || mkdirat(view->work, temp, 0700) < 0)
		return -errno;
	note_read(layer, from, st.st_mode, &note);
	note.ino = 0; /* it is merged with what is below, and shows that number and that time */
	note.birth = (struct timespec){ 0 };
	to = io_open_dir(view->work, temp);
	if (to < 0)
		return to;
	view_show(view->root, layer, NULL, &st);
	r = copy_owner(to, &st);
	if (r == 0)
		r = copy_xattrs(from, to);
	if (r == 0)
		r = copy_note(view, &note, to);
	return r < 0 ? r : copy_attributes(to, &st);
}

int copyup_dir(struct node *dir)
{
	struct view *view = dir->view;
	autolayerset struct layerset *below = NULL;
	autofree char *path = NULL;
	autofd int parent = -1;
	char temp[TEMP_NAME];
	bool in_upper;
	int r;

	if (view_is_read_only(dir))
		return -EROFS;
	r = lookup_dir(dir, &below, &in_upper);
	if (r < 0 || in_upper)
		return r;
	if (!below->n)
		return -ENOENT; /* removed */
	path = node_path(view->nodes, dir);
	if (!path)
		return -ENOMEM;
	parent = copyup_open_dir(node_parent(view->nodes, dir));
	if (parent < 0)
		return parent;
	copyup_temp_name(view, temp);
	r = make_dir(view, path, below->v[0], temp);
	if (r == 0)
		r = put_in_place(view, temp, parent, node_name(view->nodes, dir));
	if (r < 0)
		unlinkat(view->work, temp, AT_REMOVEDIR);
	if (r < 0 && r != -EEXIST) /* somebody else was faster */
		return r;
	lookup_set_upper(dir, false);
	return 0;
}

int copyup_open_dir(struct node *dir)
{
	int r = copyup_dir(dir);

	return r < 0 ? r : lookup_open_upper(dir);
}

/* Give the copy the name that `path` has in the lower layer, when it shows here. */
static int link_name(struct node *node, const struct layer *lower, ino_t real, const char *path)
{
	struct view *view = node->view;
	autofree char *own = node_path(view->nodes, node);
	autofree char *copy = strdup(path);
	autofound struct found found = { 0 };
	struct node *dir = view->root, *next = NULL;
	char *save = NULL, *name, *rest;
	autofd int to = -1;
	int r = 0;

	if (!own || !copy)
		return -ENOMEM;
	node_ref(view->nodes, dir);
	name = strtok_r(copy, "/", &save);
	while (name && (rest = strtok_r(NULL, "/", &save))) {
		found_release(&found);
		r = lookup_find(dir, name, &found);
		if (r == 0 && !S_ISDIR(found.st.st_mode))
			r = -ENOENT;
		if (r == 0)
			r = nodes_get(view->nodes, dir, name, &found, false, &next);
		node_unref(view->nodes, dir);
		if (r < 0)
			return r == -ENOENT ? 0 : r;
		dir = next;
		name = rest;
	}
	found_release(&found);
	r = name ? lookup_find(dir, name, &found) : -ENOENT;
	if (r == 0 && found.layer == lower && found.st.st_ino == real) {
		to = copyup_open_dir(dir);
		r = to < 0 ? to : note_mark(view->upper, to);
		if (r == 0 && linkat(view->upper->fd, own, to, name, 0) < 0 && errno != EEXIST)
			r = -errno;
		lookup_changed(dir);
	}
	node_unref(view->nodes, dir);
	return r == -ENOENT ? 0 : r;
}

static int link_other_names(struct node *node, struct layer *lower, const char *path, ino_t real)
{
	autostrv struct strv names = { 0 };
	int r = layer_other_names(lower, path, real, &names);

	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = link_name(node, lower, real, names.v[i]);
	return r;
}

/* The finished copy becomes the file: in the upper, under all its names, and for the node. */
static int place(struct node *node, struct layer *layer, const char *path, const struct stat *st,
		 const char *temp, int dir)
{
	struct view *view = node->view;
	struct stat copy;
	int r;

	if (fstatat(view->work, temp, &copy, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	pthread_rwlock_wrlock(&view->placing);
	r = note_mark(view->upper, dir);
	if (r == 0)
		r = put_in_place(view, temp, dir, node_name(view->nodes, node));
	if (r == 0) {
		if (st->st_nlink > 1)
			r = link_other_names(node, layer, path, st->st_ino);
		node_set_layer(view->nodes, node, view->upper, copy.st_ino);
		data_forget(view->files, node);
	}
	pthread_rwlock_unlock(&view->placing);
	lookup_changed(node_parent(view->nodes, node));
	return r;
}

/* The stat of a lower file as it is there, and its note as the copy shall have it. */
static int stat_lower(const struct node *node, const struct layer *layer, const char *path,
		      struct stat *st, struct note *note)
{
	autofd int fd = layer_open(layer, path, O_PATH);

	if (fd < 0)
		return fd;
	if (fstat(fd, st) < 0)
		return -errno;
	note_inherit(layer, fd, st->st_mode, node->ino, note);
	return 0;
}

/* There is a file of that name in the upper, and the table says that it is this node's: a worker
 * before ours has put the copy there, and died before it could say so. */
static int adopt(struct node *node, struct layer *layer, const char *path, const struct stat *st,
		 int dir)
{
	struct view *view = node->view;
	const char *name = node_name(view->nodes, node);
	struct stat copy;
	int r = 0;

	if (fstatat(dir, name, &copy, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!node_has_name(view->nodes, node) || whiteout_is(&copy) ||
	    (copy.st_mode & S_IFMT) != (st->st_mode & S_IFMT))
		return -EEXIST;
	pthread_rwlock_wrlock(&view->placing);
	if (st->st_nlink > 1)
		r = link_other_names(node, layer, path, st->st_ino);
	node_set_layer(view->nodes, node, view->upper, copy.st_ino);
	data_forget(view->files, node);
	pthread_rwlock_unlock(&view->placing);
	return r;
}

/* The name is another file's by now, while somebody has the old one open: a copy of his own. */
static int keep_copy(struct node *node, const char *path, const char *temp)
{
	struct view *view = node->view;
	uint32_t text = 0;
	struct stat copy;
	int r;

	if (fstatat(view->work, temp, &copy, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	r = nodes_take_text(view->nodes, path, &text);
	if (r == 0)
		r = orphan_take(node, view->work, temp);
	if (r < 0) {
		nodes_give_back_text(view->nodes, text);
		return r;
	}
	node_set_unlinked_at(view->nodes, node, text);
	node_set_kept(view->nodes, node, view->upper, copy.st_ino);
	data_forget(view->files, node);
	return 0;
}

/* Under the node's stripe. */
static int copy_up(struct node *node, struct layer *layer)
{
	struct view *view = node->view;
	autofree char *path = node_path(view->nodes, node);
	autofd int dir = -1;
	char temp[TEMP_NAME];
	struct note note;
	struct stat st;
	int r;

	if (!path)
		return -ENOMEM;
	r = stat_lower(node, layer, path, &st, &note);
	if (r < 0)
		return r;
	dir = copyup_open_dir(node_parent(view->nodes, node));
	if (dir < 0)
		return dir;
	copyup_temp_name(view, temp);
	r = make_copy(view, layer, path, &st, &note, temp);
	if (r == 0)
		r = place(node, layer, path, &st, temp, dir);
	if (r == -EEXIST && !node_has_name(view->nodes, node))
		return keep_copy(node, path, temp);
	if (r == -EEXIST) {
		r = adopt(node, layer, path, &st, dir);
		unlinkat(view->work, temp, 0);
	}
	if (r < 0)
		unlinkat(view->work, temp, 0);
	return r;
}

int copyup_node(struct node *node)
{
	struct view *view = node->view;
	pthread_mutex_t *stripe = view_stripe(node);
	struct layer *layer;
	int r = 0;

	if (node->dir)
		return copyup_dir(node);
	if (view_is_read_only(node))
		return -EROFS;
	pthread_mutex_lock(stripe);
	layer = node_layer(view->nodes, node);
	if (layer != view->upper)
		r = copy_up(node, layer);
	layer_unref(layer);
	pthread_mutex_unlock(stripe);
	return r;
}

static int copyup_child(struct node *dir, const char *name)
{
	struct view *view = dir->view;
	autofound struct found found = { 0 };
	struct node *child = NULL;
	int r;

	r = lookup_find(dir, name, &found);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = nodes_get(view->nodes, dir, name, &found, false, &child);
	if (r < 0)
		return r;
	r = child->dir ? copyup_tree(child) : copyup_node(child);
	node_unref(view->nodes, child);
	return r;
}

/* It will show no other layer's number any more. */
static int keep_dir_number(struct node *dir, int fd)
{
	struct layer *upper = dir->view->upper;
	struct timespec birth;
	autofd int parent = -1;
	struct note note;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	note_read(upper, fd, st.st_mode, &note);
	if (note.ino == dir->ino || (!note.ino && st.st_ino == dir->ino))
		return 0;
	note.ino = dir->ino;
	if (view_birth(dir, &birth) == 0)
		note.birth = birth;
	parent = copyup_open_dir(node_parent(dir->view->nodes, dir));
	if (parent < 0)
		return parent;
	r = copy_note(dir->view, &note, fd);
	return r < 0 ? r : note_mark(upper, parent);
}

int copyup_tree(struct node *dir)
{
	struct view *view = dir->view;
	autonames struct names *names = NULL;
	autofree char *path = NULL;
	autofd int fd = -1;
	int r;

	r = copyup_dir(dir);
	if (r == 0)
		r = lookup_list(dir, &names);
	for (size_t i = 0; r == 0 && i < names->n; i++)
		if (!names->v[i].whiteout)
			r = copyup_child(dir, names->v[i].text);
	if (r < 0)
		return r;
	path = node_path(view->nodes, dir);
	fd = path ? layer_open(view->upper, path, O_RDONLY | O_DIRECTORY) : -ENOMEM;
	if (fd < 0)
		return fd;
	r = keep_dir_number(dir, fd);
	if (r == 0)
		r = opaque_set(fd);
	if (r == 0)
		lookup_set_upper(dir, true);
	return r;
}

/* Under the node's stripe. */
static int copy_unlinked(struct node *node, const struct site *site)
{
	struct view *view = node->view;
	autofd int from = site_open(node, site, O_RDONLY | O_NONBLOCK);
	autofd int to = -1;
	char name[ORPHAN_NAME];
	struct note note;
	struct stat st;
	int r;

	if (from < 0 || fstat(from, &st) < 0)
		return from < 0 ? from : -errno;
	note_inherit(site->layer, from, st.st_mode, node->ino, &note);
	orphan_name(node, name);
	to = openat(view->work, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	r = copy_file(view, from, &st, &note, to);
	if (r == 0 && fstat(to, &st) < 0)
		r = -errno;
	if (r < 0) {
		orphan_drop(node);
		return r;
	}
	node_set_kept(view->nodes, node, view->upper, st.st_ino);
	data_forget(view->files, node);
	return 0;
}

int copyup_unlinked(struct node *node)
{
	struct view *view = node->view;
	pthread_mutex_t *stripe = view_stripe(node);
	autosite struct site site = { 0 };
	int r;

	pthread_mutex_lock(stripe);
	r = node_site(view->nodes, node, &site);
	if (r == 0 && site.layer != view->upper)
		r = copy_unlinked(node, &site);
	pthread_mutex_unlock(stripe);
	return r;
}
