// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/data.h"
#include "fs/layer.h"
#include "fs/layerset.h"
#include "fs/names.h"

enum { FIRST_BUCKETS = 1024 };

int nodes_init(struct nodes *nodes)
{
	*nodes = (struct nodes){ .n_buckets = FIRST_BUCKETS, .first_free = 1 };
	pthread_mutex_init(&nodes->lock, NULL);
	nodes->by_name = calloc(FIRST_BUCKETS, sizeof(*nodes->by_name));
	nodes->by_inode = calloc(FIRST_BUCKETS, sizeof(*nodes->by_inode));
	return nodes->by_name && nodes->by_inode ? 0 : -ENOMEM;
}

static void dir_free(struct dir *dir)
{
	if (!dir)
		return;
	layerset_unref(dir->below);
	names_unref(dir->index);
	names_unref(dir->listing);
	free(dir);
}

static void node_free(struct node *node)
{
	data_drop(node);
	dir_free(node->dir);
	layer_unref(node->layer);
	free(node->name);
	free(node);
}

void nodes_release(struct nodes *nodes)
{
	for (size_t i = 0; i < nodes->n_slots; i++)
		if (nodes->slots[i])
			node_free(nodes->slots[i]);
	free(nodes->slots);
	free(nodes->generations);
	free(nodes->by_name);
	free(nodes->by_inode);
	pthread_mutex_destroy(&nodes->lock);
}

static struct node **name_bucket(struct nodes *nodes, const struct node *parent, const char *name)
{
	uint64_t h = names_position(name) ^ (parent->id * 0x9e3779b97f4a7c15);

	return &nodes->by_name[(h ^ (h >> 32)) & (nodes->n_buckets - 1)];
}

static struct node **inode_bucket(struct nodes *nodes, const struct view *view,
				  const struct layer *layer, ino_t real)
{
	uint64_t h = (real ^ (uintptr_t)layer ^ ((uintptr_t)view << 7)) * 0x9e3779b97f4a7c15;

	return &nodes->by_inode[(h >> 20) & (nodes->n_buckets - 1)];
}

static void link_name(struct nodes *nodes, struct node *node)
{
	struct node **bucket = name_bucket(nodes, node->parent, node->name);

	node->next_by_name = *bucket;
	*bucket = node;
	node->by_name = true;
}

static void unlink_name(struct nodes *nodes, struct node *node)
{
	struct node **p;

	if (!node->by_name)
		return;
	for (p = name_bucket(nodes, node->parent, node->name); *p != node; p = &(*p)->next_by_name)
		;
	*p = node->next_by_name;
	node->by_name = false;
}

static void link_inode(struct nodes *nodes, struct node *node)
{
	struct node **bucket = inode_bucket(nodes, node->view, node->layer, node->real);

	node->next_by_inode = *bucket;
	*bucket = node;
	node->by_inode = true;
}

static void unlink_inode(struct nodes *nodes, struct node *node)
{
	struct node **p;

	if (!node->by_inode)
		return;
	p = inode_bucket(nodes, node->view, node->layer, node->real);
	for (; *p != node; p = &(*p)->next_by_inode)
		;
	*p = node->next_by_inode;
	node->by_inode = false;
}

/* Without memory the chains just stay longer. */
static void grow_buckets(struct nodes *nodes)
{
	size_t n = nodes->n_buckets * 2;
	struct node **by_name = calloc(n, sizeof(*by_name));
	struct node **by_inode = calloc(n, sizeof(*by_inode));

	if (!by_name || !by_inode) {
		free(by_name);
		free(by_inode);
		return;
	}
	free(nodes->by_name);
	free(nodes->by_inode);
	nodes->by_name = by_name;
	nodes->by_inode = by_inode;
	nodes->n_buckets = n;
	for (size_t i = 0; i < nodes->n_slots; i++) {
		struct node *node = nodes->slots[i];

		if (node && node->by_name)
			link_name(nodes, node);
		if (node && node->by_inode)
			link_inode(nodes, node);
	}
}

