// SPDX-License-Identifier: GPL-2.0-or-later
/* lookup.c - from a name to the layer that has it (see view.h).
 *
 * A directory knows the layers that it is made of, and in what they add up to (`index`) which of
 * them is the topmost for a name. So a look-up costs one or two calls, be it over 1 layer or 200.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/store/names.h"
#include "fs/store/parts.h"
#include "fs/store/special.h"
#include "fs/store/whiteout.h"
#include "fs/view/dirs.h"
#include "fs/view/mirror.h"
#include "fs/view/inside.h"

/* Fewer layers than this are asked one by one; more are worth reading their directories once. */
enum { INDEX_FROM = 3 };
/* Of fewer names than this each is asked for. */
enum { LIST_FROM = 16 };

void found_release(struct found *found)
{
	layerset_unref(found->below);
	found->below = NULL;
}

/* A name in a directory, while it is looked for. */
struct quest {
	struct node *dir;
	const char *name;
	struct layerset *below; /* what the directory is made of */
	bool in_upper;
	struct dirset *set; /* its descriptors there */
};

#define autoquest cleanup(quest_release)
static void quest_release(struct quest *q)
{
	dirset_put(q->set);
	layerset_unref(q->below);
}

static int known_layers(struct node *dir, struct layerset **below, bool *in_upper);
static int bring_up_to_date(struct node *dir);

/* In a directory that is up to date. */
static int quest_begin_here(struct quest *q, struct node *dir, const char *name)
{
	int r = known_layers(dir, &q->below, &q->in_upper);

	if (r < 0)
		return r;
	q->dir = dir;
	q->name = name;
	q->set = dirset_get(dir, q->below);
	return q->set ? 0 : -ENOMEM;
}

static int quest_begin(struct quest *q, struct node *dir, const char *name)
{
	int r = bring_up_to_date(dir);

	return r < 0 ? r : quest_begin_here(q, dir, name);
}

/* In the upper (DIRSET_UPPER) or a layer below. */
static struct layer *quest_layer(const struct quest *q, int i)
{
	return i == DIRSET_UPPER ? q->dir->view->upper : q->below->v[i];
}

static int stat_name(const struct quest *q, int i, struct found *found)
{
	int fd = dirset_fd(q->set, i);

	found->layer = quest_layer(q, i);
	if (fd < 0)
		return fd;
	return note_stat_at(found->layer, fd, q->name, &found->st, &found->note);
}

static int open_name(const struct quest *q, int i, int flags)
{
	int fd = dirset_fd(q->set, i);

	return fd < 0 ? fd : layer_open_at(fd, q->name, flags);
}

/* Nothing there: a name that is not, or one below something that is no directory in that layer. */
static bool is_absent(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ELOOP;
}

/* 1, 0 or -errno. */
static int is_opaque(const struct quest *q, int i)
{
	int fd = dirset_fd(q->set, i);
	int r = fd < 0 ? fd : opaque_is_at(fd, q->name);

	return is_absent(r) ? 0 : r;
}

/* Which of the layers `i` to `last` show a directory of that name, until something hides the rest.
 * `*lowest` is what the last one says of it. */
static int stack_up(const struct quest *q, size_t i, size_t last, struct layerset **ret,
		    struct found *lowest)
{
	autofree struct layer **in = calloc(last - i + 1, sizeof(*in));
	size_t found = 0;

	if (!in)
		return -ENOMEM;
	for (; i <= last; i++) {
		struct found here = { 0 };
		int r = stat_name(q, i, &here);

		if (is_absent(r))
			continue;
		if (r < 0)
			return r;
		if (!S_ISDIR(here.st.st_mode))
			break;
		*lowest = here;
		in[found++] = here.layer;
		r = here.layer->origin != ORIGIN_BASE && i < last ? is_opaque(q, i) : 0;
		if (r < 0)
			return r;
		if (r > 0)
			break;
	}
	*ret = layerset_new(in, found);
	return *ret ? 0 : -ENOMEM;
}

