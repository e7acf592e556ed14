// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/recipe/graph.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/near.h"

enum { NEW, OPEN, DONE };

void graph_release(struct graph *g)
{
	for (size_t i = 0; i < g->n; i++) {
		free(g->nodes[i].name);
		free(g->nodes[i].where);
		strv_release(&g->nodes[i].needs);
	}
	free(g->nodes);
	free(g->by_name);
	*g = (struct graph){ 0 };
}

/* Where in `by_name` it is, or would be. */
static size_t place(const struct graph *g, const char *name)
{
	size_t from = 0, to = g->n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (strcmp(g->nodes[g->by_name[mid]].name, name) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

size_t graph_index(const struct graph *g, const char *name)
{
	size_t at = place(g, name);

	return at < g->n && strcmp(g->nodes[g->by_name[at]].name, name) == 0 ? g->by_name[at]
									     : g->n;
}

static struct graph_node *find(const struct graph *g, const char *name)
{
	size_t i = graph_index(g, name);

	return i < g->n ? &g->nodes[i] : NULL;
}

const struct graph_node *graph_find(const struct graph *g, const char *name)
{
	return find(g, name);
}

/* Room for one more. */
static int grow(struct graph *g)
{
	struct graph_node *nodes = reallocarray(g->nodes, g->n + 1, sizeof(*nodes));
	size_t *by_name = nodes ? reallocarray(g->by_name, g->n + 1, sizeof(*by_name)) : NULL;

	g->nodes = nodes ? nodes : g->nodes;
	g->by_name = by_name ? by_name : g->by_name;
	return by_name ? 0 : -ENOMEM;
}

int graph_add(struct graph *g, const char *name, const char *where, const struct strv *needs)
{
	size_t at = place(g, name);
	struct graph_node *node;

	if (graph_index(g, name) < g->n)
		return -EEXIST;
	if (grow(g) < 0)
		return -ENOMEM;
	node = &g->nodes[g->n];
	*node = (struct graph_node){ .name = strdup(name), .where = strdup(where) };
	if (!node->name || !node->where) {
		free(node->name);
		free(node->where);
		return -ENOMEM;
	}
	memmove(g->by_name + at + 1, g->by_name + at, (g->n - at) * sizeof(*g->by_name));
	g->by_name[at] = g->n++;
	strv_foreach (need, needs) {
		int r = strv_add(&node->needs, *need);

		if (r < 0)
			return r;
	}
	strv_sort(&node->needs);
	strv_uniq(&node->needs);
	return 0;
}

/* `path` is the way from what was asked for to `by`, its last element, which needs `name`. */
static int name_cycle(const struct strv *path, const struct graph_node *by, const char *name,
		      char **why)
{
	autofree char *way = NULL;
	struct strv cycle = { 0 };
	size_t from = 0;

	while (strcmp(path->v[from], name) != 0)
		from++;
	cycle.v = path->v + from;
	cycle.n = path->n - from;
	way = strv_join(&cycle, " -> ");
	return why_set(why, -ELOOP, "%s: packages need each other in a circle: %s -> %s", by->where,
		       way ? way : "", name);
}

static int name_missing(const struct graph *g, const struct graph_node *by, const char *name,
			char **why)
{
	autofree const char **known = calloc(g->n + 1, sizeof(*known));
	autofree char *near = NULL;

	for (size_t i = 0; known && i < g->n; i++)
		known[i] = g->nodes[i].name;
	near = known ? near_said(name, known) : NULL;
	return why_set(why, -ENOENT, "%s%sthere is no recipe for '%s'%s", by ? by->where : "",
		       by ? ": " : "", name, near ?: "");
}

static int visit(struct graph *g, const struct graph_node *by, const char *name, struct strv *path,
		 struct strv *order, char **why)
{
	struct graph_node *node = find(g, name);
	int r;

	if (!node)
		return name_missing(g, by, name, why);
	if (node->state == DONE)
		return 0;
	if (node->state == OPEN)
		return name_cycle(path, by, name, why);
	node->state = OPEN;
	r = strv_add(path, name);
	if (r < 0)
		return r;
	strv_foreach (need, &node->needs) {
		r = visit(g, node, *need, path, order, why);
		if (r < 0)
			return r;
	}
	free(path->v[--path->n]);
	path->v[path->n] = NULL;
	node->state = DONE;
	return strv_add(order, name);
}

int graph_order(struct graph *g, const struct strv *wanted, struct strv *order, char **why)
{
	for (size_t i = 0; i < g->n; i++)
		g->nodes[i].state = NEW;
	strv_foreach (name, wanted) {
		autostrv struct strv path = { 0 };
		int r = visit(g, NULL, *name, &path, order, why);

		if (r == -ENOMEM)
			return why_errno(why, r, "%s", *name);
		if (r < 0)
			return r;
	}
	return 0;
}