static int grow_slots(struct nodes *nodes)
{
	size_t n = nodes->n_slots ? nodes->n_slots * 2 : 256;
	struct node **slots = reallocarray(nodes->slots, n, sizeof(*slots));
	uint64_t *generations;

	if (!slots)
		return -ENOMEM;
	nodes->slots = slots;
	generations = reallocarray(nodes->generations, n, sizeof(*generations));
	if (!generations)
		return -ENOMEM;
	nodes->generations = generations;
	for (size_t i = nodes->n_slots; i < n; i++) {
		slots[i] = NULL;
		generations[i] = 0;
	}
	nodes->n_slots = n;
	return 0;
}

/* Give the node a number. Number 0 is nobody's: FUSE means "no such entry" by it. */
static int table_add(struct nodes *nodes, struct node *node)
{
	size_t i = nodes->first_free;

	while (i < nodes->n_slots && nodes->slots[i])
		i++;
	if (i >= nodes->n_slots) {
		int r = grow_slots(nodes);

		if (r < 0)
			return r;
	}
	nodes->slots[i] = node;
	node->id = i;
	node->generation = ++nodes->generations[i];
	nodes->first_free = i + 1;
	if (++nodes->n_used > nodes->n_buckets)
		grow_buckets(nodes);
	return 0;
}

static struct node *node_new(struct view *view, const char *name, const struct found *found)
{
	struct node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	node->refs = 1;
	node->view = view;
	node->ino = found->ino;
	node->type = found->st.st_mode & S_IFMT;
	node->real = found->st.st_ino;
	node->name = strdup(name);
	if (found->layer)
		node->layer = layer_ref(found->layer);
	if (S_ISDIR(node->type)) {
		node->dir = calloc(1, sizeof(*node->dir));
		if (node->dir && found->below)
			node->dir->below = layerset_ref(found->below);
		if (node->dir)
			node->dir->in_upper = found->in_upper;
	}
	if (!node->name || (S_ISDIR(node->type) && !node->dir)) {
		node_free(node);
		return NULL;
	}
	return node;
}

static struct node *find_name(struct nodes *nodes, const struct node *parent, const char *name)
{
	struct node *n = *name_bucket(nodes, parent, name);

	while (n && (n->parent != parent || strcmp(n->name, name) != 0))
		n = n->next_by_name;
	return n;
}

static struct node *find_inode(struct nodes *nodes, const struct view *view,
			       const struct layer *layer, ino_t real)
{
	struct node *n = *inode_bucket(nodes, view, layer, real);

	while (n && (n->view != view || n->layer != layer || n->real != real))
		n = n->next_by_inode;
	return n;
}

static int set_place(struct nodes *nodes, struct node *node, struct node *parent, const char *name,
		     struct node **orphan);

/* Is the node of this name still what a look-up found there? A directory stays the same node
 * whatever layers it is made of; a file is its inode. */
static bool still_is(const struct node *node, const struct found *found)
{
	if (node->type != (found->st.st_mode & S_IFMT))
		return false;
	return node->dir || (node->layer == found->layer && node->real == found->st.st_ino);
}

/* Drop one reference; returns a node that the caller has to free after unlocking. */
static struct node *drop(struct nodes *nodes, struct node *node, uint64_t n)
{
	node->refs -= n;
	if (node->refs)
		return NULL;
	unlink_name(nodes, node);
	unlink_inode(nodes, node);
	if (nodes->slots[node->id] == node) {
		nodes->slots[node->id] = NULL;
		nodes->n_used--;
		if (node->id < nodes->first_free)
			nodes->first_free = node->id;
	}
	return node;
}

/* Free a node without references, and the parents that only it held. */
static void reap(struct nodes *nodes, struct node *node)
{
	while (node) {
		struct node *parent = node->parent;

		node_free(node);
		node = NULL;
		if (parent) {
			pthread_mutex_lock(&nodes->lock);
			node = drop(nodes, parent, 1);
			pthread_mutex_unlock(&nodes->lock);
		}
	}
}

static int add_child(struct nodes *nodes, struct node *parent, const char *name,
		     const struct found *found, struct node **ret)
{
	struct node *node = node_new(parent->view, name, found);
	int r;

	if (!node)
		return -ENOMEM;
	r = table_add(nodes, node);
	if (r < 0) {
		node_free(node);
		return r;
	}
	node->parent = parent;
	parent->refs++;
	link_name(nodes, node);
	if (!node->dir && node->layer)
		link_inode(nodes, node);
	*ret = node;
	return 0;
}