/* A device that looks like a whiteout is kept as a file: see special.h. */
static int decode_special(const struct quest *q, int i, struct found *found)
{
	autofd int fd = -1;
	int r;

	if (!special_may_be(&found->st) || found->layer->origin == ORIGIN_BASE)
		return 0;
	fd = open_name(q, i, O_PATH);
	r = fd < 0 ? fd : special_is(fd);
	if (r > 0)
		special_show(&found->st);
	return r < 0 ? r : 0;
}

static ino_t shown_ino(const struct found *found)
{
	return found->note.ino ? found->note.ino : found->st.st_ino | found->layer->ino_salt;
}

/* What a directory that was found in layer `i` is made of; `whole`: of all layers to `last`. */
static int find_parts(const struct quest *q, size_t i, size_t last, bool whole, struct found *found)
{
	struct found lowest = *found;
	int r = 0;

	last = last > i ? last : i;
	if (whole && (i == last || stat_name(q, last, &lowest) == 0)) {
		found->below = layerset_new(q->below->v + i, last - i + 1);
		r = found->below ? 0 : -ENOMEM;
	} else {
		r = stack_up(q, i, last, &found->below, &lowest);
	}
	if (r == 0)
		found->ino = shown_ino(&lowest);
	return r;
}

/* Among the immutable layers: the topmost that has the name. -ENOENT for a whiteout too. */
static int find_in(const struct quest *q, const struct names *index, struct found *found)
{
	size_t i = 0, last = q->below->n - 1;
	bool whole = false;
	int r = -ENOENT;

	if (index) {
		const struct name *entry = names_find(index, q->name);

		if (!entry || entry->whiteout)
			return -ENOENT;
		i = entry->layer;
		last = entry->last;
		whole = entry->parts == last - i + 1;
	}
	for (; i < q->below->n; i++) {
		r = stat_name(q, i, found);
		if (!is_absent(r))
			break;
		r = -ENOENT;
	}
	if (r < 0)
		return r;
	if (whiteout_is(&found->st) && found->layer->origin != ORIGIN_BASE)
		return -ENOENT;
	r = decode_special(q, i, found);
	if (r < 0)
		return r;
	found->ino = shown_ino(found);
	return S_ISDIR(found->st.st_mode) ? find_parts(q, i, last, whole, found) : 0;
}

static unsigned generation_of(const struct view *view)
{
	return __atomic_load_n(&view->generation, __ATOMIC_SEQ_CST);
}

static int find_here(struct node *dir, const char *name, struct found *found);

/* The directory of a view whose layers have changed since it was last asked; the one that it is in
 * is up to date. */
static int refresh(struct node *dir, unsigned generation)
{
	struct view *view = dir->view;
	struct node *parent = node_parent(view->nodes, dir);
	autofound struct found found = { 0 };
	struct layerset *below;
	int r;

	if (view_is_read_only(dir)) /* the upper's may be another directory by now */
		dirs_drop(dir);
	if (parent) {
		r = find_here(parent, node_name(view->nodes, dir), &found);
		if (r < 0 && r != -ENOENT && r != -ENOTDIR)
			return r;
		below = found.below ? layerset_ref(found.below) : layerset_new(NULL, 0);
		if (!below)
			return -ENOMEM;
	} else {
		below = layerset_ref(view->below);
	}
	pthread_mutex_lock(&view->nodes->lock);
	if (!dir->dir->below || !layerset_equal(dir->dir->below, below)) {
		layerset_unref(dir->dir->below);
		names_unref(dir->dir->index);
		dir->dir->below = layerset_ref(below);
		dir->dir->index = NULL;
	}
	names_unref(dir->dir->listing);
	dir->dir->listing = NULL;
	dir->dir->counted = false;
	dir->dir->changes++;
	dir->dir->generation = generation;
	if (parent)
		dir->dir->in_upper = found.in_upper;
	pthread_mutex_unlock(&view->nodes->lock);
	layerset_unref(below);
	return 0;
}

