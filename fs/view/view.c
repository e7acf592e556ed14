// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/view/view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/store/ids.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/store/names.h"
#include "fs/store/note.h"
#include "fs/store/special.h"
#include "fs/view/inside.h"
#include "fs/view/orphan.h"

/* The root of every view but the main one gets a number of its own: two directories of one mount
 * that are not the same must not look it. */
static int add_root(struct view *view, enum view_kind kind, struct layer *layer)
{
	struct found found = { .st.st_mode = S_IFDIR, .below = view->below };
	const struct layer *top = view->upper ? view->upper : NULL;
	int r;

	if (!top && view->below->n)
		top = view->below->v[view->below->n - 1];
	if (top) {
		r = layer_stat(top, "", &found.st);
		if (r < 0)
			return r;
	}
	found.in_upper = view->upper;
	r = nodes_add_root(view->nodes, view, kind, layer, &found);
	if (r == 0)
		view->root->ino = (UINT64_C(1) << 60) + view->root->id;
	return r;
}

/* Who reads never waits for long, but one behind the other they keep who writes from ever getting
 * in: the rename, the commit. So he comes first. Nobody may have the lock twice then. */
static void lock_init(pthread_rwlock_t *lock)
{
	pthread_rwlockattr_t attr;

	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(lock, &attr);
	pthread_rwlockattr_destroy(&attr);
}

int view_new(struct nodes *nodes, struct files *files, const struct view_options *o,
	     struct view **ret)
{
	struct view *view = calloc(1, sizeof(*view));
	int r = -ENOMEM;

	if (!view)
		return r;
	*view = (struct view){
		.nodes = nodes,
		.files = files,
		.upper = o->upper ? layer_ref(o->upper) : NULL,
		.read_only = o->read_only,
		.hide = o->hide ? layer_ref(o->hide) : NULL,
		.below = layerset_ref(o->below),
		.work = o->work,
		.staging = o->staging,
		.durable = o->durable,
		.shared = o->shared,
		.watches = o->watches,
		.name = strdup(o->name ? o->name : ""),
		.number = o->number,
	};
	lock_init(&view->lock);
	lock_init(&view->placing);
	for (size_t i = 0; i < VIEW_STRIPES; i++) {
		pthread_mutex_init(&view->copying[i], NULL);
		lock_init(&view->times[i]);
	}
	if (view->name)
		r = view->number ? 0 : add_root(view, o->kind, o->layer);
	if (r < 0) {
		view_free(view);
		return r;
	}
	*ret = view;
	return 0;
}

void view_free(struct view *view)
{
	if (!view)
		return;
	layer_unref(view->upper);
	layer_unref(view->hide);
	layerset_unref(view->below);
	pthread_rwlock_destroy(&view->lock);
	pthread_rwlock_destroy(&view->placing);
	for (size_t i = 0; i < VIEW_STRIPES; i++) {
		pthread_mutex_destroy(&view->copying[i]);
		pthread_rwlock_destroy(&view->times[i]);
	}
	free(view->name);
	free(view);
}

void view_close(struct view *view)
{
	pthread_rwlock_wrlock(&view->lock);
	view->closed = true;
	pthread_rwlock_unlock(&view->lock);
	files_drop_view(view->files, view);
	nodes_drop_kept(view->nodes, view);
}

void view_set_below(struct view *view, struct layerset *below)
{
	struct layerset *old;

	pthread_rwlock_wrlock(&view->lock);
	old = view->below;
	view->below = layerset_ref(below);
	__atomic_fetch_add(&view->generation, 1, __ATOMIC_SEQ_CST);
	pthread_rwlock_unlock(&view->lock);
	layerset_unref(old);
}

static int check_open(struct view *view)
{
	if (!view->closed)
		return 0;
	pthread_rwlock_unlock(&view->lock);
	return -ESTALE;
}

int view_enter(struct node *node)
{
	pthread_rwlock_rdlock(&node->view->lock);
	return check_open(node->view);
}

bool view_is_read_only(const struct node *node)
{
	return node->virtual_dir || !node->view->upper || node->view->read_only;
}

