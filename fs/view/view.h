// SPDX-License-Identifier: GPL-2.0-or-later
/* view.h - layers + a filter + at most one layer to write to: what somebody sees.
 *
 * Everything that a program can do to a file is a function here; the FUSE operations only find the
 * node, call it and reply. Unless said otherwise functions return 0 or -errno, a node that is given
 * back carries a reference for the caller, and `struct stat` is filled with what the view shows
 * (st_ino of the node, owners as the view has them), not with what is on disk.
 *
 * Where the code is: view.c (life and stat), attr.c (attributes change), lookup.c (names to
 * layers), change.c (names come and go), rename.c, copyup.c, open.c (descriptors of contents),
 * xattr.c. What they need of each other is in inside.h.
 *
 * Locks, in this order:
 *   1. view->lock: the shape. Read-held by whoever composes a path and uses it; write-held by a
 *      rename and by a change of the stack. Who waits to write comes before who reads next, so
 *      nobody may read-hold it twice. Never held across a kernel notification or a reply.
 *   2. view->copying[]: one of them across the copy-up of one file, so that it is copied once, and
 *      while an unlinked one is moved to where it is kept.
 *   3. view->placing: read-held from finding a name to having its node, write-held while a finished
 *      copy takes its place. Never across the copying.
 *   4. view->times[]: one of them, read-held across a change of a directory's names or times in
 *      the upper, and across a look at its times; write-held by a copy-up that changes names and
 *      puts the times back. Never two, and no copy-up under one.
 *   5. files->lock, then nodes->lock: a few instructions each, and no system calls but those by
 *      which a table grows.
 * Two callers may add or remove names in one directory at a time only if the names differ; the
 * kernel's directory locks see to that.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "fs/view/data.h"
#include "fs/view/node.h"

struct layer;
struct layerset;
struct mirror;
struct names;

enum { VIEW_STRIPES = 32 };

struct view {
	struct nodes *nodes;
	struct files *files;
	struct node *root;
	struct layer *upper; /* the layer that may change; NULL: none does */
	bool read_only;	     /* and not through this view */
	struct layer *hide;  /* NULL, or: paths that are no directory here do not show (staging) */
	int work;	     /* where an upper's new things are made; lent */
	bool staging;	     /* show root:root, and only what layer_parts says is staged */
	bool durable;	     /* sync a copy-up before it shows: nobody will sync the layer later */
	bool shared;	     /* another view writes to the upper and says nothing: cache nothing */
	char *name;	     /* the package of a build or package view; "" for the others */
	unsigned number;     /* in roster.h */
	bool watches;	     /* of which packages something is read: see reads.h */
	struct mirror *mirror; /* NULL, or: who shows our upper too, and is told of changes; lent */
	struct view *writer;   /* of that one: us */

	pthread_rwlock_t lock;
	struct layerset *below; /* under lock; immutable layers, top first */
	unsigned generation;	/* atomic; counts changes of `below`, and of names in the upper that
				 * another view has made */
	unsigned changes;	/* atomic; counts all that another view has changed: see mirror.h */
	bool closed;		/* under lock; its install is over: everything is -ESTALE */

	pthread_mutex_t copying[VIEW_STRIPES];
	pthread_rwlock_t placing;
	pthread_rwlock_t times[VIEW_STRIPES];
	unsigned temp_names; /* atomic */
};

struct view_options {
	enum view_kind kind;
	unsigned number;     /* of a view of the worker before; 0: a new one */
	struct layer *layer; /* of a package view: what it shows */
	struct layer *upper, *hide;
	struct layerset *below;
	int work;
	bool staging, durable, read_only, shared, watches;
	const char *name;
};

/* At the root of every view this name is ours: it shows nothing else, and nothing can be made
 * there, or a package could put a directory of its own in the place of our views. */
#define VIEW_RESERVED_NAME ".xsysfs"

/* Setting it to "UID:GID" is view_give; one of the two may be missing. Of all kinds of name the
 * kernel lets an owner set only these on symlinks and on files that he may not write to. */
#define GIVE_XATTR "system.xsysfs.owner"

/* Who a new file belongs to. The umask is applied here, since a default ACL of the directory takes
 * its place (acl(5)). */
struct owner {
	uid_t uid;
	gid_t gid;
	mode_t umask;
};

/* Takes references of its own of all layers. With a `number` it has no root yet: nodes_resume gives
 * it one. */
int view_new(struct nodes *nodes, struct files *files, const struct view_options *options,
	     struct view **ret);
/* No more requests are answered. The view itself lives until its last node is gone: view_free. */
void view_close(struct view *view);
/* Only when no node of it is left, or all nodes are about to be released. */
void view_free(struct view *view);

/* Show another stack. What programs have open stays as it is. */
void view_set_below(struct view *view, struct layerset *below);