/* Build and remember what the lower layers add up to. */
static int load_index(struct node *dir, struct layerset *below, struct names **ret)
{
	struct nodes *nodes = dir->view->nodes;
	autonames struct names *names = NULL;
	autofree char *path = NULL;
	struct dir *d = dir->dir;

	pthread_mutex_lock(&nodes->lock);
	if (d->index && d->below == below)
		names = names_ref(d->index);
	pthread_mutex_unlock(&nodes->lock);
	if (names) {
		*ret = take_ptr(names);
		return 0;
	}
	names = names_new();
	path = node_path(nodes, dir);
	if (!names || !path)
		return -ENOMEM;
	for (size_t i = 0; i < below->n; i++) {
		const struct layer *layer = below->v[i];
		bool marks = layer->origin != ORIGIN_BASE;
		autofd int fd = layer_open(layer, path, O_RDONLY | O_DIRECTORY);
		int r = fd < 0 ? fd
			       : names_add_dir(names, fd, i, layer->ino_salt, marks,
					       marks && layer->notes == NOTE_SOME);

		if (r < 0)
			return r;
	}
	names_finish(names);
	pthread_mutex_lock(&nodes->lock);
	if (!d->index && d->below == below)
		d->index = names_ref(names);
	pthread_mutex_unlock(&nodes->lock);
	*ret = take_ptr(names);
	return 0;
}

static bool is_old(const struct node *dir, unsigned generation)
{
	struct nodes *nodes = dir->view->nodes;
	bool old;

	pthread_mutex_lock(&nodes->lock);
	old = !dir->unlinked && (dir->view->shared || dir->dir->generation != generation);
	pthread_mutex_unlock(&nodes->lock);
	return old;
}

/* The directory and those that it is in, from the top: they may be many. */
static int refresh_chain(struct node *dir, size_t n, unsigned generation)
{
	autofree struct node **chain = calloc(n, sizeof(*chain));
	int r = 0;

	if (!chain)
		return -ENOMEM;
	for (size_t i = n; i-- > 0; dir = node_parent(dir->view->nodes, dir))
		chain[i] = dir;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = refresh(chain[i], generation);
	return r;
}

static int bring_up_to_date(struct node *dir)
{
	/* what changes from here on is another one */
	unsigned generation = generation_of(dir->view);
	size_t n = 0;

	if (!dir->dir)
		return -ENOTDIR;
	for (struct node *d = dir; d && is_old(d, generation); d = node_parent(d->view->nodes, d))
		n++;
	return n ? refresh_chain(dir, n, generation) : 0;
}

int lookup_dir(struct node *dir, struct layerset **below, bool *in_upper)
{
	int r = bring_up_to_date(dir);

	return r < 0 ? r : known_layers(dir, below, in_upper);
}

static int known_layers(struct node *dir, struct layerset **below, bool *in_upper)
{
	struct nodes *nodes = dir->view->nodes;

	pthread_mutex_lock(&nodes->lock);
	*below = dir->unlinked || !dir->dir->below ? layerset_new(NULL, 0)
						   : layerset_ref(dir->dir->below);
	*in_upper = dir->dir->in_upper && !dir->unlinked;
	pthread_mutex_unlock(&nodes->lock);
	return *below ? 0 : -ENOMEM;
}

static int find_below(const struct quest *q, struct found *found)
{
	autonames struct names *index = NULL;

	if (!q->below->n)
		return -ENOENT;
	if (q->below->n >= INDEX_FROM) {
		int r = load_index(q->dir, q->below, &index);

		if (r < 0)
			return r;
	}
	return find_in(q, index, found);
}