int view_enter_to_change(struct node *node, bool alone)
{
	if (view_is_read_only(node))
		return -EROFS;
	if (alone)
		pthread_rwlock_wrlock(&node->view->lock);
	else
		pthread_rwlock_rdlock(&node->view->lock);
	return check_open(node->view);
}

void view_leave(struct node *node)
{
	pthread_rwlock_unlock(&node->view->lock);
}

/* The base belongs to whoever unpacked it, but he who mounts it is the one who builds: not root, he
 * sees it as his own, and its directories as writable, for what he writes goes to the upper. */
static void show_base(struct stat *st)
{
	if (geteuid() != 0) {
		st->st_uid = geteuid();
		st->st_gid = getegid();
	}
	if (S_ISDIR(st->st_mode))
		st->st_mode |= S_IWUSR;
}

/* A file that its real owner alone may read stays his to read. */
static bool may_show_other(const struct stat *st)
{
	mode_t others = S_ISDIR(st->st_mode) ? S_IROTH | S_IXOTH : S_IROTH;

	return geteuid() == 0 || (st->st_mode & others) == others;
}

/* Staging shows what will be on the Pi: root's files, and those that were given to others. */
static void show_given(const struct view *view, const struct note *note, struct stat *st)
{
	if (!may_show_other(st))
		return;
	if (view->staging || (note && note->has_uid))
		st->st_uid = note && note->has_uid ? note->uid : 0;
	if (view->staging || (note && note->has_gid))
		st->st_gid = note && note->has_gid ? note->gid : 0;
}

void view_show(const struct node *node, const struct layer *layer, const struct note *note,
	       struct stat *st)
{
	st->st_ino = node->ino;
	if (S_ISCHR(node->type) && S_ISREG(st->st_mode))
		special_show(st);
	if (layer && layer->origin == ORIGIN_BASE)
		show_base(st);
	if (view_is_read_only(node))
		show_given(node->view, note, st);
	ids_adopt(st);
}

/* Of several layers: two and one for each directory in it, as any file system counts. */
static int count_links(struct node *node, struct layerset *below, bool in_upper, struct stat *st)
{
	nlink_t most = st->st_nlink;
	unsigned subdirs;
	int r;

	for (size_t i = in_upper ? 0 : 1; i < below->n && most == 2 && below->n < 4; i++) {
		struct stat lower;
		struct note note;

		r = lookup_stat_dir(node, below, i, &lower, &note);
		if (r < 0)
			return r;
		most = lower.st_nlink;
		if (most == 2 && i + 1 == below->n)
			return 0; /* none in any layer, and no need to read them */
	}
	r = lookup_count_dirs(node, &subdirs);
	st->st_nlink = 2 + subdirs;
	return r;
}

static int stat_dir(struct node *node, struct stat *st)
{
	autolayerset struct layerset *below = NULL;
	struct layer *top;
	struct note note;
	bool in_upper;
	int r;

	r = lookup_dir(node, &below, &in_upper);
	if (r < 0)
		return r;
	top = in_upper ? node->view->upper : below->n ? below->v[0] : NULL;
	if (!top) { /* removed, or in no layer any more: an empty directory */
		*st = (struct stat){ .st_mode = S_IFDIR | 0755, .st_nlink = 0 };
		view_show(node, NULL, NULL, st);
		return 0;
	}
	r = lookup_stat_dir(node, below, in_upper ? DIRSET_UPPER : 0, st, &note);
	if (r < 0)
		return r;
	if (in_upper + below->n > 1)
		r = count_links(node, below, in_upper, st);
	view_show(node, top, &note, st);
	return r;
}

static int stat_virtual(const struct node *node, struct stat *st)
{
	*st = (struct stat){
		/* what others could write into a build's folders would be committed */
		.st_mode = S_IFDIR | (node->virtual_dir == VIRTUAL_BUILD ? 0500 : 0555),
		.st_nlink = 2,
		.st_ino = node->ino,
		.st_uid = geteuid(),
		.st_gid = getegid(),
	};
	return 0;
}