/* Look a name up. -ENOENT, -ENOTDIR, -ENAMETOOLONG. `st` may be NULL. */
int view_lookup(struct node *dir, const char *name, struct node **ret, struct stat *st);
/* A path with '/', step by step, no symlink followed; "" is the root. */
int view_walk(struct view *view, const char *path, struct node **ret, struct stat *st);
int view_getattr(struct node *node, struct stat *st);
/* The same with stx_btime; 0 where nobody knows. */
int view_getattr_born(struct node *node, struct stat *st, struct timespec *born);
/* The target, for the caller to free. */
int view_readlink(struct node *node, char **ret);
/* All names that show in `dir`, for the caller to unref. Whiteouts are still in it. Their layers
 * are numbered from the upper if it has the directory, then those below. */
int view_list(struct node *dir, struct names **ret);
/* The same, and the layers that their numbers count; both for the caller to unref. */
int view_list_layers(struct node *dir, struct names **ret, struct layerset **layers);
/* Whoever listed it has come to its end: keep nothing that look-ups do without. */
void view_listed(struct node *dir);
/* What view_lookup would say, for who needs no node; with the st_ino of
 * its node. */
int view_peek(struct node *dir, const char *name, struct stat *st);

/* chmod, chown, truncate, utimensat: `what` is a set of VIEW_SET_*; times as utimensat(2). */
enum {
	VIEW_SET_MODE = 1,
	VIEW_SET_UID = 2,
	VIEW_SET_GID = 4,
	VIEW_SET_SIZE = 8,
	VIEW_SET_TIMES = 16,
};
int view_setattr(struct node *node, unsigned what, const struct stat *want,
		 const struct timespec times[2], struct stat *st);
/* An ordinary user is about to change a file. A change of its contents takes the setuid bit, and
 * the setgid bit when its group may run it (inode(7)); that of somebody who is no member of the
 * group takes the setgid bit in any case, and so does a change of the ACL. 1: there was one; 0:
 * none. */
enum view_change {
	VIEW_CONTENTS,
	VIEW_ACL,
};
int view_drop_privileges(struct node *node, enum view_change change,
			 bool (*is_member)(const void *arg, gid_t gid), const void *arg);

/* New names. mode has the S_IFMT bits: S_IFDIR makes a directory, S_IFREG an empty file, and so on.
 * A 0:0 character device does not become a whiteout: see special.h. */
int view_make(struct node *dir, const char *name, mode_t mode, dev_t rdev, struct owner owner,
	      struct node **ret, struct stat *st);
int view_symlink(struct node *dir, const char *name, const char *target, struct owner owner,
		 struct node **ret, struct stat *st);
int view_link(struct node *node, struct node *dir, const char *name, struct stat *st);
/* A file without a name, for O_TMPFILE; view_link gives it one. */
int view_tmpfile(struct node *dir, mode_t mode, struct owner owner, struct node **ret,
		 struct stat *st);

int view_unlink(struct node *dir, const char *name);
int view_rmdir(struct node *dir, const char *name);
/* rename.c; flags as renameat2(2), all three. Before it is done, `*moving` (may be NULL) becomes
 * the number that what moves has in the upper, for a worker that comes after ours. */
int view_rename(struct node *dir, const char *name, struct node *to_dir, const char *to_name,
		unsigned flags, uint64_t *moving);
/* A worker before ours has begun this rename, and left `moving`. 1: it had done it, the nodes
 * follow, and nothing is left to do; 0: it had not; -errno: that cannot be found out, and it must
 * not be done a second time. */
int view_rename_settle(struct node *dir, const char *name, struct node *to_dir, const char *to_name,
		       unsigned flags, uint64_t moving);

/* Contents: an open descriptor of the node's file, to be given back with data_close. For writing,
 * the file is copied up first. -EISDIR, -EROFS, -EINVAL for what has no contents. */
int view_open(struct node *node, bool write, struct file **ret);

/* chown(2) as a user who may not: remember whose it shall be, where -1 says nothing. Staging shows
 * it; a view that can be written to goes on to show the real owner, since the kernel would not let
 * him at his own files else (chmod, or open what only root may read). */
int view_give(struct node *node, uid_t uid, gid_t gid);
/* Whose it shall be on the target: root's, unless somebody has said so. */
int view_given_owner(struct node *node, struct owner *ret);

int view_statvfs(struct node *node, struct statvfs *st);
/* fsync of a directory. */
int view_sync_dir(struct node *dir);

/* xattr.c. As the system calls of the same names; the overlay's own names neither show nor can be
 * set (but GIVE_XATTR, which is not kept as one), and user.xsysfs.{package,version,layer,origin,
 * part} answer with the tag without being listed. */
ssize_t view_getxattr(struct node *node, const char *name, void *value, size_t size);
ssize_t view_listxattr(struct node *node, char *list, size_t size);
int view_setxattr(struct node *node, const char *name, const void *value, size_t size, int flags);
int view_removexattr(struct node *node, const char *name);
/* The layer that the tag of this node names, with a reference: for a directory the base when the
 * base has it, else the lowest layer that does. */
int view_tag(struct node *node, struct layer **ret);

/* May nothing be written through its view? */
bool view_is_read_only(const struct node *node);