/* What the upper says: 0, or -ENOENT when the lower layers decide; a whiteout is told apart. */
static int find_upper(const struct quest *q, struct found *found)
{
	struct found lower = { 0 };
	int r = stat_name(q, DIRSET_UPPER, found);

	if (r < 0)
		return is_absent(r) ? -ENOENT : r;
	if (whiteout_is(&found->st)) {
		found->whiteout = true;
		return -ENOENT;
	}
	r = decode_special(q, DIRSET_UPPER, found);
	if (r < 0)
		return r;
	found->ino = shown_ino(found);
	if (!S_ISDIR(found->st.st_mode))
		return 0;
	found->in_upper = true;
	r = q->below->n ? is_opaque(q, DIRSET_UPPER) : 1;
	if (r != 0)
		return r < 0 ? r : 0;
	r = find_below(q, &lower);
	if (r == 0 && lower.below) {
		found->ino = lower.ino;
		found->below = take_ptr(lower.below);
	}
	found_release(&lower);
	return r == -ENOENT ? 0 : r;
}

static bool is_reserved(const struct node *dir, const char *name)
{
	return dir == dir->view->root && strcmp(name, VIEW_RESERVED_NAME) == 0;
}

int lookup_check_new_name(const struct node *dir, const char *name)
{
	if (strlen(name) > NAME_MAX)
		return -ENAMETOOLONG;
	return is_reserved(dir, name) ? -EPERM : 0;
}

/* Has the layer whose files do not show the name? 1, 0 or -errno. */
static int is_hiding(struct dirset *set, const struct view *view, const char *name)
{
	int fd = view->hide ? dirset_fd(set, DIRSET_HIDE) : -ENOENT;
	struct stat st;
	int r = fd < 0 ? fd : layer_stat_at(view->hide, fd, name, &st);

	/* where we may not look there is nothing to know, now or ever */
	return r == 0 ? 1 : is_absent(r) || r == -EACCES || r == -EXDEV ? 0 : r;
}

static bool has_rules(const struct layer *layer)
{
	return layer_parts(layer)->rules.n > 0;
}

/* Do the rules of their packages take all that is in the directory? */
static int is_dir_unstaged(struct node *dir, const char *name, const struct found *found)
{
	autofree char *path = NULL;

	if (found->in_upper || !found->below)
		return 0;
	for (size_t i = 0; i < found->below->n; i++)
		if (!has_rules(found->below->v[i]))
			return 0;
	path = node_child_path(dir->view->nodes, dir, name);
	for (size_t i = 0; path && i < found->below->n; i++)
		if (parts_stages_below(layer_parts(found->below->v[i]), path))
			return 0;
	return path ? 1 : -ENOMEM;
}

/* Do the rules of its package take the file? */
static int is_file_unstaged(struct node *dir, const char *name, const struct layer *layer,
			    bool is_link)
{
	autofree char *path = NULL;

	if (!has_rules(layer))
		return 0;
	path = node_child_path(dir->view->nodes, dir, name);
	return path ? !parts_stages(layer_parts(layer), path, is_link) : -ENOMEM;
}

/* Does staging leave out what was found? 1, 0 or -errno. */
static int is_hidden(const struct quest *q, const struct found *found)
{
	int r;

	if (S_ISDIR(found->st.st_mode))
		return is_dir_unstaged(q->dir, q->name, found);
	r = is_hiding(q->set, q->dir->view, q->name);
	if (r != 0)
		return r;
	return is_file_unstaged(q->dir, q->name, found->layer, S_ISLNK(found->st.st_mode));
}

int lookup_find(struct node *dir, const char *name, struct found *found)
{
	int r = bring_up_to_date(dir);

	*found = (struct found){ 0 };
	return r < 0 ? r : find_here(dir, name, found);
}