/* Has the view that writes here a name of it that is none (orphan.h)? */
static bool is_kept_by_writer(const struct node *node, const struct site *site)
{
	const struct view *view = node->view;

	return view->writer && site->layer == view->upper &&
	       nodes_have_kept(view->nodes, view->writer, site->layer, site->real);
}

/* By its descriptor if it has one, else by its path. */
static int stat_file(struct node *node, const struct site *site, struct stat *st)
{
	struct file *file = data_get(node->view->files, node, false);
	struct note note = { 0 };
	autofd int fd = -1;
	int r;

	if (file) {
		r = fstat(file->fd, st) < 0 ? -errno : 0;
	} else {
		fd = site_open(node, site, O_PATH);
		r = fd < 0 ? fd : fstat(fd, st) < 0 ? -errno : 0;
		if (r == 0 && st->st_ino != site->real)
			r = -ENOENT;
	}
	if (r == 0)
		r = note_read(site->layer, file ? file->fd : fd, st->st_mode, &note);
	if (r == 0)
		note_show_mode(&note, st);
	data_close(file);
	if (site->kept || is_kept_by_writer(node, site))
		orphan_show(st);
	else if (site->unlinked && site->layer != node->view->upper)
		st->st_nlink = 0; /* here, but the layer below still has it */
	view_show(node, site->layer, &note, st);
	return r;
}

static int stat_site(struct node *node, struct stat *st)
{
	autosite struct site site = { 0 };
	int r = node_site(node->view->nodes, node, &site);

	return r < 0 ? r : stat_file(node, &site, st);
}

int view_stat(struct node *node, struct stat *st)
{
	int r;

	if (node->virtual_dir)
		return stat_virtual(node, st);
	if (node->dir)
		return stat_dir(node, st);
	r = stat_site(node, st);
	if (r == -ENOENT) { /* unlinked since we looked: it is elsewhere now */
		view_await(node);
		r = stat_site(node, st);
	}
	return r;
}

int view_getattr(struct node *node, struct stat *st)
{
	int r = view_enter(node);

	if (r < 0)
		return r;
	r = view_stat(node, st);
	view_leave(node);
	return r;
}

/* From the name to its node, with no copy-up going into place in between: else the file before and
 * the file after would be two nodes. */
static int find_node(struct node *dir, const char *name, struct found *found, struct node **ret)
{
	struct view *view = dir->view;
	int r;

	pthread_rwlock_rdlock(&view->placing);
	r = lookup_find(dir, name, found);
	if (r == 0) {
		/* A file that another view may write without a word gets a new node each time:
		 * nothing that the kernel keeps of the old one can be stale then. */
		bool fresh =
			view->shared && found->layer == view->upper && !S_ISDIR(found->st.st_mode);

		r = nodes_get(view->nodes, dir, name, found, fresh, ret);
	}
	pthread_rwlock_unlock(&view->placing);
	return r;
}

int view_lookup(struct node *dir, const char *name, struct node **ret, struct stat *st)
{
	struct view *view = dir->view;
	autofound struct found found = { 0 };
	struct node *node = NULL;
	int r;

	if (strlen(name) > NAME_MAX)
		return -ENAMETOOLONG;
	r = view_enter(dir);
	if (r < 0)
		return r;
	r = find_node(dir, name, &found, &node);
	if (r < 0 || !st)
		goto out;
	if (node->dir) {
		r = stat_dir(node, st);
	} else if (found.st.st_nlink > 1) { /* one of them may be a kept one (orphan.h) */
		r = view_stat(node, st);
	} else {
		*st = found.st;
		view_show(node, found.layer, &found.note, st);
	}
out:
	view_leave(dir);
	if (r < 0)
		node_unref(view->nodes, node);
	else
		*ret = node;
	return r;
}