int nodes_get(struct nodes *nodes, struct node *parent, const char *name, const struct found *found,
	      bool fresh, struct node **ret)
{
	struct node *old, *orphan = NULL;
	int r = 0;

	pthread_mutex_lock(&nodes->lock);
	old = find_name(nodes, parent, name);
	if (old && (fresh || !still_is(old, found))) {
		unlink_name(nodes, old);
		old = NULL;
	}
	if (!old && !fresh && !S_ISDIR(found->st.st_mode)) {
		old = find_inode(nodes, parent->view, found->layer, found->st.st_ino);
		if (old && old->unlinked) /* its last known name is gone, but here is another */
			r = set_place(nodes, old, parent, name, &orphan);
	}
	if (r == 0 && old) {
		old->refs++;
		*ret = old;
	} else if (r == 0) {
		r = add_child(nodes, parent, name, found, ret);
	}
	pthread_mutex_unlock(&nodes->lock);
	reap(nodes, orphan);
	return r;
}

int nodes_add_root(struct nodes *nodes, struct view *view, const struct found *found,
		   struct node **ret)
{
	struct node *node = node_new(view, "", found);
	int r;

	if (!node)
		return -ENOMEM;
	pthread_mutex_lock(&nodes->lock);
	r = table_add(nodes, node);
	pthread_mutex_unlock(&nodes->lock);
	if (r < 0)
		node_free(node);
	else
		*ret = node;
	return r;
}

int nodes_get_virtual(struct nodes *nodes, struct node *parent, const char *name,
		      enum virtual_dir kind, struct node **ret)
{
	/* numbers that no file system gives out */
	struct found found = { .st.st_mode = S_IFDIR, .ino = (UINT64_C(1) << 61) + kind };
	int r = 0;

	pthread_mutex_lock(&nodes->lock);
	*ret = find_name(nodes, parent, name);
	if (*ret)
		(*ret)->refs++;
	else
		r = add_child(nodes, parent, name, &found, ret);
	if (r == 0)
		(*ret)->virtual_dir = kind;
	pthread_mutex_unlock(&nodes->lock);
	return r;
}

struct node *nodes_by_id(struct nodes *nodes, uint64_t id)
{
	struct node *node = NULL;

	pthread_mutex_lock(&nodes->lock);
	if (id < nodes->n_slots && nodes->slots[id]) {
		node = nodes->slots[id];
		node->refs++;
	}
	pthread_mutex_unlock(&nodes->lock);
	return node;
}

struct node *nodes_find(struct nodes *nodes, struct node *parent, const char *name)
{
	struct node *node;

	pthread_mutex_lock(&nodes->lock);
	node = find_name(nodes, parent, name);
	if (node)
		node->refs++;
	pthread_mutex_unlock(&nodes->lock);
	return node;
}

struct node *nodes_find_found(struct nodes *nodes, struct node *parent, const char *name,
			      const struct found *found)
{
	struct node *node;

	if (S_ISDIR(found->st.st_mode))
		return nodes_find(nodes, parent, name);
	pthread_mutex_lock(&nodes->lock);
	node = find_inode(nodes, parent->view, found->layer, found->st.st_ino);
	if (node)
		node->refs++;
	pthread_mutex_unlock(&nodes->lock);
	return node;
}

void node_ref(struct nodes *nodes, struct node *node)
{
	pthread_mutex_lock(&nodes->lock);
	node->refs++;
	pthread_mutex_unlock(&nodes->lock);
}

void node_forget(struct nodes *nodes, struct node *node, uint64_t n)
{
	pthread_mutex_lock(&nodes->lock);
	node = drop(nodes, node, n);
	pthread_mutex_unlock(&nodes->lock);
	reap(nodes, node);
}

void node_unref(struct nodes *nodes, struct node *node)
{
	if (node)
		node_forget(nodes, node, 1);
}