static int find_here(struct node *dir, const char *name, struct found *found)
{
	autoquest struct quest q = { 0 };
	int r;

	*found = (struct found){ 0 };
	if (is_reserved(dir, name))
		return -ENOENT;
	r = quest_begin_here(&q, dir, name);
	if (r < 0)
		return r;
	r = q.in_upper ? find_upper(&q, found) : -ENOENT;
	if (r == -ENOENT && !found->whiteout)
		r = find_below(&q, found);
	if (r == 0 && dir->view->staging) {
		int hidden = is_hidden(&q, found);

		if (hidden)
			found_release(found);
		r = hidden > 0 ? -ENOENT : hidden;
	}
	return r;
}

int lookup_below(struct node *dir, const char *name, bool *ret)
{
	autoquest struct quest q = { 0 };
	autofound struct found found = { 0 };
	int r = quest_begin(&q, dir, name);

	if (r == 0)
		r = find_below(&q, &found);
	*ret = r == 0;
	return r == -ENOENT ? 0 : r;
}

int lookup_open_upper(struct node *dir)
{
	autoquest struct quest q = { 0 };
	int r = quest_begin(&q, dir, "");
	int fd = r < 0 ? r : q.in_upper ? dirset_fd(q.set, DIRSET_UPPER) : -ENOENT;
	int own;

	if (fd < 0)
		return fd;
	do
		own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	while (own < 0 && (errno == EMFILE || errno == ENFILE) && files_shrink(dir->view->files));
	return own < 0 ? -errno : own;
}

int lookup_stat_dir(struct node *dir, struct layerset *below, int i, struct stat *st,
		    struct note *note)
{
	struct dirset *set = dirset_get(dir, below);
	int fd = set ? dirset_fd(set, i) : -ENOMEM;
	int r;

	view_lock_times(dir, false); /* else who asks may see those that a copy-up puts back */
	r = fd < 0 ? fd : fstat(fd, st) < 0 ? -errno : 0;
	view_unlock_times(dir);
	if (r == 0)
		r = note_read(i == DIRSET_UPPER ? dir->view->upper : below->v[i], fd, S_IFDIR,
			      note);
	if (r == 0)
		note_show_mode(note, st);
	dirset_put(set);
	return r;
}

/* Is it a name that a rule of its package, the layer `top`, keeps out of staging? */
static int is_name_unstaged(struct node *dir, const struct name *entry, const struct layer *top)
{
	autofound struct found found = { 0 };
	int r;

	if (entry->whiteout)
		return 0;
	if (entry->type != DT_DIR)
		return is_file_unstaged(dir, entry->text, top, entry->type == DT_LNK);
	if (!has_rules(top))
		return 0;
	r = lookup_find(dir, entry->text, &found);
	return r == -ENOENT ? 1 : r;
}

/* The names in the layer whose files do not show, if it is worth reading them for `n` that do;
 * else, or if they cannot be read, `*ret` stays NULL. */
static int list_hiding(struct dirset *set, const struct view *view, size_t n, struct names **ret)
{
	int dir = view->hide && n >= LIST_FROM ? dirset_fd(set, DIRSET_HIDE) : -ENOENT;
	autofd int fd = dir < 0 ? -1 : layer_open_at(dir, "", O_RDONLY | O_DIRECTORY);
	autonames struct names *names = fd < 0 ? NULL : names_new();
	int r;

	if (!names)
		return fd < 0 ? 0 : -ENOMEM;
	r = names_add_dir(names, fd, 0, view->hide->ino_salt, false, false);
	names_finish(names);
	if (r == 0)
		*ret = take_ptr(names);
	return r;
}

/* Staging leaves out what the base has, and marks what the packages' rules keep out as gone. The
 * numbers of `all` count from the upper if it has the directory. */
