// SPDX-License-Identifier: GPL-2.0-or-later
/* node.h - what the kernel knows: a name in a view, under a number.
 *
 * A node is found by (parent, name), and when it is no directory also by (layer, inode), so that
 * two names of one hard-linked file are one node. Its number is an index into the table.
 *
 * References: the kernel's look-up count, one for each child, one for each caller that was given
 * the node. A node without references is freed. It holds its parent and its layer.
 *
 * Locks: nodes->lock guards the table and every field marked below. It is held for a few
 * instructions, never across a system call, and is the innermost lock of the engine (see view.h).
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct file;
struct layer;
struct layerset;
struct names;
struct view;

/* The directories that no layer has: .xsysfs and what is in it. */
enum virtual_dir {
	VIRTUAL_NONE,
	VIRTUAL_TOP,
	VIRTUAL_BUILD,
	VIRTUAL_PACKAGES,
};

/* What a directory is made of. All under nodes->lock. */
struct dir {
	struct layerset *below; /* immutable layers in which it shows, top first */
	struct names *index;	/* what they add up to; NULL until somebody asks */
	struct names *listing;	/* the same with the upper; NULL after each change */
	unsigned changes;	/* counts those */
	unsigned subdirs;	/* how many directories show in it, if `counted` */
	unsigned counting;	/* not now: this many calls are about to change that */
	bool counted;
	unsigned generation; /* the view's, when `below` was worked out */
	bool in_upper;
};

struct node {
	uint64_t id;
	uint64_t generation; /* of the slot, for the kernel */
	struct view *view;
	ino_t ino;	 /* what st_ino says, for the life of the node */
	mode_t type;	 /* S_IFMT bits */
	struct dir *dir; /* NULL when it is no directory */
	enum virtual_dir virtual_dir;

	/* under nodes->lock */
	uint64_t refs;
	struct node *parent; /* NULL for a view's root */
	char *name;
	struct layer *layer; /* where the data is; of a directory: where it was first seen */
	ino_t real;	     /* the inode there */
	bool unlinked;	     /* the last known name is gone; `file` is all there is */
	bool by_name, by_inode;
	struct node *next_by_name, *next_by_inode;

	/* under files->lock */
	struct file *file;
};

struct nodes {
	pthread_mutex_t lock;
	struct node **slots; /* by id; NULL where free */
	uint64_t *generations;
	size_t n_slots, n_used, first_free;
	struct node **by_name, **by_inode;
	size_t n_buckets;
};

/* What a look-up found out about a name, from which a node is made or found again. */
struct found {
	struct layer *layer;	/* lent by the view */
	struct stat st;		/* there */
	ino_t ino;		/* what to show as st_ino */
	struct layerset *below; /* of a directory; the finder's reference */
	bool in_upper;		/* of a directory */
	bool whiteout;		/* only with -ENOENT: the upper says so */
};

int nodes_init(struct nodes *nodes);
void nodes_release(struct nodes *nodes); /* frees what is left, too */

/* The node of (parent, name) if it is still what was found, else (or when a `fresh` one is asked
 * for) a new one; with a reference. An older node of that name keeps its data but loses the name.
 * Returns 0 or -ENOMEM. */
int nodes_get(struct nodes *nodes, struct node *parent, const char *name, const struct found *found,
	      bool fresh, struct node **ret);

/* A view's root, or a virtual directory. */
int nodes_add_root(struct nodes *nodes, struct view *view, const struct found *found,
		   struct node **ret);
int nodes_get_virtual(struct nodes *nodes, struct node *parent, const char *name,
		      enum virtual_dir kind, struct node **ret);

/* The node with that number, with a reference; NULL when there is none. */
struct node *nodes_by_id(struct nodes *nodes, uint64_t id);
/* The node the table has for this name, with a reference; NULL when nobody knows it. */
struct node *nodes_find(struct nodes *nodes, struct node *parent, const char *name);
/* The node of what was found under this name: by its inode, or for a directory by its name. */
struct node *nodes_find_found(struct nodes *nodes, struct node *parent, const char *name,
			      const struct found *found);

void node_ref(struct nodes *nodes, struct node *node);
void node_unref(struct nodes *nodes, struct node *node); /* takes NULL */
void node_forget(struct nodes *nodes, struct node *node, uint64_t n);

/* The path from the view's root ("" for itself), for the caller to free. NULL: no memory. */
char *node_path(struct nodes *nodes, struct node *node);
/* The path of `name` in `dir`, the same way. */
char *node_child_path(struct nodes *nodes, struct node *dir, const char *name);

/* The data are in `layer` as inode `real` from now on. Takes a reference of the layer. */
void node_set_layer(struct nodes *nodes, struct node *node, struct layer *layer, ino_t real);
/* Where the data are now, with a reference. */
struct layer *node_layer(struct nodes *nodes, struct node *node);
/* The same, and the inode there: what is found at the node's path may have become another file. */
struct layer *node_place(struct nodes *nodes, struct node *node, ino_t *real);

/* Is this the name that the node is known by? A hard link may have others. */
bool node_is_at(struct nodes *nodes, struct node *node, struct node *dir, const char *name);
/* The name is gone; the node lives on for those who have it open. */
void node_set_unlinked(struct nodes *nodes, struct node *node);
bool node_is_unlinked(struct nodes *nodes, struct node *node);
/* The node is `name` in `parent` from now on. Returns 0 or -ENOMEM. */
int node_move(struct nodes *nodes, struct node *node, struct node *parent, const char *name);
/* Two nodes change places. */
void node_swap(struct nodes *nodes, struct node *a, struct node *b);
