// SPDX-License-Identifier: GPL-2.0-or-later
/* node.h - what the kernel knows: a name in a view, under a number.
 *
 * A node is found by (parent, name), and when it is no directory also by (layer, inode), so that
 * two names of one hard-linked file are one node. Its number is an index into the table.
 *
 * References: the kernel's look-ups, one for each child, one for each caller that was given the
 * node. A node without references is freed. It holds its parent and its layer.
 *
 * The table is memory that outlives the process (handover.h): the kernel's numbers mean the same to
 * the worker that comes next, which builds everything else up again from the fields that last.
 *
 * Locks: nodes->lock guards the table and every field marked below. It is held for a few
 * instructions, and across no system call but those that give the table more memory, and is the
 * innermost lock of the engine (see view.h).
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "fs/store/note.h"
#include "fs/store/roster.h"
#include "fs/store/texts.h"

struct file;
struct handover;
struct layer;
struct layerset;
struct names;
struct strv;
struct view;

/* The directories that no layer has: .xsysfs and what is in it. */
enum virtual_dir {
	VIRTUAL_NONE,
	VIRTUAL_TOP,
	VIRTUAL_BUILD,
	VIRTUAL_PACKAGES,
};

/* What a directory is made of. All under nodes->lock, but the last. */
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
	struct dirset *set; /* under dirs->lock, see dirs.h */
};

struct node {
	/* these last */
	uint64_t ino;	     /* what st_ino says, for the life of the node */
	uint64_t place;	     /* atomic: the parent's number, and where the name is */
	uint64_t lookups;    /* under nodes->lock: the kernel's share of `refs` */
	uint64_t real;	     /* under nodes->lock: the inode in `layer` */
	uint32_t layer_no;   /* under nodes->lock: of `layer`, as roster.h counts */
	uint32_t id;	     /* the number */
	uint32_t generation; /* of the number, for the kernel */
	uint16_t view_no;    /* of `view`, as roster.h counts */
	uint16_t type;	     /* S_IFMT bits */
	uint8_t virtual_dir; /* enum virtual_dir */
	bool used; /* under nodes->lock: this is a node; the last to be set, the first to go */
	/* under nodes->lock: */
	bool by_name;  /* it is what its name says; else another node has taken the name */
	bool unlinked; /* the last known name is gone */
	bool kept;     /* and the file has a name in the view's work directory: see orphan.h */

	/* these are the process's own */
	bool by_inode; /* under nodes->lock, like the chains */
	bool read;     /* atomic: a view that watches knows that it has been read */
	bool told;     /* atomic: the kernel has been told to forget it, and has not asked since */
	uint32_t next_by_name, next_by_inode;
	uint64_t refs; /* under nodes->lock */
	struct view *view;
	struct layer *layer; /* under nodes->lock: where the data is; of a directory: where it was
			      * first seen */
	struct dir *dir;     /* NULL when it is no directory */
	struct file *file;   /* under files->lock */
};

struct nodes {
	pthread_mutex_t lock;
	struct handover *memory;
	/* under lock */
	size_t n_used;
	uint32_t free; /* the first of the numbers below the last that nobody has; they are a chain
			*/
	struct chains {
		uint32_t **heads; /* in pieces, so that more of them move none; by number */
	} by_name, by_inode;
	size_t n_chains;    /* of either */
	struct texts texts; /* names, paths of unlinked files, and what roster.h keeps */
};

/* What a look-up found out about a name, from which a node is made or found again. */
struct found {
	struct layer *layer; /* lent by the view */
	struct stat st;	     /* there, with the note's permission bits */
	struct note note;
	ino_t ino;		/* what to show as st_ino */
	struct layerset *below; /* of a directory; the finder's reference */
	bool in_upper;		/* of a directory */
	bool whiteout;		/* only with -ENOENT: the upper says so */
};

/* Sizes of the records in all pools, for handover_new. */
extern const uint32_t nodes_record_size[];

/* A table in `memory`, which is taken over also when it fails, or in new memory (NULL). If it is
 * that of a worker before ours, nothing but nodes_resume may be called next. */
int nodes_init(struct nodes *nodes, struct handover *memory);
void nodes_release(struct nodes *nodes); /* frees what is left, too */

/* Make the nodes of the worker before ours. `view_of` and `layer_of` say what a number of roster.h
 * is now; a layer may be NULL where it is gone, and is lent. */
int nodes_resume(struct nodes *nodes, struct view *(*view_of)(void *arg, unsigned view_no),
		 struct layer *(*layer_of)(void *arg, struct view *view, unsigned layer_no),
		 void *arg);

struct node *node_parent(const struct nodes *nodes, const struct node *node); /* NULL for a root */
/* Of a directory, good for as long as the view is locked; else only until it is moved. */
const char *node_name(const struct nodes *nodes, const struct node *node);

/* The node of (parent, name) if it is still what was found, else (or when a `fresh` one is asked
 * for) a new one; with a reference. An older node of that name keeps its data but loses the name.
 * What another view may write is found by its name alone: by its number it may be another file when
 * that view has deleted the one before. Returns 0 or -ENOMEM. */
int nodes_get(struct nodes *nodes, struct node *parent, const char *name, const struct found *found,
	      bool fresh, struct node **ret);

/* Give the view its number and its root; of a package view, `layer` is what it shows. */
int nodes_add_root(struct nodes *nodes, struct view *view, enum view_kind kind, struct layer *layer,
		   const struct found *found);
