// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/strv.h"
#include "fs/data.h"
#include "fs/dirs.h"
#include "fs/handover.h"
#include "fs/layer.h"
#include "fs/layerset.h"
#include "fs/names.h"
#include "fs/orphan.h"
#include "fs/roster.h"
#include "fs/texts.h"
#include "fs/view.h"

enum {
	FIRST_BUCKETS = 1024,
	CHAIN_END = 0, /* number 0 is nobody's: FUSE means "no such entry" by it */
};

const uint32_t nodes_record_size[HANDOVER_POOLS] = {
	[HANDOVER_NODES] = sizeof(struct node),
	[HANDOVER_NAMES] = TEXTS_UNIT,
	[HANDOVER_LAYERS] = sizeof(struct roster_layer),
	[HANDOVER_VIEWS] = sizeof(struct roster_view),
};

static struct node *node_at(const struct nodes *nodes, uint64_t id)
{
	return handover_at(nodes->memory, HANDOVER_NODES, id);
}

/* Numbers that have been used at some time are below this. */
static uint64_t n_ids(const struct nodes *nodes)
{
	return nodes->memory->head->used[HANDOVER_NODES];
}

/* The pointers of the worker before mean nothing. */
static void forget_pointers(struct nodes *nodes)
{
	for (uint64_t id = 1; id < n_ids(nodes); id++) {
		struct node *node = node_at(nodes, id);

		node->view = NULL;
		node->by_inode = false;
		node->layer = NULL;
		node->dir = NULL;
		node->file = NULL;
	}
}

