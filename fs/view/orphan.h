// SPDX-License-Identifier: GPL-2.0-or-later
/* orphan.h - a file whose last name is gone, while somebody may have it open.
 *
 * The kernel does not tell us of opens, so any node that it knows may be open. A file of the upper
 * keeps a name in the view's work directory, made of its node's number, until the node is
 * forgotten: a descriptor would die with the worker. A file of a lower layer is still there, below
 * the whiteout, and the node remembers its path. What a crash leaves is cleared at the next mount.
 *
 * A node whose file has such a name is "kept" (node.h).
 */
#pragma once

#include <stdint.h>
#include <sys/stat.h>

struct node;
struct nodes;

enum { ORPHAN_NAME = 32 };
#define ORPHAN_PREFIX "o"

/* The file's name in node->view->work. */
void orphan_name(const struct node *node, char name[static ORPHAN_NAME]);

/* The node and generation of such a name, 0 if it is none. */
uint32_t orphan_node(const char *name, uint32_t *generation);

/* `name` in the directory `dir` of the upper, which is `node`'s, becomes its kept name. -ENOSPC and
 * the like: nothing has happened. */
int orphan_take(struct node *node, int dir, const char *name);

/* The same, but the old name stays for now. */
int orphan_link(struct node *node, int dir, const char *name);

/* The kept name goes. */
void orphan_drop(struct node *node);

/* What `st` says of a kept file: the kept name is none. */
void orphan_show(struct stat *st);