/* Under the lock. Measured first, then written from its end. */
static char *path_of(struct node *node, const char *name)
{
	size_t size = name ? strlen(name) + 1 : 0;
	char *path, *p;

	for (struct node *n = node; n->parent; n = n->parent)
		size += strlen(n->name) + 1;
	if (size == 0)
		return strdup("");
	path = malloc(size);
	if (!path)
		return NULL;
	p = path + size - 1;
	*p = '\0';
	if (name) {
		p -= strlen(name);
		memcpy(p, name, strlen(name));
		if (p > path)
			*--p = '/';
	}
	for (struct node *n = node; n->parent; n = n->parent) {
		p -= strlen(n->name);
		memcpy(p, n->name, strlen(n->name));
		if (p > path)
			*--p = '/';
	}
	return path;
}

char *node_child_path(struct nodes *nodes, struct node *dir, const char *name)
{
	char *path;

	pthread_mutex_lock(&nodes->lock);
	path = path_of(dir, name);
	pthread_mutex_unlock(&nodes->lock);
	return path;
}

char *node_path(struct nodes *nodes, struct node *node)
{
	return node_child_path(nodes, node, NULL);
}

void node_set_layer(struct nodes *nodes, struct node *node, struct layer *layer, ino_t real)
{
	struct layer *old;

	pthread_mutex_lock(&nodes->lock);
	unlink_inode(nodes, node);
	old = node->layer;
	node->layer = layer_ref(layer);
	node->real = real;
	if (!node->dir)
		link_inode(nodes, node);
	pthread_mutex_unlock(&nodes->lock);
	layer_unref(old);
}

struct layer *node_place(struct nodes *nodes, struct node *node, ino_t *real)
{
	struct layer *layer;

	pthread_mutex_lock(&nodes->lock);
	layer = node->layer ? layer_ref(node->layer) : NULL;
	*real = node->real;
	pthread_mutex_unlock(&nodes->lock);
	return layer;
}

struct layer *node_layer(struct nodes *nodes, struct node *node)
{
	ino_t real;

	return node_place(nodes, node, &real);
}

bool node_is_at(struct nodes *nodes, struct node *node, struct node *dir, const char *name)
{
	bool at;

	pthread_mutex_lock(&nodes->lock);
	at = node->parent == dir && strcmp(node->name, name) == 0;
	pthread_mutex_unlock(&nodes->lock);
	return at;
}

void node_set_unlinked(struct nodes *nodes, struct node *node)
{
	pthread_mutex_lock(&nodes->lock);
	unlink_name(nodes, node);
	node->unlinked = true;
	pthread_mutex_unlock(&nodes->lock);
}

bool node_is_unlinked(struct nodes *nodes, struct node *node)
{
	bool unlinked;

	pthread_mutex_lock(&nodes->lock);
	unlinked = node->unlinked;
	pthread_mutex_unlock(&nodes->lock);
	return unlinked;
}

/* Under the lock. `*orphan` is an old parent that the caller has to reap. */
static int set_place(struct nodes *nodes, struct node *node, struct node *parent, const char *name,
		     struct node **orphan)
{
	char *copy = strdup(name);
	struct node *taken;

	*orphan = NULL;
	if (!copy)
		return -ENOMEM;
	taken = find_name(nodes, parent, name);
	if (taken && taken != node)
		unlink_name(nodes, taken);
	unlink_name(nodes, node);
	parent->refs++;
	if (node->parent)
		*orphan = drop(nodes, node->parent, 1);
	free(node->name);
	node->parent = parent;
	node->name = copy;
	node->unlinked = false;
	link_name(nodes, node);
	return 0;
}

int node_move(struct nodes *nodes, struct node *node, struct node *parent, const char *name)
{
	struct node *orphan;
	int r;

	pthread_mutex_lock(&nodes->lock);
	r = set_place(nodes, node, parent, name, &orphan);
	pthread_mutex_unlock(&nodes->lock);
	reap(nodes, orphan);
	return r;
}

void node_swap(struct nodes *nodes, struct node *a, struct node *b)
{
	struct node *parent;
	char *name;

	pthread_mutex_lock(&nodes->lock);
	parent = a->parent;
	name = a->name;
	unlink_name(nodes, a);
	unlink_name(nodes, b);
	a->parent = b->parent;
	a->name = b->name;
	b->parent = parent;
	b->name = name;
	link_name(nodes, a);
	link_name(nodes, b);
	pthread_mutex_unlock(&nodes->lock);
}