int nodes_init(struct nodes *nodes, struct handover *memory)
{
	int r = memory ? 0 : handover_new(nodes_record_size, &memory);

	*nodes = (struct nodes){ .memory = memory,
				 .n_buckets = FIRST_BUCKETS,
				 .first_free = CHAIN_END + 1 };
	pthread_mutex_init(&nodes->lock, NULL);
	nodes->by_name = calloc(FIRST_BUCKETS, sizeof(*nodes->by_name));
	nodes->by_inode = calloc(FIRST_BUCKETS, sizeof(*nodes->by_inode));
	if (r == 0)
		r = texts_init(&nodes->texts, memory);
	if (r == 0 && n_ids(nodes) == 0)
		memory->head->used[HANDOVER_NODES] = CHAIN_END + 1;
	else if (r == 0)
		forget_pointers(nodes);
	return r < 0 ? r : nodes->by_name && nodes->by_inode ? 0 : -ENOMEM;
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

/* All that a node has besides its record. */
static void release_parts(struct node *node)
{
	data_drop(node);
	if (node->kept)
		orphan_drop(node);
	if (node->dir && node->view)
		dirs_drop(node);
	dir_free(node->dir);
	layer_unref(node->layer);
	node->dir = NULL;
	node->layer = NULL;
}

void nodes_release(struct nodes *nodes)
{
	for (uint64_t id = 1; nodes->memory && id < n_ids(nodes); id++)
		if (node_at(nodes, id)->used && node_at(nodes, id)->view)
			release_parts(node_at(nodes, id));
	handover_free(nodes->memory);
	free(nodes->by_name);
	free(nodes->by_inode);
	pthread_mutex_destroy(&nodes->lock);
}

/* ---- places ---- */

static uint64_t place_of(const struct node *node)
{
	return __atomic_load_n(&node->place, __ATOMIC_ACQUIRE);
}

static uint64_t make_place(const struct node *parent, uint32_t name_at)
{
	return (uint64_t)(parent ? parent->id : 0) << 32 | name_at;
}

struct node *node_parent(const struct nodes *nodes, const struct node *node)
{
	uint32_t id = place_of(node) >> 32;

	return id ? node_at(nodes, id) : NULL;
}

const char *node_name(const struct nodes *nodes, const struct node *node)
{
	return texts_at(&nodes->texts, (uint32_t)place_of(node));
}

/* ---- chains ---- */

static uint32_t *name_bucket(struct nodes *nodes, const struct node *parent, const char *name)
{
	uint64_t h = names_position(name) ^ (parent->id * 0x9e3779b97f4a7c15);

	return &nodes->by_name[(h ^ (h >> 32)) & (nodes->n_buckets - 1)];
}

static uint32_t *inode_bucket(struct nodes *nodes, const struct view *view,
			      const struct layer *layer, ino_t real)
{
	uint64_t h = (real ^ (uintptr_t)layer ^ ((uintptr_t)view << 7)) * 0x9e3779b97f4a7c15;

	return &nodes->by_inode[(h >> 20) & (nodes->n_buckets - 1)];
}

static void link_name(struct nodes *nodes, struct node *node)
{
	uint32_t *bucket = name_bucket(nodes, node_parent(nodes, node), node_name(nodes, node));

	node->next_by_name = *bucket;
	*bucket = node->id;
	node->by_name = true;
}

static void unlink_name(struct nodes *nodes, struct node *node)
{
	uint32_t *p;

	if (!node->by_name)
		return;
	p = name_bucket(nodes, node_parent(nodes, node), node_name(nodes, node));
	while (*p != node->id)
		p = &node_at(nodes, *p)->next_by_name;
	*p = node->next_by_name;
	node->by_name = false;
}

static void link_inode(struct nodes *nodes, struct node *node)
{
	uint32_t *bucket = inode_bucket(nodes, node->view, node->layer, node->real);

	node->next_by_inode = *bucket;
	*bucket = node->id;
	node->by_inode = true;
}

static void unlink_inode(struct nodes *nodes, struct node *node)
{
	uint32_t *p;

	if (!node->by_inode)
		return;
	p = inode_bucket(nodes, node->view, node->layer, node->real);
	while (*p != node->id)
		p = &node_at(nodes, *p)->next_by_inode;
	*p = node->next_by_inode;
	node->by_inode = false;
}

/* Without memory the chains just stay longer. */
static void grow_buckets(struct nodes *nodes)
{
	size_t n = nodes->n_buckets * 2;
	uint32_t *by_name = calloc(n, sizeof(*by_name));
	uint32_t *by_inode = calloc(n, sizeof(*by_inode));

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
	for (uint64_t id = 1; id < n_ids(nodes); id++) {
		struct node *node = node_at(nodes, id);

		if (!node->used || !node->view) /* not yet revived */
			continue;
		if (node->by_name)
			link_name(nodes, node);
		if (node->by_inode)
			link_inode(nodes, node);
	}
}

static struct node *find_name(struct nodes *nodes, const struct node *parent, const char *name)
{
	for (uint32_t id = *name_bucket(nodes, parent, name); id;) {
		struct node *node = node_at(nodes, id);

		if (node_parent(nodes, node) == parent && strcmp(node_name(nodes, node), name) == 0)
			return node;
		id = node->next_by_name;
	}
	return NULL;
}

static struct node *find_inode(struct nodes *nodes, const struct view *view,
			       const struct layer *layer, ino_t real)
{
	for (uint32_t id = *inode_bucket(nodes, view, layer, real); id;) {
		struct node *node = node_at(nodes, id);

		if (node->view == view && node->layer == layer && node->real == real)
			return node;
		id = node->next_by_inode;
	}
	return NULL;
}

/* ---- nodes ---- */

/* A number that nobody has. */
static int64_t free_id(struct nodes *nodes)
{
	uint64_t id = nodes->first_free;

	while (id < n_ids(nodes) && node_at(nodes, id)->used)
		id++;
	if (id > UINT32_MAX || handover_reserve(nodes->memory, HANDOVER_NODES, id) < 0)
		return -ENOMEM;
	return id;
}

/* What makes a directory of it. */
static int make_dir(struct node *node, const struct found *found)
{
	if (!S_ISDIR(node->type))
		return 0;
	node->dir = calloc(1, sizeof(*node->dir));
	if (!node->dir)
		return -ENOMEM;
	if (found->below)
		node->dir->below = layerset_ref(found->below);
	node->dir->in_upper = found->in_upper;
	return 0;
}

/* Under the lock. The new node has one reference, the caller's. */
static int add_node(struct nodes *nodes, struct view *view, struct node *parent, const char *name,
		    const struct found *found, struct node **ret)
{
	unsigned layer_no = found->layer ? roster_layer_no(nodes->memory, found->layer) : 0;
	int64_t id = free_id(nodes);
	int64_t name_at = id < 0 ? id : texts_keep(&nodes->texts, name);
	struct node *node;
	int r;

	if (name_at < 0 || (found->layer && !layer_no))
		return name_at < 0 ? name_at : -ENOMEM;
	node = node_at(nodes, id);
	*node = (struct node){
		.ino = found->ino,
		.place = make_place(parent, name_at),
		.real = found->st.st_ino,
		.layer_no = layer_no,
		.id = id,
		.generation = node->generation + 1,
		.view_no = view->number,
		.type = found->st.st_mode & S_IFMT,
		.refs = 1,
		.view = view,
	};
	r = make_dir(node, found);
	if (r < 0) {
		texts_free(&nodes->texts, name_at);
		return r;
	}
	if (found->layer)
		node->layer = layer_ref(found->layer);
	if (nodes->memory->head->used[HANDOVER_NODES] <= (uint64_t)id)
		nodes->memory->head->used[HANDOVER_NODES] = id + 1;
	if (parent) {
		parent->refs++;
		link_name(nodes, node);
		if (!node->dir && node->layer)
			link_inode(nodes, node);
	}
	__atomic_store_n(&node->used, true, __ATOMIC_RELEASE);
	nodes->first_free = id + 1;
	if (++nodes->n_used > nodes->n_buckets)
		grow_buckets(nodes);
	*ret = node;
	return 0;
}

static struct node *set_place(struct nodes *nodes, struct node *node, struct node *parent,
			      uint32_t name);

/* Is the node of this name still what a look-up found there? A directory stays the same node
 * whatever layers it is made of; a file is its inode. */
static bool still_is(const struct node *node, const struct found *found)
{
	if (node->type != (found->st.st_mode & S_IFMT))
		return false;
	return node->dir || (node->layer == found->layer && node->real == found->st.st_ino);
}

/* Under the lock: drop references. Returns a node that the caller has to reap after unlocking;
 * until then nobody else finds it, nor gets its number. */
static struct node *drop(struct nodes *nodes, struct node *node, uint64_t n)
{
	node->refs -= n;
	if (node->refs)
		return NULL;
	unlink_name(nodes, node);
	unlink_inode(nodes, node);
	return node;
}

/* Under the lock. */
static void free_view(struct nodes *nodes, unsigned number)
{
	struct roster_view *view = roster_view(nodes->memory, number);

	view->used = false;
	texts_free(&nodes->texts, view->begun);
}

/* Free a node without references, and the parents that only it held. */
static void reap(struct nodes *nodes, struct node *node)
{
	while (node) {
		struct node *parent;

		release_parts(node);
		pthread_mutex_lock(&nodes->lock);
		parent = node_parent(nodes, node);
		node->used = false;
		texts_free(&nodes->texts, (uint32_t)place_of(node));
		nodes->n_used--;
		if (node->id < nodes->first_free)
			nodes->first_free = node->id;
		if (!parent)
			free_view(nodes, node->view_no);
		node = parent ? drop(nodes, parent, 1) : NULL;
		pthread_mutex_unlock(&nodes->lock);
	}
}

int nodes_get(struct nodes *nodes, struct node *parent, const char *name, const struct found *found,
	      bool fresh, struct node **ret)
{
	struct node *old, *orphan = NULL;
	bool came_back = false;
	int r = 0;

	pthread_mutex_lock(&nodes->lock);
	old = find_name(nodes, parent, name);
	if (old && (fresh || !still_is(old, found))) {
		unlink_name(nodes, old);
		old = NULL;
	}
	if (!old && !fresh && !S_ISDIR(found->st.st_mode)) {
		old = find_inode(nodes, parent->view, found->layer, found->st.st_ino);
		if (old && old->unlinked) { /* its last known name is gone, but here is another */
			int64_t name_at = texts_keep(&nodes->texts, name);

			r = name_at < 0 ? name_at : 0;
			came_back = r == 0 && old->kept;
			if (r == 0)
				orphan = set_place(nodes, old, parent, name_at);
		}
	}
	if (r == 0 && old) {
		old->refs++;
		*ret = old;
	} else if (r == 0) {
		r = add_node(nodes, parent->view, parent, name, found, ret);
	}
	pthread_mutex_unlock(&nodes->lock);
	if (r == 0 && came_back)
		orphan_drop(*ret);
	reap(nodes, orphan);
	return r;
}

int nodes_add_root(struct nodes *nodes, struct view *view, enum view_kind kind, struct layer *layer,
		   const struct found *found)
{
	int r;

	pthread_mutex_lock(&nodes->lock);
	r = roster_add_view(nodes->memory, kind, view->name, layer, &view->number);
	if (r == 0)
		r = add_node(nodes, view, NULL, "", found, &view->root);
	if (r == 0)
		roster_view(nodes->memory, view->number)->root = view->root->id;
	pthread_mutex_unlock(&nodes->lock);
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
	if (*ret) {
		(*ret)->refs++;
	} else {
		r = add_node(nodes, parent->view, parent, name, &found, ret);
		if (r == 0)
			(*ret)->virtual_dir = kind;
	}
	pthread_mutex_unlock(&nodes->lock);
	return r;
}

struct node *nodes_by_id(struct nodes *nodes, uint64_t id)
{
	struct node *node = NULL;

	pthread_mutex_lock(&nodes->lock);
	if (id > 0 && id < n_ids(nodes)) {
		node = node_at(nodes, id);
		if (node->used && node->refs)
			node->refs++;
		else
			node = NULL;
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

void node_unref(struct nodes *nodes, struct node *node)
{
	if (!node)
		return;
	pthread_mutex_lock(&nodes->lock);
	node = drop(nodes, node, 1);
	pthread_mutex_unlock(&nodes->lock);
	reap(nodes, node);
}

void node_give(struct nodes *nodes, struct node *node)
{
	pthread_mutex_lock(&nodes->lock);
	node->lookups++;
	pthread_mutex_unlock(&nodes->lock);
}

void node_take_back(struct nodes *nodes, struct node *node)
{
	pthread_mutex_lock(&nodes->lock);
	node->lookups--;
	pthread_mutex_unlock(&nodes->lock);
}

void node_forget(struct nodes *nodes, struct node *node, uint64_t n)
{
	pthread_mutex_lock(&nodes->lock);
	if (n > node->lookups) /* not what we have told: believe ourselves */
		n = node->lookups;
	node->lookups -= n;
	node = drop(nodes, node, n + 1);
	pthread_mutex_unlock(&nodes->lock);
	reap(nodes, node);
}

/* Put the text, and what ends it, in front of `p`. */
static char *prepend(char *p, bool last, const char *text)
{
	size_t len = strlen(text);

	*--p = last ? '\0' : '/';
	return memcpy(p - len, text, len);
}

/* Under the lock. Measured first, then written from its end. */
static char *path_of(const struct nodes *nodes, struct node *node, const char *name)
{
	size_t size = name ? strlen(name) + 1 : 0;
	struct node *parent;
	char *path, *p;

	for (struct node *n = node; (parent = node_parent(nodes, n)); n = parent)
		size += strlen(node_name(nodes, n)) + 1;
	if (size == 0)
		return strdup("");
	path = malloc(size);
	if (!path)
		return NULL;
	p = path + size;
	if (name)
		p = prepend(p, true, name);
	for (struct node *n = node; (parent = node_parent(nodes, n)); n = parent)
		p = prepend(p, p == path + size, node_name(nodes, n));
	return path;
}

char *node_child_path(struct nodes *nodes, struct node *dir, const char *name)
{
	char *path;

	pthread_mutex_lock(&nodes->lock);
	path = path_of(nodes, dir, name);
	pthread_mutex_unlock(&nodes->lock);
	return path;
}

char *node_path(struct nodes *nodes, struct node *node)
{
	return node_child_path(nodes, node, NULL);
}

/* Under the lock. Returns the layer before, to be let go of afterwards. */
static struct layer *set_layer(struct nodes *nodes, struct node *node, struct layer *layer,
			       ino_t real)
{
	struct layer *old = node->layer;

	unlink_inode(nodes, node);
	node->real = real;
	/* without memory for its number the next worker will have to look it up */
	node->layer_no = roster_layer_no(nodes->memory, layer);
	__atomic_store_n(&node->layer, layer_ref(layer), __ATOMIC_RELEASE);
	if (!node->dir)
		link_inode(nodes, node);
	return old;
}

void node_set_layer(struct nodes *nodes, struct node *node, struct layer *layer, ino_t real)
{
	struct layer *old;

	pthread_mutex_lock(&nodes->lock);
	old = set_layer(nodes, node, layer, real);
	pthread_mutex_unlock(&nodes->lock);
	layer_unref(old);
}

void node_set_kept(struct nodes *nodes, struct node *node, struct layer *layer, ino_t real)
{
	struct layer *old;

	pthread_mutex_lock(&nodes->lock);
	old = set_layer(nodes, node, layer, real);
	node->kept = true;
	pthread_mutex_unlock(&nodes->lock);
	layer_unref(old);
}

struct layer *node_layer(struct nodes *nodes, struct node *node)
{
	struct layer *layer;

	pthread_mutex_lock(&nodes->lock);
	layer = node->layer ? layer_ref(node->layer) : NULL;
	pthread_mutex_unlock(&nodes->lock);
	return layer;
}

int node_site(struct nodes *nodes, struct node *node, struct site *ret)
{
	pthread_mutex_lock(&nodes->lock);
	*ret = (struct site){
		.layer = node->layer ? layer_ref(node->layer) : NULL,
		.path = path_of(nodes, node, NULL),
		.real = node->real,
		.unlinked = node->unlinked,
		.kept = node->kept,
	};
	pthread_mutex_unlock(&nodes->lock);
	return ret->path ? 0 : -ENOMEM;
}

void site_release(struct site *site)
{
	layer_unref(site->layer);
	free(site->path);
}

/* Under the lock: the next kept node of the view from number `id` on, which it no longer is; with a
 * reference. */
static struct node *next_kept(struct nodes *nodes, const struct view *view, uint64_t id)
{
	for (; id < n_ids(nodes); id++) {
		struct node *node = node_at(nodes, id);

		if (!node->used || !node->refs || node->view != view || !node->kept)
			continue;
		node->kept = false;
		node->refs++;
		return node;
	}
	return NULL;
}

void nodes_drop_kept(struct nodes *nodes, const struct view *view)
{
	for (uint64_t id = 1;; id++) {
		struct node *node;

		pthread_mutex_lock(&nodes->lock);
		node = next_kept(nodes, view, id);
		pthread_mutex_unlock(&nodes->lock);
		if (!node)
			return;
		id = node->id;
		orphan_drop(node);
		node_unref(nodes, node);
	}
}

bool node_is_at(struct nodes *nodes, struct node *node, struct node *dir, const char *name)
{
	bool at;

	pthread_mutex_lock(&nodes->lock);
	at = node_parent(nodes, node) == dir && strcmp(node_name(nodes, node), name) == 0;
	pthread_mutex_unlock(&nodes->lock);
	return at;
}

bool node_has_name(struct nodes *nodes, struct node *node)
{
	bool has;

	pthread_mutex_lock(&nodes->lock);
	has = node->by_name;
	pthread_mutex_unlock(&nodes->lock);
	return has;
}

void node_set_unlinked(struct nodes *nodes, struct node *node, bool kept)
{
	pthread_mutex_lock(&nodes->lock);
	unlink_name(nodes, node);
	node->unlinked = true;
	node->kept = kept;
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

int nodes_take_text(struct nodes *nodes, const char *text, uint32_t *ret)
{
	int64_t at;

	pthread_mutex_lock(&nodes->lock);
	at = texts_keep(&nodes->texts, text);
	pthread_mutex_unlock(&nodes->lock);
	*ret = at < 0 ? 0 : at;
	return at < 0 ? at : 0;
}

const char *nodes_text(const struct nodes *nodes, uint32_t text)
{
	return texts_at(&nodes->texts, text);
}

void nodes_give_back_text(struct nodes *nodes, uint32_t text)
{
	pthread_mutex_lock(&nodes->lock);
	texts_free(&nodes->texts, text);
	pthread_mutex_unlock(&nodes->lock);
}

/* Under the lock. Returns an old parent that the caller has to reap. */
static struct node *put_at(struct nodes *nodes, struct node *node, struct node *parent,
			   uint32_t name)
{
	struct node *before = node_parent(nodes, node);
	uint32_t old_name = place_of(node);

	unlink_name(nodes, node);
	parent->refs++;
	__atomic_store_n(&node->place, make_place(parent, name), __ATOMIC_RELEASE);
	texts_free(&nodes->texts, old_name);
	return before ? drop(nodes, before, 1) : NULL;
}

/* The same, and the node is what its name says. */
static struct node *set_place(struct nodes *nodes, struct node *node, struct node *parent,
			      uint32_t name)
{
	struct node *orphan = put_at(nodes, node, parent, name);
	struct node *taken = find_name(nodes, parent, node_name(nodes, node));

	if (taken)
		unlink_name(nodes, taken);
	node->unlinked = false;
	node->kept = false;
	link_name(nodes, node);
	return orphan;
}

void node_move(struct nodes *nodes, struct node *node, struct node *parent, uint32_t name)
{
	struct node *orphan;

	pthread_mutex_lock(&nodes->lock);
	orphan = set_place(nodes, node, parent, name);
	pthread_mutex_unlock(&nodes->lock);
	reap(nodes, orphan);
}

void node_set_unlinked_at(struct nodes *nodes, struct node *node, uint32_t path)
{
	struct node *orphan;

	pthread_mutex_lock(&nodes->lock);
	orphan = put_at(nodes, node, node->view->root, path);
	node->unlinked = true;
	pthread_mutex_unlock(&nodes->lock);
	reap(nodes, orphan);
}

void node_swap(struct nodes *nodes, struct node *a, struct node *b)
{
	uint64_t place;

	pthread_mutex_lock(&nodes->lock);
	unlink_name(nodes, a);
	unlink_name(nodes, b);
	place = a->place;
	__atomic_store_n(&a->place, b->place, __ATOMIC_RELEASE);
	__atomic_store_n(&b->place, place, __ATOMIC_RELEASE);
	link_name(nodes, a);
	link_name(nodes, b);
	pthread_mutex_unlock(&nodes->lock);
}

/* ---- the next worker ---- */

/* What was the process's own, from what has lasted. References are counted again afterwards. */
static int revive(struct nodes *nodes, struct node *node, struct view *view, struct layer *layer)
{
	struct found found = { 0 };
	int r;

	node->refs = node->lookups;
	if (strchr(node_name(nodes, node), '/')) { /* see node_set_unlinked_at */
		node->unlinked = true;
		node->by_name = false;
	}
	node->view = view;
	node->layer = layer ? layer_ref(layer) : NULL;
	found.in_upper = !node_parent(nodes, node) && view->upper;
	r = make_dir(node, &found);
	if (node->dir)
		node->dir->generation = view->generation - 1; /* to be worked out */
	if (r == 0 && node->by_name && node_parent(nodes, node))
		link_name(nodes, node);
	if (r == 0 && !node->dir && node->layer && node_parent(nodes, node))
		link_inode(nodes, node);
	nodes->n_used++;
	return r;
}

int nodes_resume(struct nodes *nodes, struct view *(*view_of)(void *arg, unsigned view_no),
		 struct layer *(*layer_of)(void *arg, struct view *view, unsigned layer_no),
		 void *arg)
{
	int r = 0;

	for (uint64_t id = 1; r == 0 && id < n_ids(nodes); id++) {
		struct node *node = node_at(nodes, id);
		struct view *view = node->used ? view_of(arg, node->view_no) : NULL;

		node->used = view; /* of a view that is gone: it was about to be freed */
		if (!view)
			continue;
		if (!node_parent(nodes, node))
			view->root = node;
		r = revive(nodes, node, view, layer_of(arg, view, node->layer_no));
		while (r == 0 && nodes->n_used > nodes->n_buckets) {
			size_t n = nodes->n_buckets;

			grow_buckets(nodes);
			if (n == nodes->n_buckets)
				break;
		}
	}
	for (uint64_t id = 1; r == 0 && id < n_ids(nodes); id++) {
		struct node *node = node_at(nodes, id);
		struct node *parent = node->used ? node_parent(nodes, node) : NULL;

		if (parent)
			parent->refs++;
		else if (node->used)
			node->refs++; /* the view's, of its root */
	}
	for (uint64_t id = 1; r == 0 && id < n_ids(nodes); id++) {
		struct node *node = node_at(nodes, id);

		if (node->used && !node->refs) /* a request held it, or was about to tell of it */
			reap(nodes, drop(nodes, node, 0));
	}
	return r;
}

int nodes_layers(struct nodes *nodes, const struct view *view, struct strv *ids)
{
	const struct layer *last = NULL;
	int r = 0;

	pthread_mutex_lock(&nodes->lock);
	for (uint64_t id = 1; r == 0 && id < n_ids(nodes); id++) {
		const struct node *node = node_at(nodes, id);

		if (!node->used || !node->refs || node->view != view || node->dir || !node->layer ||
		    node->layer == last)
			continue;
		last = node->layer;
		if (!strv_has(ids, last->id))
			r = strv_add(ids, last->id);
	}
	pthread_mutex_unlock(&nodes->lock);
	return r;
}
