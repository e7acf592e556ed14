// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/view/data.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "fs/view/node.h"

void files_init(struct files *files, size_t max)
{
	*files = (struct files){ .max = max };
	pthread_mutex_init(&files->lock, NULL);
	dirs_init(&files->dirs, max / 4 + 1);
}

void files_release(struct files *files)
{
	pthread_mutex_destroy(&files->lock);
	dirs_release(&files->dirs);
}

static void list_remove(struct files *files, struct file *file)
{
	*(file->newer ? &file->newer->older : &files->newest) = file->older;
	*(file->older ? &file->older->newer : &files->oldest) = file->newer;
	file->newer = file->older = NULL;
	files->n--;
}

static void list_add(struct files *files, struct file *file)
{
	file->older = files->newest;
	file->newer = NULL;
	*(files->newest ? &files->newest->newer : &files->oldest) = file;
	files->newest = file;
	files->n++;
}

/* Under the lock. Returns a file to free after unlocking, or NULL while somebody uses it. */
static struct file *detach(struct files *files, struct file *file)
{
	if (file->node) {
		list_remove(files, file);
		file->node->file = NULL;
		file->node = NULL;
	}
	return file->users ? NULL : file;
}

static void file_free(struct file *file)
{
	if (!file)
		return;
	close(file->fd);
	free(file);
}

/* Under the lock: the longest unused one that may go, detached. */
static struct file *detach_oldest(struct files *files)
{
	struct file *file = files->oldest;

	while (file && (file->users || file->pinned))
		file = file->newer;
	return file ? detach(files, file) : NULL;
}

bool files_shrink(struct files *files)
{
	struct file *file;

	pthread_mutex_lock(&files->lock);
	file = detach_oldest(files);
	pthread_mutex_unlock(&files->lock);
	file_free(file);
	return file || dirs_shrink(&files->dirs);
}

struct file *data_get(struct files *files, struct node *node, bool write)
{
	struct file *file;

	pthread_mutex_lock(&files->lock);
	file = node->file;
	if (file && write && !file->writable)
		file = NULL;
	if (file) {
		file->users++;
		list_remove(files, file);
		list_add(files, file);
	}
	pthread_mutex_unlock(&files->lock);
	return file;
}

int data_put(struct files *files, struct node *node, int fd, bool writable, bool pinned,
	     bool (*still)(const struct node *node, const void *arg), const void *arg,
	     struct file **ret)
{
	struct file *file = calloc(1, sizeof(*file));
	struct file *old = NULL, *spare = NULL;

	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	*file = (struct file){
		.fd = fd, .writable = writable, .pinned = pinned, .files = files, .users = 1
	};
	pthread_mutex_lock(&files->lock);
	if (still && !still(node, arg)) {
		pthread_mutex_unlock(&files->lock);
		file_free(file);
		return -EAGAIN;
	}
	if (node->file && node->file->pinned && !pinned) {
		/* unlinked since the caller looked: that one has to stay */
		old = node->file;
		if (!writable || old->writable) {
			old->users++;
			*ret = old;
		}
		pthread_mutex_unlock(&files->lock);
		file_free(file);
		return !writable || old->writable ? 0 : -ENOENT;
	}
	if (node->file)
		old = detach(files, node->file);
	file->node = node;
	node->file = file;
	list_add(files, file);
	if (files->n > files->max)
		spare = detach_oldest(files);
	pthread_mutex_unlock(&files->lock);
	file_free(old);
	file_free(spare);
	*ret = file;
	return 0;
}

void data_close(struct file *file)
{
	bool last;

	if (!file)
		return;
	pthread_mutex_lock(&file->files->lock);
	last = --file->users == 0 && !file->node;
	pthread_mutex_unlock(&file->files->lock);
	if (last)
		file_free(file);
}

void data_forget(struct files *files, struct node *node)
{
	struct file *file = NULL;

	pthread_mutex_lock(&files->lock);
	if (node->file)
		file = detach(files, node->file);
	pthread_mutex_unlock(&files->lock);
	file_free(file);
}

void files_drop_view(struct files *files, const struct view *view)
{
	struct file *gone = NULL;

	pthread_mutex_lock(&files->lock);
	for (struct file *file = files->newest, *next; file; file = next) {
		next = file->older;
		if (file->node->view != view)
			continue;
		file = detach(files, file);
		if (file) { /* nobody uses it: `older` is free to chain it */
			file->older = gone;
			gone = file;
		}
	}
	pthread_mutex_unlock(&files->lock);
	for (struct file *file = gone, *next; file; file = next) {
		next = file->older;
		file_free(file);
	}
	dirs_drop_view(&files->dirs, view);
}

void data_drop(struct node *node)
{
	/* nobody else has the node any more, so its field can be read without the lock */
	if (node->file)
		data_forget(node->file->files, node);
}
