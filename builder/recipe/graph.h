// SPDX-License-Identifier: GPL-2.0-or-later
/* graph.h - which package needs which, and the order that follows.
 *
 * The order is a pure function of names and needs: what was asked for in the order given, each
 * package behind what it needs, and needs by name.
 */
#pragma once

#include <stddef.h>

#include "fs/base/strv.h"

struct graph_node {
	char *name;
	char *where; /* "recipes/gdbm/recipe.ini:12", for messages */
	struct strv needs;
	int state; /* graph_order's */
};

struct graph {
	struct graph_node *nodes; /* as they were added */
	size_t n;
	size_t *by_name; /* their indices */
};

#define autograph cleanup(graph_release)
void graph_release(struct graph *g);

/* All are copied. Returns 0, -EEXIST or -ENOMEM. */
int graph_add(struct graph *g, const char *name, const char *where, const struct strv *needs);
const struct graph_node *graph_find(const struct graph *g, const char *name);
/* Its index in `nodes`; `n` when there is none. */
size_t graph_index(const struct graph *g, const char *name);

/* Add to `order` what `wanted` needs, dependencies first. -ELOOP with the whole cycle in `*why`,
 * -ENOENT with who needs what is not there. */
int graph_order(struct graph *g, const struct strv *wanted, struct strv *order, char **why);
