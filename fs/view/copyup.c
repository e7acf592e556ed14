// SPDX-License-Identifier: GPL-2.0-or-later
/* copyup.c - bring a file of a lower layer into the upper, before the first change (see view.h).
 *
 * The copy is made in the work directory, whole and with all attributes, and then renamed into
 * place: who looks sees the old file or the new one, a crash included. The parent directories come
 * first, without their contents. A file with several names in its layer gets all those that show in
 * this view, so that they stay one file; one that no name shows any more (another package's file
 * has the name since) gets a copy without a name, and nothing changes for who looks.
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
#include "fs/store/ids.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/store/names.h"
#include "fs/store/note.h"
#include "fs/store/special.h"
#include "fs/store/tag.h"
#include "fs/store/whiteout.h"
#include "fs/view/orphan.h"
#include "fs/view/spot.h"
#include "fs/view/inside.h"

enum { WHOLE = -1 }; /* a copy of no other size than the file's */

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

/* A user's own always can be set; the others are the system's, and may take privilege. */
static bool may_be_lost(const char *name)
{
	return errno == EOPNOTSUPP || (errno == EPERM && strncmp(name, "user.", 5) != 0);
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
		value = len < 0 ? NULL : malloc(len + 1);
		if (!value)
			return len < 0 ? -errno : -ENOMEM;
		len = getxattr(from, name, value, len);
		if (len < 0 || (setxattr(to, name, value, len, 0) < 0 && !may_be_lost(name)))
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

/* With a size of its own it is the file as truncated: what goes with that is not copied. */
static int copy_contents(int from, const struct stat *st, off_t size, int to)
{
	int r = io_copy_data(from, to, size < st->st_size ? size : st->st_size);

	return r < 0 || size == st->st_size ? r : ftruncate(to, size) < 0 ? -errno : 0;
}

static int copy_file(struct view *view, int from, const struct stat *st, const struct note *note,
		     off_t size, int to)
{
	struct stat now = *st;
	int r = copy_contents(from, st, size == WHOLE ? st->st_size : size, to);

	if (size != WHOLE)
		now.st_mtim.tv_nsec = UTIME_NOW;
	if (r == 0)
		r = copy_owner(to, st);
	if (r == 0)
		r = copy_xattrs(from, to);
	if (r == 0)
		r = copy_note(view, note, to);
	if (r == 0)
		r = copy_attributes(to, &now);
	if (r == 0 && view->durable && fsync(to) < 0)
		r = -errno;
	return r;
}

static int make_regular(struct view *view, const struct layer *layer, const char *path,
			const struct stat *st, const struct note *note, off_t size,
			const char *temp)
{
	autofd int from = layer_open(layer, path, O_RDONLY | O_NONBLOCK);
	autofd int to = -1;

	if (from < 0)
		return from;
	to = openat(view->work, temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	return copy_file(view, from, st, note, size, to);
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
	mode_t mode;

	if (S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0)) /* of a base: no whiteout there */
		return special_make(view->work, temp, st->st_mode);
	mode = whiteout_other_mode(st->st_mode);
	if (mknodat(view->work, temp, mode, st->st_rdev) < 0 ||
	    fchmodat(view->work, temp, mode & 07777, 0) < 0)
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
		     const struct stat *st, const struct note *note, off_t size, const char *temp)
{
	int r;

	if (S_ISREG(st->st_mode))
		return make_regular(view, layer, path, st, note, size, temp);
	r = S_ISLNK(st->st_mode) ? make_link(view, layer, path, temp)
				 : make_special(view, st, temp);
	if (r == 0)
		r = copy_xattrs_at(view, layer, path, note, temp);
	return r < 0 ? r : copy_attributes_at(view->work, temp, st);
}

/* Rename into place. */
static int put_in_place(struct node *dir, const char *temp, int fd, const char *name)
{
	struct stat held;
	int r = spot_hold_times(dir, fd, &held);

	if (r < 0)
		return r;
	if (renameat2(dir->view->work, temp, fd, name, RENAME_NOREPLACE) < 0)
		r = -errno;
	spot_keep_times(dir, fd, &held);
	return r;
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
	r = note_read(layer, from, st.st_mode, &note);
	if (r < 0)
		return r;
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
		r = put_in_place(node_parent(view->nodes, dir), temp, parent,
				 node_name(view->nodes, dir));
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

static void have_in_upper(struct node *node, ino_t real)
{
	node_set_layer(node->view->nodes, node, node->view->upper, real);
	data_forget(node->view->files, node);
}

/* The finished copy becomes the file: in the upper, under all its names, and for the node. Its own
 * name is the last: until then the others have the same contents below. */
static int place(struct node *node, struct layer *layer, const char *path, const struct stat *st,
		 const char *temp, const struct spot *spot)
{
	struct view *view = node->view;
	autolinks struct links links = { .view = view, .dir = view->work, .name = temp };
	autofd int dir = copyup_open_dir(spot->dir);
	struct stat copy;
	int r = dir < 0 ? dir : note_mark(view->upper, dir);

	if (r < 0)
		return r;
	if (fstatat(view->work, temp, &copy, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	pthread_rwlock_wrlock(&view->placing);
	r = links_make(&links, layer, path, st);
	if (r == 0)
		r = put_in_place(spot->dir, temp, dir, spot->name);
	if (r < 0)
		links_undo(&links);
	else
		have_in_upper(node, copy.st_ino);
	pthread_rwlock_unlock(&view->placing);
	lookup_changed(spot->dir, spot->name, NULL);
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
	ids_adopt(st); /* a copy cannot be given to others */
	return note_inherit(layer, fd, st->st_mode, node->ino, note);
}

/* There is a file of that name in the upper, and it is this node's: a worker before us has put the
 * copy there, and died before it could say so. */
static int adopt(struct node *node, struct layer *layer, const char *path, const struct stat *st,
		 const struct spot *spot, ino_t copy)
{
	struct view *view = node->view;
	autofd int dir = copyup_open_dir(spot->dir);
	autolinks struct links links = { .view = view, .dir = dir, .name = spot->name };
	int r;

	if (dir < 0)
		return dir;
	pthread_rwlock_wrlock(&view->placing);
	r = links_make(&links, layer, path, st);
	if (r < 0)
		links_undo(&links);
	else
		have_in_upper(node, copy);
	pthread_rwlock_unlock(&view->placing);
	return r;
}

/* Is what shows at the node's name, and is in the upper, the copy of it? It says the node's number,
 * if it can say anything: see copy_note. */
static bool is_copy(const struct node *node, const struct found *found)
{
	return found->layer == node->view->upper && !found->whiteout &&
	       (found->st.st_mode & S_IFMT) == node->type &&
	       (found->ino == node->ino || !S_ISREG(node->type)) &&
	       node_has_name(node->view->nodes, (struct node *)node);
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

/* The node goes on under this name of its. */
static int move_to(const struct spot *spot, void *arg)
{
	struct node *node = arg;
	struct nodes *nodes = node->view->nodes;
	uint32_t name = 0;
	int r = nodes_take_text(nodes, spot->name, &name);

	if (r < 0)
		return r;
	node_move(nodes, node, spot->dir, name);
	return 1;
}

/* Where the copy belongs: at the name that the node is known by, or at another of its file's, if it
 * still shows there. Who has opened it before another stack showed something else of that name has
 * a file without a name. Returns 1, 0 when it has none, or -errno; `found` says what shows. */
static int find_spot(struct node *node, struct layer *layer, const char *path,
		     const struct stat *st, struct spot *ret, struct found *found)
{
	struct nodes *nodes = node->view->nodes;
	int r;

	ret->dir = node_parent(nodes, node);
	node_ref(nodes, ret->dir);
	ret->name = strdup(node_name(nodes, node));
	if (!ret->name)
		return -ENOMEM;
	r = node_is_unlinked(nodes, node) ? 0 : spot_shows(ret, layer, st->st_ino, found);
	if (r || is_copy(node, found) || st->st_nlink == 1)
		return r;
	r = spot_for_others(node->view, layer, path, st->st_ino, move_to, node);
	if (r != 1)
		return r;
	spot_release(ret);
	found_release(found);
	return find_spot(node, layer, path, st, ret, found);
}

static int settle(struct node *node, struct layer *layer, const char *path, const struct stat *st,
		  const char *temp)
{
	autofound struct found found = { 0 };
	autospot struct spot spot = { 0 };
	autofree char *own = NULL;
	int r = find_spot(node, layer, path, st, &spot, &found);

	if (r < 0)
		return r;
	if (r == 0 && !is_copy(node, &found))
		return keep_copy(node, path, temp);
	own = node_path(node->view->nodes, node); /* it may be another now */
	if (!own)
		return -ENOMEM;
	if (r == 1)
		return place(node, layer, own, st, temp, &spot);
	r = adopt(node, layer, own, st, &spot, found.st.st_ino);
	if (r == 0)
		unlinkat(node->view->work, temp, 0);
	return r < 0 ? r : 1;
}

/* Under the node's stripe. 1: there was a copy already. */
static int copy_up(struct node *node, struct layer *layer, off_t size)
{
	struct view *view = node->view;
	autofree char *path = node_path(view->nodes, node);
	char temp[TEMP_NAME];
	struct note note;
	struct stat st;
	int r;

	if (!path)
		return -ENOMEM;
	r = stat_lower(node, layer, path, &st, &note);
	if (r < 0)
		return r;
	copyup_temp_name(view, temp);
	r = make_copy(view, layer, path, &st, &note, size, temp);
	if (r == 0)
		r = settle(node, layer, path, &st, temp);
	if (r == -EEXIST) /* the name has been taken away since we looked */
		r = settle(node, layer, path, &st, temp);
	if (r < 0)
		unlinkat(view->work, temp, 0);
	return r;
}

/* 1: it was there already. */
static int raise_file(struct node *node, off_t size)
{
	struct view *view = node->view;
	pthread_mutex_t *stripe = view_stripe(node);
	struct layer *layer;
	int r = 1;

	if (view_is_read_only(node))
		return -EROFS;
	pthread_mutex_lock(stripe);
	layer = node_layer(view->nodes, node);
	if (!layer)
		r = -ENOENT;
	else if (layer != view->upper)
		r = copy_up(node, layer, size);
	layer_unref(layer);
	pthread_mutex_unlock(stripe);
	return r;
}

int copyup_node(struct node *node)
{
	int r = node->dir ? copyup_dir(node) : raise_file(node, WHOLE);

	return r < 0 ? r : 0;
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
	r = note_read(upper, fd, st.st_mode, &note);
	if (r < 0)
		return r;
	if (note.ino == dir->ino || (!note.ino && st.st_ino == dir->ino))
		return 0;
	note.ino = dir->ino;
	r = view_birth(dir, &birth);
	if (r == 0)
		note.birth = birth;
	else if (r != -EOPNOTSUPP)
		return r;
	parent = copyup_open_dir(node_parent(dir->view->nodes, dir));
	if (parent < 0)
		return parent;
	r = copy_note(dir->view, &note, fd);
	return r < 0 ? r : note_mark(upper, parent);
}

int copyup_seal(struct node *dir)
{
	struct view *view = dir->view;
	autofree char *path = node_path(view->nodes, dir);
	autofd int fd = path ? layer_open(view->upper, path, O_RDONLY | O_DIRECTORY) : -ENOMEM;
	int r = fd < 0 ? fd : keep_dir_number(dir, fd);

	if (r == 0)
		r = opaque_set(fd);
	if (r == 0)
		lookup_set_upper(dir, true);
	return r;
}

int copyup_tree(struct node *dir)
{
	autonames struct names *names = NULL;
	int r;

	r = copyup_dir(dir);
	if (r == 0)
		r = lookup_list(dir, &names);
	for (size_t i = 0; r == 0 && i < names->n; i++)
		if (!names->v[i].whiteout)
			r = copyup_child(dir, names->v[i].text);
	if (r < 0)
		return r;
	return copyup_seal(dir);
}

/* Under the node's stripe. */
static int copy_unlinked(struct node *node, const struct site *site, off_t size)
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
	ids_adopt(&st);
	r = note_inherit(site->layer, from, st.st_mode, node->ino, &note);
	if (r < 0)
		return r;
	orphan_name(node, name);
	to = openat(view->work, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	r = copy_file(view, from, &st, &note, size, to);
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

static int raise_unlinked(struct node *node, off_t size)
{
	struct view *view = node->view;
	pthread_mutex_t *stripe = view_stripe(node);
	autosite struct site site = { 0 };
	int r;

	pthread_mutex_lock(stripe);
	r = node_site(view->nodes, node, &site);
	if (r == 0)
		r = site.layer == view->upper ? 1 : copy_unlinked(node, &site, size);
	pthread_mutex_unlock(stripe);
	return r;
}

int copyup_unlinked(struct node *node)
{
	int r = raise_unlinked(node, WHOLE);

	return r < 0 ? r : 0;
}

int copyup_truncated(struct node *node, off_t size)
{
	return node_is_unlinked(node->view->nodes, node) ? raise_unlinked(node, size)
							 : raise_file(node, size);
}