/* A virtual directory. */
int nodes_get_virtual(struct nodes *nodes, struct node *parent, const char *name,
		      enum virtual_dir kind, struct node **ret);

/* What somebody is about to look at, the kernel may keep: see mirror.h. */
static inline void node_ask(struct node *node)
{
	__atomic_store_n(&node->told, false, __ATOMIC_SEQ_CST);
}

/* The number of the node that `view` has for the same directory. -ENOENT: it has none. */
int nodes_twin(struct nodes *nodes, struct node *dir, const struct view *view, uint64_t *ret);
/* The number of a node of `view` that is this file and was not told; now it is. 0: there is none.
 */
uint64_t nodes_next_untold(struct nodes *nodes, const struct view *view, const struct layer *layer,
			   ino_t real);
/* Has a node of the view this file, whose last known name is gone, under a name of its own? */
bool nodes_have_kept(struct nodes *nodes, const struct view *view, const struct layer *layer,
		     ino_t real);
/* The first node of `view` with a number from `id` on, with a reference; NULL: there is none. */
struct node *nodes_next_of(struct nodes *nodes, const struct view *view, uint64_t id);
/* Where the data are, to compare with: the layer may be gone. */
void node_whereabouts(struct nodes *nodes, const struct node *node, const struct layer **layer,
		      ino_t *real);

/* Add the ids of the layers in which files of the view lie that the kernel knows, and may have
 * open. Returns 0 or -ENOMEM. */
int nodes_layers(struct nodes *nodes, const struct view *view, struct strv *ids);

/* The node with that number, with a reference; NULL when there is none. */
struct node *nodes_by_id(struct nodes *nodes, uint64_t id);
/* The node the table has for this name, with a reference; NULL when nobody knows it. */
struct node *nodes_find(struct nodes *nodes, struct node *parent, const char *name);
/* The node of what was found under this name: by its inode, or for a directory by its name. */
struct node *nodes_find_found(struct nodes *nodes, struct node *parent, const char *name,
			      const struct found *found);

void node_ref(struct nodes *nodes, struct node *node);
void node_unref(struct nodes *nodes, struct node *node); /* takes NULL */
/* The caller's reference becomes one of the kernel's, and back when it could not be told. */
void node_give(struct nodes *nodes, struct node *node);
void node_take_back(struct nodes *nodes, struct node *node);
/* The kernel has forgotten the node `n` times, and the caller his own reference too. */
void node_forget(struct nodes *nodes, struct node *node, uint64_t n);

/* The path from the view's root ("" for itself), for the caller to free. NULL: no memory. */
char *node_path(struct nodes *nodes, struct node *node);
/* The path of `name` in `dir`, the same way. */
char *node_child_path(struct nodes *nodes, struct node *dir, const char *name);

/* Where a node's file is: all of it as it was at one moment. */
struct site {
	struct layer *layer; /* with a reference; NULL: nowhere */
	char *path;	     /* in the layer */
	ino_t real;	     /* what is found at the path may have become another file */
	bool unlinked, kept;
};
#define autosite cleanup(site_release)

/* Returns 0 or -ENOMEM. */
int node_site(struct nodes *nodes, struct node *node, struct site *ret);
void site_release(struct site *site);

/* The data are in `layer` as inode `real` from now on. Takes a reference of the layer. */
void node_set_layer(struct nodes *nodes, struct node *node, struct layer *layer, ino_t real);
/* The same for an unlinked node: now it is kept. */
void node_set_kept(struct nodes *nodes, struct node *node, struct layer *layer, ino_t real);
/* Where the data are now, with a reference. */
struct layer *node_layer(struct nodes *nodes, struct node *node);

/* Is this the name that the node is known by? A hard link may have others. */
bool node_is_at(struct nodes *nodes, struct node *node, struct node *dir, const char *name);
/* Has the kernel been told of it? */
bool node_is_known(struct nodes *nodes, struct node *node);
/* Is it what its name says, as far as the table knows? */
bool node_has_name(struct nodes *nodes, struct node *node);
/* The name is gone; the node lives on for those who have it open. `kept`: in the view's work
 * directory, see orphan.h. */
void node_set_unlinked(struct nodes *nodes, struct node *node, bool kept);
/* Room for a text in the memory, of less than a MiB: a name or a path, taken before the change that
 * cannot be taken back, so that what is done with it afterwards does not fail; or what roster.h
 * keeps. Returns 0, -ENOMEM or -ENAMETOOLONG; `*ret` is used by node_move or node_set_unlinked_at,
 * or given back. */
int nodes_take_text(struct nodes *nodes, const char *text, uint32_t *ret);
void nodes_give_back_text(struct nodes *nodes, uint32_t text); /* takes 0: none */
/* A text that has been taken; "" for 0. */
const char *nodes_text(const struct nodes *nodes, uint32_t text);
/* The name is gone, and the file stays at this path of its layer for good, whatever becomes of the
 * directories in the view. */
void node_set_unlinked_at(struct nodes *nodes, struct node *node, uint32_t path);
/* No node of that view is kept any longer: nobody can ask for them. */
void nodes_drop_kept(struct nodes *nodes, const struct view *view);
bool node_is_unlinked(struct nodes *nodes, struct node *node);
/* The node has that name in `parent` from now on. */
void node_move(struct nodes *nodes, struct node *node, struct node *parent, uint32_t name);