static int hide_names(struct node *dir, struct layerset *below, bool in_upper,
		      const struct names *all, struct names *shown)
{
	struct dirset *set = dirset_get(dir, below);
	autonames struct names *hiding = NULL;
	int r = set ? list_hiding(set, dir->view, all->n, &hiding) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < all->n; i++) {
		struct name entry = all->v[i];
		int unstaged = 0, hidden = 0;

		if (entry.type != DT_DIR)
			hidden = hiding ? !!names_find(hiding, entry.text)
					: is_hiding(set, dir->view, entry.text);
		if (!hidden && !(in_upper && entry.layer == 0))
			unstaged = is_name_unstaged(dir, &entry, below->v[entry.layer - in_upper]);
		entry.unstaged = unstaged > 0;
		entry.whiteout = entry.whiteout || entry.unstaged;
		if (hidden < 0 || unstaged < 0)
			r = hidden < 0 ? hidden : unstaged;
		else if (!hidden)
			r = names_add(shown, entry.text, &entry);
	}
	names_finish(shown);
	dirset_put(set);
	return r;
}

/* Everything, the upper first as number 0, if it has the directory, and then the others. */
static int list_all(struct node *dir, struct layerset *below, bool in_upper, struct names *names)
{
	struct view *view = dir->view;
	autofree char *path = node_path(view->nodes, dir);
	autonames struct names *index = NULL;
	int r;

	if (!path)
		return -ENOMEM;
	if (in_upper) {
		autofd int fd = layer_open(view->upper, path, O_RDONLY | O_DIRECTORY);

		r = fd < 0 ? fd
			   : names_add_dir(names, fd, 0, view->upper->ino_salt, true,
					   view->upper->notes == NOTE_SOME);
		if (r < 0)
			return r;
	}
	r = load_index(dir, below, &index);
	if (r < 0)
		return r;
	for (size_t i = 0; i < index->n; i++) {
		struct name entry = index->v[i];

		entry.layer += in_upper;
		r = names_add(names, entry.text, &entry);
		if (r < 0)
			return r;
	}
	names_finish(names);
	return 0;
}

/* May there be names that do not show? */
static bool may_hide(struct node *dir, struct layerset *below)
{
	struct view *view = dir->view;
	struct dirset *set;
	bool may;

	if (!view->staging)
		return false;
	for (size_t i = 0; i < below->n; i++)
		if (has_rules(below->v[i]))
			return true;
	set = view->hide ? dirset_get(dir, below) : NULL;
	may = view->hide && (!set || dirset_fd(set, DIRSET_HIDE) != -ENOENT);
	dirset_put(set);
	return may;
}

int lookup_list(struct node *dir, struct names **ret)
{
	struct view *view = dir->view;
	struct nodes *nodes = view->nodes;
	autolayerset struct layerset *below = NULL;
	autonames struct names *names = NULL;
	autonames struct names *shown = NULL;
	unsigned changes;
	bool in_upper;
	int r;

	r = lookup_dir(dir, &below, &in_upper);
	if (r < 0)
		return r;
	pthread_mutex_lock(&nodes->lock);
	changes = dir->dir->changes;
	if (dir->dir->listing && !view->shared)
		names = names_ref(dir->dir->listing);
	pthread_mutex_unlock(&nodes->lock);
	if (names) {
		*ret = take_ptr(names);
		return 0;
	}
	if (!in_upper && !may_hide(dir, below))
		return load_index(dir, below, ret);
	names = names_new();
	if (!names)
		return -ENOMEM;
	r = list_all(dir, below, in_upper, names);
	if (r == 0 && may_hide(dir, below)) {
		shown = names_new();
		r = shown ? hide_names(dir, below, in_upper, names, shown) : -ENOMEM;
		if (r == 0) {
			names_unref(names);
			names = take_ptr(shown);
		}
	}
	if (r < 0)
		return r;
	pthread_mutex_lock(&nodes->lock);
	if (!dir->dir->listing && dir->dir->changes == changes)
		dir->dir->listing = names_ref(names);
	pthread_mutex_unlock(&nodes->lock);
	*ret = take_ptr(names);
	return 0;
}

