// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/view/node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/strv.h"
#include "fs/store/handover.h"
#include "fs/store/inode32.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/store/names.h"
#include "fs/store/roster.h"
#include "fs/store/texts.h"
#include "fs/view/data.h"
#include "fs/view/dirs.h"
#include "fs/view/orphan.h"
#include "fs/view/view.h"

enum {
	PIECE = 16 * 1024,    /* heads */
	MAX_PIECES = 1 << 18, /* there are no more numbers */
	CHAIN_END = 0,	      /* number 0 is nobody's: FUSE means "no such entry" by it */
	AT_ONCE = 1024,	      /* nodes that are looked at before somebody else gets the lock */
};

const uint32_t nodes_record_size[HANDOVER_POOLS] = {
	[HANDOVER_NODES] = sizeof(struct node),
	[HANDOVER_NAMES] = TEXTS_UNIT,
	[HANDOVER_LAYERS] = sizeof(struct roster_layer),
	[HANDOVER_VIEWS] = sizeof(struct roster_view),
	[HANDOVER_INODES] = INODE32_RECORD,
	[HANDOVER_POSITIONS] = INODE32_RECORD,
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

/* Who looks at all nodes does so in parts, from `id` up to this number, or everybody would wait for
 * him. Under the lock. */
static uint64_t part_end(const struct nodes *nodes, uint64_t id)
{
	uint64_t n = n_ids(nodes);

	return id + AT_ONCE < n ? id + AT_ONCE : n;
}

/* Lets go of the lock, and others at it: it is not fair. Are there more from `id` on? */
static bool part_done(struct nodes *nodes, uint64_t id)
{
	bool more = id < n_ids(nodes);

	pthread_mutex_unlock(&nodes->lock);
	if (more)
		usleep(1);
	return more;
}

/* The pointers of the worker before mean nothing. */
static void forget_pointers(struct nodes *nodes)
{
	for (uint64_t id = 1; id < n_ids(nodes); id++) {
		struct node *node = node_at(nodes, id);

		node->view = NULL;
		node->by_inode = false;
		node->told = false;
		node->layer = NULL;
		node->dir = NULL;
		node->file = NULL;
	}
}

/* The pieces are taken as they are needed; memory that nobody has touched is none, and mmap(2) does
 * not touch it. */
static bool chains_init(struct chains *chains)
{
	void *heads = mmap(NULL, MAX_PIECES * sizeof(*chains->heads), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (heads == MAP_FAILED)
		return false;
	chains->heads = heads;
	chains->heads[0] = calloc(PIECE, sizeof(**chains->heads));
	return chains->heads[0];
}

static void chains_release(struct chains *chains)
{
	for (size_t i = 0; chains->heads && i < MAX_PIECES && chains->heads[i]; i++)
		free(chains->heads[i]);
	if (chains->heads)
		munmap(chains->heads, MAX_PIECES * sizeof(*chains->heads));
}

static bool chains_extend(struct chains *chains, size_t piece)
{
	if (!chains->heads[piece])
		chains->heads[piece] = calloc(PIECE, sizeof(**chains->heads));
	return chains->heads[piece];
}

int nodes_init(struct nodes *nodes, struct handover *memory)
{
	int r = memory ? 0 : handover_new(nodes_record_size, &memory);

	*nodes = (struct nodes){ .memory = memory };
	pthread_mutex_init(&nodes->lock, NULL);
	if (r == 0 && (!chains_init(&nodes->by_name) || !chains_init(&nodes->by_inode)))
		r = -ENOMEM;
	nodes->n_chains = PIECE;
	if (r == 0)
		r = texts_init(&nodes->texts, memory);
	if (r == 0 && n_ids(nodes) == 0)
		memory->head->used[HANDOVER_NODES] = CHAIN_END + 1;
	else if (r == 0)
		forget_pointers(nodes);
	return r;
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
	chains_release(&nodes->by_name);
	chains_release(&nodes->by_inode);
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

/* Which of `n` chains: there is one more now and then, which takes its share of one other. */
static size_t chain_of(uint64_t hash, size_t n)
{
	uint64_t all = UINT64_MAX >> __builtin_clzll(n);
	size_t i = hash & all;

	return i < n ? i : hash & all >> 1;
}

static uint32_t *chain_at(const struct chains *chains, size_t i)
{
	return &chains->heads[i / PIECE][i % PIECE];
}

static uint64_t hash_name(const struct node *parent, const char *name)
{
	uint64_t h = names_position(name) ^ (parent->id * 0x9e3779b97f4a7c15);

	return h ^ (h >> 32);
}

static uint64_t hash_inode(const struct view *view, const struct layer *layer, ino_t real)
{
	uint64_t h = (real ^ (uintptr_t)layer ^ ((uintptr_t)view << 7)) * 0x9e3779b97f4a7c15;

	return h >> 20;
}

static uint32_t *name_chain(const struct nodes *nodes, const struct node *parent, const char *name)
{
	return chain_at(&nodes->by_name, chain_of(hash_name(parent, name), nodes->n_chains));
}

static uint32_t *inode_chain(const struct nodes *nodes, const struct view *view,
			     const struct layer *layer, ino_t real)
{
	return chain_at(&nodes->by_inode, chain_of(hash_inode(view, layer, real), nodes->n_chains));
}

static void link_name(struct nodes *nodes, struct node *node)
{
	uint32_t *head = name_chain(nodes, node_parent(nodes, node), node_name(nodes, node));

	node->next_by_name = *head;
	*head = node->id;
	node->by_name = true;
}

static void unlink_name(struct nodes *nodes, struct node *node)
{
	uint32_t *p;

	if (!node->by_name)
		return;
	p = name_chain(nodes, node_parent(nodes, node), node_name(nodes, node));
	while (*p != node->id)
		p = &node_at(nodes, *p)->next_by_name;
	*p = node->next_by_name;
	node->by_name = false;
}

static void link_inode(struct nodes *nodes, struct node *node)
{
	uint32_t *head = inode_chain(nodes, node->view, node->layer, node->real);

	node->next_by_inode = *head;
	*head = node->id;
	node->by_inode = true;
}

static void unlink_inode(struct nodes *nodes, struct node *node)
{
	uint32_t *p;

	if (!node->by_inode)
		return;
	p = inode_chain(nodes, node->view, node->layer, node->real);
	while (*p != node->id)
		p = &node_at(nodes, *p)->next_by_inode;
	*p = node->next_by_inode;
	node->by_inode = false;
}

static void share_names(struct nodes *nodes, size_t from)
{
	uint32_t id = *chain_at(&nodes->by_name, from), next;

	*chain_at(&nodes->by_name, from) = CHAIN_END;
	for (; id; id = next) {
		next = node_at(nodes, id)->next_by_name;
		link_name(nodes, node_at(nodes, id));
	}
}

static void share_inodes(struct nodes *nodes, size_t from)
{
	uint32_t id = *chain_at(&nodes->by_inode, from), next;

	*chain_at(&nodes->by_inode, from) = CHAIN_END;
	for (; id; id = next) {
		next = node_at(nodes, id)->next_by_inode;
		link_inode(nodes, node_at(nodes, id));
	}
}

/* One chain more, for one node more: so nobody ever waits until all have found another place.
 * Without memory the chains just stay longer. */
static void add_chain(struct nodes *nodes)
{
	size_t n = nodes->n_chains, half = (size_t)1 << (63 - __builtin_clzll(n));

	if (n / PIECE >= MAX_PIECES || !chains_extend(&nodes->by_name, n / PIECE) ||
	    !chains_extend(&nodes->by_inode, n / PIECE))
		return;
	nodes->n_chains++;
	share_names(nodes, n - half);
	share_inodes(nodes, n - half);
}

static struct node *find_name(struct nodes *nodes, const struct node *parent, const char *name)
{
	for (uint32_t id = *name_chain(nodes, parent, name); id;) {
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
	for (uint32_t id = *inode_chain(nodes, view, layer, real); id;) {
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
	uint64_t id = nodes->free ? nodes->free : n_ids(nodes);

	if (id > UINT32_MAX || handover_reserve(nodes->memory, HANDOVER_NODES, id) < 0)
		return -ENOMEM;
	return id;
}

static void take_id(struct nodes *nodes, uint32_t id)
{
	if (id == nodes->free)
		nodes->free = node_at(nodes, id)->next_by_name;
	else
		nodes->memory->head->used[HANDOVER_NODES] = (uint64_t)id + 1;
}

static void give_back_id(struct nodes *nodes, uint32_t id)
{
	node_at(nodes, id)->next_by_name = nodes->free;
	nodes->free = id;
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
	take_id(nodes, id);
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
		give_back_id(nodes, id);
		return r;
	}
	if (found->layer)
		node->layer = layer_ref(found->layer);
	if (parent) {
		parent->refs++;
		link_name(nodes, node);
		if (!node->dir && node->layer)
			link_inode(nodes, node);
	}
	__atomic_store_n(&node->used, true, __ATOMIC_RELEASE);
	if (++nodes->n_used > nodes->n_chains)
		add_chain(nodes);
	*ret = node;
	return 0;
}

static struct node *set_place(struct nodes *nodes, struct node *node, struct node *parent,
			      uint32_t name);
static char *path_of(const struct nodes *nodes, struct node *node, const char *name);

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
		give_back_id(nodes, node->id);
		if (!parent)
			free_view(nodes, node->view_no);
		node = parent ? drop(nodes, parent, 1) : NULL;
		pthread_mutex_unlock(&nodes->lock);
	}
}

static bool is_foreign(const struct view *view, const struct found *found)
{
	return view->read_only && found->layer == view->upper;
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
	if (!old && !fresh && !S_ISDIR(found->st.st_mode) && !is_foreign(parent->view, found)) {
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
		node_ask(old);
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

int nodes_twin(struct nodes *nodes, struct node *dir, const struct view *view, uint64_t *ret)
{
	struct node *twin = view->root;
	autofree char *path = NULL;
	char *save = NULL;
	int r = -ENOENT;

	pthread_mutex_lock(&nodes->lock);
	if (twin->refs > 1 && !dir->unlinked) { /* else nobody has looked into that view */
		path = path_of(nodes, dir, NULL);
		for (char *name = path ? strtok_r(path, "/", &save) : NULL; name && twin;
		     name = strtok_r(NULL, "/", &save))
			twin = find_name(nodes, twin, name);
		r = !path ? -ENOMEM : twin ? 0 : -ENOENT;
		*ret = twin ? twin->id : 0;
	}
	pthread_mutex_unlock(&nodes->lock);
	return r;
}

uint64_t nodes_next_untold(struct nodes *nodes, const struct view *view, const struct layer *layer,
			   ino_t real)
{
	uint64_t id;

	pthread_mutex_lock(&nodes->lock);
	for (id = *inode_chain(nodes, view, layer, real); id;) {
		struct node *node = node_at(nodes, id);

		if (node->view == view && node->layer == layer && node->real == real &&
		    !__atomic_exchange_n(&node->told, true, __ATOMIC_SEQ_CST))
			break;
		id = node->next_by_inode;
	}
	pthread_mutex_unlock(&nodes->lock);
	return id;
}

bool nodes_have_kept(struct nodes *nodes, const struct view *view, const struct layer *layer,
		     ino_t real)
{
	const struct node *node;
	bool kept;

	pthread_mutex_lock(&nodes->lock);
	node = find_inode(nodes, view, layer, real);
	kept = node && node->kept;
	pthread_mutex_unlock(&nodes->lock);
	return kept;
}

static bool is_of(const struct node *node, const struct view *view)
{
	return node->used && node->refs && node->view == view;
}

struct node *nodes_next_of(struct nodes *nodes, const struct view *view, uint64_t id)
{
	struct node *node = NULL;

	do {
		uint64_t end;

		pthread_mutex_lock(&nodes->lock);
		end = part_end(nodes, id);
		for (; !node && id < end; id++)
			if (is_of(node_at(nodes, id), view))
				node = node_at(nodes, id);
		if (node)
			node->refs++;
	} while (part_done(nodes, node ? UINT64_MAX : id));
	return node;
}

void node_whereabouts(struct nodes *nodes, const struct node *node, const struct layer **layer,
		      ino_t *real)
{
	pthread_mutex_lock(&nodes->lock);
	*layer = node->layer;
	*real = node->real;
	pthread_mutex_unlock(&nodes->lock);
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

/* Under the lock. Measured first, then written from its end. A way up that is longer than there are
 * nodes does not end: an error of ours, for which nobody shall wait with the lock held. */
static char *path_of(const struct nodes *nodes, struct node *node, const char *name)
{
	size_t size = name ? strlen(name) + 1 : 0, steps = 0;
	struct node *parent;
	char *path, *p;

	for (struct node *n = node; (parent = node_parent(nodes, n)); n = parent) {
		if (steps++ > nodes->n_used)
			return NULL;
		size += strlen(node_name(nodes, n)) + 1;
	}
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

bool node_is_known(struct nodes *nodes, struct node *node)
{
	bool known;

	pthread_mutex_lock(&nodes->lock);
	known = node->lookups > 0;
	pthread_mutex_unlock(&nodes->lock);
	return known;
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

/* The next kept node of the view from number `id` on, which it no longer is; with a reference. */
static struct node *next_kept(struct nodes *nodes, const struct view *view, uint64_t id)
{
	struct node *node = NULL;

	do {
		uint64_t end;

		pthread_mutex_lock(&nodes->lock);
		end = part_end(nodes, id);
		for (; !node && id < end; id++)
			if (is_of(node_at(nodes, id), view) && node_at(nodes, id)->kept)
				node = node_at(nodes, id);
		if (node) {
			node->kept = false;
			node->refs++;
		}
	} while (part_done(nodes, node ? UINT64_MAX : id));
	return node;
}

void nodes_drop_kept(struct nodes *nodes, const struct view *view)
{
	struct node *node;

	for (uint64_t id = 1; (node = next_kept(nodes, view, id));) {
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
		if (nodes->n_used > nodes->n_chains)
			add_chain(nodes);
	}
	for (uint64_t id = n_ids(nodes); r == 0 && --id >= 1;)
		if (!node_at(nodes, id)->used)
			give_back_id(nodes, id);
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

/* Under the lock. */
static int add_layer(const struct node *node, const struct view *view, const struct layer **last,
		     struct strv *ids)
{
	if (!is_of(node, view) || node->dir || !node->layer || node->layer == *last)
		return 0;
	*last = node->layer;
	return strv_has(ids, node->layer->id) ? 0 : strv_add(ids, node->layer->id);
}

int nodes_layers(struct nodes *nodes, const struct view *view, struct strv *ids)
{
	const struct layer *last = NULL;
	uint64_t id = 1;
	int r = 0;

	do {
		uint64_t end;

		pthread_mutex_lock(&nodes->lock);
		last = NULL; /* it may have gone meanwhile, and another have come to its place */
		end = part_end(nodes, id);
		for (; r == 0 && id < end; id++)
			r = add_layer(node_at(nodes, id), view, &last, ids);
	} while (part_done(nodes, r < 0 ? UINT64_MAX : id));
	return r;
}