int view_walk(struct view *view, const char *path, struct node **ret, struct stat *st)
{
	autofree char *copy = strdup(path);
	struct node *node = view->root;
	char *save = NULL;
	int r = 0;

	if (!copy)
		return -ENOMEM;
	node_ref(view->nodes, node);
	for (char *name = strtok_r(copy, "/", &save); name; name = strtok_r(NULL, "/", &save)) {
		struct node *next = NULL;

		if (strcmp(name, ".") == 0)
			continue;
		r = strcmp(name, "..") == 0 ? -EINVAL : view_lookup(node, name, &next, NULL);
		node_unref(view->nodes, node);
		if (r < 0)
			return r;
		node = next;
	}
	if (st)
		r = view_getattr(node, st);
	if (r < 0)
		node_unref(view->nodes, node);
	else
		*ret = node;
	return r;
}

int view_list(struct node *dir, struct names **ret)
{
	int r = view_enter(dir);

	if (r < 0)
		return r;
	r = lookup_list(dir, ret);
	view_leave(dir);
	return r;
}

/* Those of the directory, the upper first where it has it. */
static struct layerset *numbered_layers(struct node *dir, struct layerset *below, bool in_upper)
{
	autofree struct layer **v = in_upper ? calloc(below->n + 1, sizeof(struct layer *)) : NULL;

	if (!in_upper)
		return layerset_ref(below);
	if (!v)
		return NULL;
	v[0] = dir->view->upper;
	for (size_t i = 0; i < below->n; i++)
		v[i + 1] = below->v[i];
	return layerset_new(v, below->n + 1);
}

int view_list_layers(struct node *dir, struct names **ret, struct layerset **layers)
{
	autolayerset struct layerset *below = NULL;
	bool in_upper;
	int r = view_enter(dir);

	if (r < 0)
		return r;
	r = lookup_dir(dir, &below, &in_upper);
	if (r == 0)
		r = lookup_list(dir, ret);
	view_leave(dir);
	if (r < 0)
		return r;
	*layers = numbered_layers(dir, below, in_upper);
	return *layers ? 0 : -ENOMEM; /* the names are released with what the caller has */
}

int view_peek(struct node *dir, const char *name, struct stat *st)
{
	autofound struct found found = { 0 };
	int r = view_enter(dir);

	if (r < 0)
		return r;
	r = lookup_find(dir, name, &found);
	view_leave(dir);
	*st = found.st;
	st->st_ino = found.ino;
	return r;
}

static int read_link(struct node *node, char **ret)
{
	autofd int fd = view_open_path(node);

	return fd < 0 ? fd : io_readlink(fd, ret);
}

int view_readlink(struct node *node, char **ret)
{
	int r;

	if (!S_ISLNK(node->type))
		return -EINVAL;
	r = view_enter(node);
	if (r < 0)
		return r;
	r = read_link(node, ret);
	view_leave(node);
	return r;
}

int view_statvfs(struct node *node, struct statvfs *st)
{
	struct layer *layer = node->view->upper;

	if (!layer && node->view->below->n)
		layer = node->view->below->v[0];
	if (!layer || fstatvfs(layer->fd, st) < 0)
		return layer ? -errno : -ENOSYS;
	return 0;
}

int view_sync_dir(struct node *dir)
{
	struct view *view = dir->view;
	autolayerset struct layerset *below = NULL;
	autofree char *path = NULL;
	autofd int fd = -1;
	bool in_upper = false;
	int r;

	r = view_enter(dir);
	if (r < 0)
		return r;
	path = node_path(view->nodes, dir);
	r = path ? lookup_dir(dir, &below, &in_upper) : -ENOMEM;
	if (r == 0 && in_upper)
		fd = layer_open(view->upper, path, O_RDONLY | O_DIRECTORY);
	view_leave(dir);
	if (r < 0 || !in_upper)
		return r;
	if (fd < 0)
		return fd;
	return fsync(fd) < 0 ? -errno : 0;
}

int view_tag(struct node *node, struct layer **ret)
{
	struct view *view = node->view;
	autolayerset struct layerset *below = NULL;
	bool in_upper;
	int r;

	if (!node->dir) {
		*ret = node_layer(view->nodes, node);
		return 0;
	}
	r = lookup_dir(node, &below, &in_upper);
	if (r < 0)
		return r;
	if (below->n)
		*ret = layer_ref(below->v[below->n - 1]);
	else if (in_upper)
		*ret = layer_ref(view->upper);
	else
		return -ENODATA;
	return 0;
}