void view_listed(struct node *dir)
{
	struct nodes *nodes = dir->view->nodes;
	struct names *listing, *index = NULL;

	pthread_mutex_lock(&nodes->lock);
	listing = take_ptr(dir->dir->listing);
	if (dir->dir->below && dir->dir->below->n < INDEX_FROM)
		index = take_ptr(dir->dir->index);
	pthread_mutex_unlock(&nodes->lock);
	names_unref(listing);
	names_unref(index);
}

int lookup_check_empty(struct node *dir)
{
	autonames struct names *names = NULL;
	int r = lookup_list(dir, &names);

	for (size_t i = 0; r == 0 && i < names->n; i++)
		if (!names->v[i].whiteout)
			r = -ENOTEMPTY;
	return r;
}

static unsigned count_in(const struct node *dir, const struct names *names)
{
	unsigned n = 0;

	for (size_t i = 0; i < names->n; i++)
		n += names->v[i].type == DT_DIR &&
		     !(dir == dir->view->root && strcmp(names->v[i].text, VIEW_RESERVED_NAME) == 0);
	return n;
}

int lookup_count_dirs(struct node *dir, unsigned *ret)
{
	struct nodes *nodes = dir->view->nodes;
	autonames struct names *names = NULL;
	struct dir *d = dir->dir;
	unsigned changes;
	bool counted;
	int r;

	pthread_mutex_lock(&nodes->lock);
	*ret = d->subdirs;
	counted = d->counted && !dir->view->shared;
	changes = d->changes;
	pthread_mutex_unlock(&nodes->lock);
	if (counted)
		return 0;
	r = lookup_list(dir, &names);
	if (r < 0)
		return r;
	*ret = count_in(dir, names);
	pthread_mutex_lock(&nodes->lock);
	if (d->changes == changes && !d->counting) {
		d->subdirs = *ret;
		d->counted = true;
	}
	pthread_mutex_unlock(&nodes->lock);
	return 0;
}

void lookup_hold_count(struct node *dir)
{
	struct nodes *nodes = dir->view->nodes;

	pthread_mutex_lock(&nodes->lock);
	dir->dir->counting++;
	pthread_mutex_unlock(&nodes->lock);
}

/* Who counts meanwhile may have seen the directory or not, so what he says is not kept. */
void lookup_adjust_count(struct node *dir, int by)
{
	struct nodes *nodes = dir->view->nodes;

	pthread_mutex_lock(&nodes->lock);
	dir->dir->counting--;
	dir->dir->changes++;
	dir->dir->subdirs += by;
	pthread_mutex_unlock(&nodes->lock);
}

static void forget_listing(struct node *dir)
{
	struct nodes *nodes = dir->view->nodes;
	struct names *old;

	pthread_mutex_lock(&nodes->lock);
	old = take_ptr(dir->dir->listing);
	dir->dir->changes++;
	pthread_mutex_unlock(&nodes->lock);
	names_unref(old);
}

void lookup_changed(struct node *dir, const char *name, const struct found *was)
{
	struct view *view = dir->view;

	forget_listing(dir);
	mirror_name(view->mirror, dir, name);
	if (was && was->layer == view->upper && !S_ISDIR(was->st.st_mode) && was->st.st_nlink > 1)
		mirror_file(view->mirror, was->layer, was->st.st_ino);
}

void lookup_set_upper(struct node *dir, bool opaque)
{
	struct nodes *nodes = dir->view->nodes;
	struct layerset *below = NULL;
	struct names *index = NULL;

	forget_listing(dir);
	pthread_mutex_lock(&nodes->lock);
	dir->dir->in_upper = true;
	if (opaque) {
		below = take_ptr(dir->dir->below);
		index = take_ptr(dir->dir->index);
	}
	pthread_mutex_unlock(&nodes->lock);
	layerset_unref(below);
	names_unref(index);
	mirror_dir(dir->view->mirror, dir);
}
