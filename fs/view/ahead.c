// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/view/ahead.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/store/layer.h"
#include "fs/store/names.h"
#include "fs/view/view.h"

enum {
	LARGEST = 64 * 1024,  /* of a larger file, asking is not what takes the time */
	MOST_BYTES = 1 << 20, /* at once */
	FIRST_WINDOW = 4,
	LAST_WINDOW = 64,
};

void ahead_init(struct ahead *a, struct nodes *nodes)
{
	*a = (struct ahead){ .nodes = nodes };
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->more, NULL);
}

void ahead_release(struct ahead *a)
{
	ahead_stop(a);
	pthread_cond_destroy(&a->more);
	pthread_mutex_destroy(&a->lock);
	strv_release(&a->files);
	free(a->buf);
}

/* ---- what comes next ---- */

/* The regular files of the directory, in byte order. */
static int list_files(struct ahead *a, struct node *dir)
{
	autonames struct names *names = NULL;
	int r = view_list(dir, &names);

	strv_release(&a->files);
	for (size_t i = 0; r == 0 && i < names->n; i++)
		if (names->v[i].type == DT_REG && !names->v[i].whiteout)
			r = strv_add(&a->files, names->v[i].text);
	strv_sort(&a->files);
	a->dir = r == 0 ? dir->id : 0;
	a->next = a->given = 0;
	return r;
}

static int by_text(const void *text, const void *entry)
{
	return strcmp(text, *(char *const *)entry);
}

/* Its place in the list; -1: it is not there. */
static ssize_t place_of(const struct ahead *a, const char *name)
{
	char **found = a->files.n
			       ? bsearch(name, a->files.v, a->files.n, sizeof(*a->files.v), by_text)
			       : NULL;

	return found ? found - a->files.v : -1;
}

/* Where who reads this file is. */
static ssize_t find_place(struct ahead *a, struct node *node)
{
	struct node *dir = node_parent(a->nodes, node);
	autofree char *path = dir ? node_path(a->nodes, node) : NULL;
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (!path || (dir->id != a->dir && list_files(a, dir) < 0))
		return -1;
	return place_of(a, slash ? slash + 1 : path);
}

/* ---- giving ---- */

/* Would it ask for the file, and is that never another one's bytes? */
static bool may_give(struct ahead *a, struct node *node)
{
	struct layer *layer = node_layer(a->nodes, node);
	bool may = S_ISREG(node->type) && view_is_read_only(node) && layer &&
		   layer->origin == ORIGIN_PACKAGE && node_is_known(a->nodes, node);

	layer_unref(layer);
	return may;
}

/* Returns how much it was. */
static size_t give_contents(struct ahead *a, struct node *node)
{
	struct file *file = NULL;
	ssize_t n;

	if (view_open(node, false, &file) < 0)
		return 0;
	n = pread(file->fd, a->buf, LARGEST + 1, 0);
	data_close(file);
	if (n <= 0 || n > LARGEST)
		return 0;
	a->give(a->arg, node->id, a->buf, n);
	return n;
}

static size_t give(struct ahead *a, struct node *dir, const char *name)
{
	struct node *node = nodes_find(a->nodes, dir, name);
	size_t n = node && may_give(a, node) ? give_contents(a, node) : 0;

	node_unref(a->nodes, node);
	return n;
}

static void give_from(struct ahead *a, struct node *dir, size_t first)
{
	size_t end = first + a->window < a->files.n ? first + a->window : a->files.n;
	size_t bytes = 0;

	if (a->given < first)
		a->given = first;
	for (; a->given < end && bytes < MOST_BYTES; a->given++)
		bytes += give(a, dir, a->files.v[a->given]);
}

void ahead_go_on(struct ahead *a, struct node *node)
{
	ssize_t place = may_give(a, node) ? find_place(a, node) : -1;

	if (place < 0 || (!a->buf && !(a->buf = malloc(LARGEST + 1)))) {
		a->dir = 0;
		return;
	}
	if ((size_t)place < a->next || (size_t)place > a->given) {
		a->window = 0;
		a->next = a->given = place + 1;
		return;
	}
	a->window = a->window ? 2 * a->window : FIRST_WINDOW;
	if (a->window > LAST_WINDOW)
		a->window = LAST_WINDOW;
	a->next = place + 1;
	give_from(a, node_parent(a->nodes, node), a->next);
}

/* ---- the thread ---- */

static void *work(void *arg)
{
	struct ahead *a = arg;

	pthread_mutex_lock(&a->lock);
	for (;;) {
		struct node *node;

		while (!a->read && !a->stopping)
			pthread_cond_wait(&a->more, &a->lock);
		if (a->stopping)
			break;
		node = nodes_by_id(a->nodes, a->read);
		a->read = 0;
		pthread_mutex_unlock(&a->lock);
		if (node)
			ahead_go_on(a, node);
		node_unref(a->nodes, node);
		pthread_mutex_lock(&a->lock);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

int ahead_serve(struct ahead *a, ahead_give_fn give_it, void *arg)
{
	sigset_t all, old;
	int r;

	a->give = give_it;
	a->arg = arg;
	a->stopping = false;
	sigfillset(&all); /* signals are for the thread that waits for the end */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = -pthread_create(&a->thread, NULL, work, a);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	__atomic_store_n(&a->serving, r == 0, __ATOMIC_RELEASE);
	return r;
}

void ahead_stop(struct ahead *a)
{
	if (!__atomic_exchange_n(&a->serving, false, __ATOMIC_ACQ_REL))
		return;
	pthread_mutex_lock(&a->lock);
	a->stopping = true;
	pthread_cond_signal(&a->more);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
}

void ahead_read(struct ahead *a, struct node *node)
{
	if (!__atomic_load_n(&a->serving, __ATOMIC_ACQUIRE) || !view_is_read_only(node))
		return;
	pthread_mutex_lock(&a->lock);
	a->read = node->id;
	pthread_cond_signal(&a->more);
	pthread_mutex_unlock(&a->lock);
}
