// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/graph.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/why.h"
#include "fs/base/cleanup.h"

enum { NEW, OPEN, DONE };

void graph_release(struct graph *g)
{
	for (size_t i = 0; i < g->n; i++) {
		free(g->nodes[i].name);
		free(g->nodes[i].where);
		strv_release(&g->nodes[i].needs);
	}
	free(g->nodes);
	*g = (struct graph){ 0 };
}

static struct graph_node *find(const struct graph *g, const char *name)
{
	for (size_t i = 0; i < g->n; i++)
		if (strcmp(g->nodes[i].name, name) == 0)
			return &g->nodes[i];
	return NULL;
}

const struct graph_node *graph_find(const struct graph *g, const char *name)
{
	return find(g, name);
}

int graph_add(struct graph *g, const char *name, const char *where, const struct strv *needs)
{
	struct graph_node *all;
	struct graph_node *node;

	if (find(g, name))
		return -EEXIST;
	all = reallocarray(g->nodes, g->n + 1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	g->nodes = all;
	node = &all[g->n++];
	*node = (struct graph_node){ .name = strdup(name), .where = strdup(where) };
	if (!node->name || !node->where)
		return -ENOMEM;
	strv_foreach (need, needs) {
		int r = strv_add(&node->needs, *need);

		if (r < 0)
			return r;
	}
	strv_sort(&node->needs);
	strv_uniq(&node->needs);
	return 0;
}

/* `path` is the way from what was asked for to `name`, whose last element it is. */
static int name_cycle(const struct strv *path, const char *name, char **why)
{
	autofree char *way = NULL;
	struct strv cycle = { 0 };
	size_t from = 0;

	while (strcmp(path->v[from], name) != 0)
		from++;
	cycle.v = path->v + from;
	cycle.n = path->n - from;
	way = strv_join(&cycle, " -> ");
	return why_set(why, -ELOOP, "packages need each other in a circle: %s -> %s",
		       way ? way : "", name);
}

static int name_missing(const struct graph *g, const struct graph_node *by, const char *name,
			char **why)
{
	autofree const char **known = calloc(g->n + 1, sizeof(*known));
	const char *near;

	for (size_t i = 0; known && i < g->n; i++)
		known[i] = g->nodes[i].name;
	near = known ? why_near(name, known) : NULL;
	return why_set(why, -ENOENT, "%s%sthere is no recipe for '%s'%s%s%s", by ? by->where : "",
		       by ? ": " : "", name, near ? " (did you mean '" : "", near ? near : "",
		       near ? "'?)" : "");
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
		return name_cycle(path, name, why);
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

static int add_needs(const struct graph *g, const char *name, struct strv *ret)
{
	const struct graph_node *node = graph_find(g, name);
	int r;

	if (!node)
		return -ENOENT;
	strv_foreach (need, &node->needs) {
		if (strv_has(ret, *need))
			continue;
		r = strv_add(ret, *need);
		if (r == 0)
			r = add_needs(g, *need, ret);
		if (r < 0)
			return r;
	}
	return 0;
}

int graph_closure(const struct graph *g, const char *name, struct strv *ret)
{
	int r = add_needs(g, name, ret);

	strv_sort(ret);
	return r;
}
