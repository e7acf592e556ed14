// SPDX-License-Identifier: GPL-2.0-or-later
/* model.h - what the parts of model.c share: the engine, the plain tree that it is compared with,
 * and what operates on both.
 *
 * Where the code is: model.c (mounting, the loop), model_disk.c (what is there at the start),
 * model_same.c (comparing), model_pick.c (choosing), model_ops.c, model_rename.c, model_stack.c,
 * model_look.c and model_kill.c (operations).
 *
 * What is wrong ends the program: fuzz_fail.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "tests/fuzz/fault.h"

struct choices;
struct layer;
struct node;
struct plain;
struct sight;
struct strv;
struct view;
struct xs;

enum { HANDLES = 6, SEEN = 3, MAX_KIDS = 12, MAX_DEPTH = 4, MAX_STEPS = 300, MODEL_NAMES = 8 };

struct handle {
	struct node *node; /* NULL: unused */
	struct plain *file;
};

/* A view, and what should be in it. */
struct side {
	struct view *view; /* NULL: there is none */
	struct plain *tree;
	struct handle handles[HANDLES];
};

struct model {
	struct choices *c;
	struct xs *xs;
	struct plain *base;
	struct side root, build;
	struct handle seen[SEEN]; /* of package views: no file of these is ever changed */
	struct sight *sight;	  /* of the build view */
	char package[16];
	struct side *now;
	enum fault_kind faults;
	bool struck; /* this operation's fault has happened */
	bool deep;   /* this input is one of more operations than there once were */
	bool mortal; /* and the engine may end in the midst of it */
	int nowhere; /* open; what the engine opens comes behind it */
	/* in a child that is to die: at the n-th call of the operation, and where its choices begin
	 */
	unsigned doomed;
	const uint8_t *start;
};

extern const char *const model_names[MODEL_NAMES];

/* model_disk.c */
void model_put_state(struct choices *c, bool deep);

/* model.c */
void model_mount(struct model *m);
/* The tree that the disk says there should be: with the base, the layers of all packages or of
 * those, perhaps `local`. */
struct plain *model_read_disk(struct model *m, const struct strv *only, bool local);
struct plain *model_read_layer(const struct layer *layer);
char *model_stack_text(void); /* for the caller to free */
void model_drop_handle(struct model *m, struct handle *h);
void model_forget(struct model *m, struct side *side);

/* model_same.c */
void model_same_contents(struct node *node, const struct plain *file, const char *name);
void model_same_stat(const struct stat *st, struct plain *file, const char *name);
void model_same_side(struct model *m, struct side *side);
/* Staging: the same files as in the root view, but for those that the base has. */
void model_same_staging(struct model *m, struct node *node, struct plain *dir,
			const struct plain *base);
void model_same_all(struct model *m);

/* model_pick.c */
const char *model_some_name(struct model *m);
const char *model_some_name_in(struct model *m, const struct plain *dir); /* mostly a used one */
void model_list_dirs(struct plain *dir, struct plain **v, size_t *n);
struct plain *model_some_dir(struct model *m);
unsigned model_depth_of(const struct plain *dir);
const char *model_name_of(const struct plain *dir);
/* The engine's node of a directory, from the root as the kernel finds it. */
struct node *model_walk(struct side *side, const struct plain *dir);
/* A file to do something to, by handle or by path; NULL: none there. */
struct plain *model_some_file(struct model *m, struct node **node);
void model_keep_handle(struct model *m, struct node *node, struct plain *file);
/* Let a call of what comes fail, perhaps. */
void model_arm(struct model *m);
/* Has it been done? Ends the program when it ended otherwise than expected. */
bool model_done(struct model *m, const char *what, int r, int expected);
int model_check_new(const struct model *m, const struct plain *dir, const char *name);
bool model_is_full(const struct plain *dir, mode_t mode);

/* model_ops.c */
void model_op_make(struct model *m);
void model_op_symlink(struct model *m);
void model_op_link(struct model *m);
void model_op_tmpfile(struct model *m);
void model_op_remove(struct model *m);
void model_op_write(struct model *m);
void model_op_setattr(struct model *m);
void model_op_xattr(struct model *m);
void model_op_keep(struct model *m);
void model_op_in_removed(struct model *m);
void model_op_forget(struct model *m);

/* model_kill.c */
enum model_change {
	CHANGE_ANY,
	CHANGE_COMES, /* the name */
	CHANGE_GOES,
	CHANGE_FILE, /* of that name */
	CHANGE_MOVES,
};
/* Before an operation is begun: what of the tree it is about. */
void model_about(struct model *m, enum model_change change, const struct plain *dir,
		 const char *name);
void model_taken(struct model *m, const uint8_t *start);
/* Between two operations, and in the midst of one. */
void model_op_kill(struct model *m);
void model_op_die(struct model *m);

/* model_look.c */
void model_drop_seen(struct model *m);
void model_same_seen(struct model *m);
/* Walk a package view, and keep something of it open. */
void model_op_look(struct model *m);

/* model_rename.c */
void model_op_rename(struct model *m);
void model_op_exchange(struct model *m);
void model_op_exchange_linked(struct model *m);

/* model_stack.c */
/* Another stack shows: what is there now is what the disk says. */
void model_reread_root(struct model *m);
void model_end_build(struct model *m);
void model_op_begin(struct model *m);
void model_op_commit(struct model *m);
void model_op_install(struct model *m); /* all of one */
void model_op_stack(struct model *m);
void model_op_outlive(struct model *m); /* what is open does so a change of the stack */
void model_op_remount(struct model *m);
void model_op_compare(struct model *m);
