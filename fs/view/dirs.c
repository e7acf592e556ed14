// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/view/dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/view/view.h"

struct dirset {
	struct dirs *dirs;
	struct layerset *below;
	struct node *node; /* whose it is: only for those who use it */
	/* under dirs->lock */
	struct node
		*dir; /* the same; NULL: not, or no longer, in the list: goes with its last user */
	struct dirset *newer, *older;
	unsigned users;
	size_t n_open;
	int fds[]; /* NOT_OPENED; of view->hide, the upper's, then those below */
};

enum {
	NOT_OPENED = -1,
	ABSENT = -2,
	FIRST_BELOW = 2, /* in `fds` */
};

static size_t n_slots(const struct layerset *below)
{
	return FIRST_BELOW + below->n;
}

void dirs_init(struct dirs *dirs, size_t max)
{
	*dirs = (struct dirs){ .max = max };
	pthread_mutex_init(&dirs->lock, NULL);
}

void dirs_release(struct dirs *dirs)
{
	pthread_mutex_destroy(&dirs->lock);
}

static void list_remove(struct dirs *dirs, struct dirset *set)
{
	*(set->newer ? &set->newer->older : &dirs->newest) = set->older;
	*(set->older ? &set->older->newer : &dirs->oldest) = set->newer;
	set->newer = set->older = NULL;
}

static void list_add(struct dirs *dirs, struct dirset *set)
{
	set->older = dirs->newest;
	*(dirs->newest ? &dirs->newest->newer : &dirs->oldest) = set;
	dirs->newest = set;
}

/* Under the lock. Returns a set to free after unlocking, or NULL while somebody uses it. */
static struct dirset *detach(struct dirset *set)
{
	if (set->dir) {
		list_remove(set->dirs, set);
		set->dirs->n -= set->n_open;
		set->dir->dir->set = NULL;
		set->dir = NULL;
	}
	return set->users ? NULL : set;
}

static void set_free(struct dirset *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < n_slots(set->below); i++)
		if (set->fds[i] >= 0)
			close(set->fds[i]);
	layerset_unref(set->below);
	free(set);
}

/* Under the lock. */
static struct dirset *detach_oldest(struct dirs *dirs)
{
	struct dirset *set = dirs->oldest;

	while (set && set->users)
		set = set->newer;
	return set ? detach(set) : NULL;
}

bool dirs_shrink(struct dirs *dirs)
{
	struct dirset *set;

	pthread_mutex_lock(&dirs->lock);
	set = detach_oldest(dirs);
	pthread_mutex_unlock(&dirs->lock);
	set_free(set);
	return set;
}

static struct dirset *set_new(struct node *dir, struct layerset *below)
{
	struct dirset *set = malloc(sizeof(*set) + n_slots(below) * sizeof(set->fds[0]));

	if (!set)
		return NULL;
	*set = (struct dirset){
		.dirs = &dir->view->files->dirs,
		.below = layerset_ref(below),
		.node = dir,
		.users = 1,
	};
	for (size_t i = 0; i < n_slots(below); i++)
		set->fds[i] = NOT_OPENED;
	return set;
}

static bool is_of(const struct dirset *set, const struct layerset *below)
{
	return set->below == below || layerset_equal(set->below, below);
}

struct dirset *dirset_get(struct node *dir, struct layerset *below)
{
	struct dirs *dirs = &dir->view->files->dirs;
	struct dirset *set, *old = NULL;

	pthread_mutex_lock(&dirs->lock);
	set = dir->dir->set;
	if (set && is_of(set, below)) {
		set->users++;
		list_remove(dirs, set);
		list_add(dirs, set);
		pthread_mutex_unlock(&dirs->lock);
		return set;
	}
	pthread_mutex_unlock(&dirs->lock);
	set = set_new(dir, below);
	if (!set || dir->view->shared)
		return set;
	pthread_mutex_lock(&dirs->lock);
	if (dir->dir->set)
		old = detach(dir->dir->set);
	set->dir = dir;
	dir->dir->set = set;
	list_add(dirs, set);
	pthread_mutex_unlock(&dirs->lock);
	set_free(old);
	return set;
}

void dirset_put(struct dirset *set)
{
	bool last;

	if (!set)
		return;
	pthread_mutex_lock(&set->dirs->lock);
	last = --set->users == 0 && !set->dir;
	pthread_mutex_unlock(&set->dirs->lock);
	if (last)
		set_free(set);
}

static int open_dir(struct dirset *set, int i)
{
	struct view *view = set->node->view;
	const struct layer *layer = i == DIRSET_HIDE	? view->hide
				    : i == DIRSET_UPPER ? view->upper
							: set->below->v[i];
	autofree char *path = node_path(view->nodes, set->node);
	int fd;

	if (!path)
		return -ENOMEM;
	do
		fd = layer_open(layer, path, O_PATH | O_DIRECTORY);
	while ((fd == -EMFILE || fd == -ENFILE) && files_shrink(view->files));
	return fd;
}

int dirset_fd(struct dirset *set, int i)
{
	struct dirs *dirs = set->dirs;
	struct dirset *spare = NULL;
	int *slot = &set->fds[i + FIRST_BELOW];
	int fd = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
	int other;

	if (fd >= 0 || fd == ABSENT)
		return fd >= 0 ? fd : -ENOENT;
	fd = open_dir(set, i);
	if (i == DIRSET_HIDE && (fd == -ENOENT || fd == -ENOTDIR)) {
		pthread_mutex_lock(&dirs->lock);
		__atomic_store_n(slot, ABSENT, __ATOMIC_RELEASE);
		pthread_mutex_unlock(&dirs->lock);
	}
	if (fd < 0)
		return fd;
	pthread_mutex_lock(&dirs->lock);
	other = *slot;
	if (other < 0) {
		__atomic_store_n(slot, fd, __ATOMIC_RELEASE);
		set->n_open++;
		dirs->n += set->dir ? 1 : 0;
		if (dirs->n > dirs->max)
			spare = detach_oldest(dirs);
	}
	pthread_mutex_unlock(&dirs->lock);
	set_free(spare);
	if (other < 0)
		return fd;
	close(fd); /* somebody else was faster */
	return other;
}

void dirs_drop_view(struct dirs *dirs, const struct view *view)
{
	struct dirset *gone = NULL;

	pthread_mutex_lock(&dirs->lock);
	for (struct dirset *set = dirs->newest, *next; set; set = next) {
		next = set->older;
		if (set->dir->view != view)
			continue;
		set = detach(set);
		if (set) { /* nobody uses it: `older` is free to chain it */
			set->older = gone;
			gone = set;
		}
	}
	pthread_mutex_unlock(&dirs->lock);
	for (struct dirset *set = gone, *next; set; set = next) {
		next = set->older;
		set_free(set);
	}
}

void dirs_drop(struct node *dir)
{
	struct dirs *dirs = &dir->view->files->dirs;
	struct dirset *set = NULL;

	pthread_mutex_lock(&dirs->lock);
	if (dir->dir->set)
		set = detach(dir->dir->set);
	pthread_mutex_unlock(&dirs->lock);
	set_free(set);
}
