// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/stack.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/name.h"
#include "fs/layer.h"
#include "fs/meta.h"

#define STACK_HEAD "xsysfs-stack 1"
enum { STACK_MAX = 4 * 1024 * 1024 };

int stack_read(int dir, struct strv *ids)
{
	autostrv struct strv lines = { 0 };
	autofree char *text = NULL;
	size_t len = 0;
	int r;

	r = io_read_file(dir, "stack", STACK_MAX, &text, &len);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	if (strlen(text) != len)
		return -EBADMSG;
	r = strv_split(&lines, text, "\n");
	if (r < 0)
		return r;
	if (!lines.n || strcmp(lines.v[0], STACK_HEAD) != 0)
		return -EBADMSG;
	for (size_t i = 1; i < lines.n; i++) {
		if (!name_is_layer(lines.v[i]) || strv_has(ids, lines.v[i]))
			return -EBADMSG;
		r = strv_add(ids, lines.v[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

int stack_write(int dir, struct layer *const *v, size_t n)
{
	autostrv struct strv lines = { 0 };
	autofree char *text = NULL;
	int r = strv_add(&lines, STACK_HEAD);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = strv_add(&lines, v[i]->id);
	if (r == 0)
		r = strv_add(&lines, "");
	text = r < 0 ? NULL : strv_join(&lines, "\n");
	return text ? io_replace_file(dir, "stack", text, strlen(text)) : -ENOMEM;
}

struct layer *stack_find(struct layer *const *v, size_t n, const char *package)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i]->meta->package, package) == 0)
			return v[i];
	return NULL;
}

/* Has this layer to wait for that one? */
static bool is_above(const struct layer *a, const struct layer *b)
{
	return strv_has(&a->meta->needs, b->meta->package) ||
	       strv_has(&a->meta->replaces, b->meta->package);
}

/* The first layer among v[from..n) that v[i] has to wait for; n when there is none. */
static size_t waits_for(struct layer *const *v, size_t from, size_t n, size_t i)
{
	for (size_t j = from; j < n; j++)
		if (j != i && is_above(v[i], v[j]))
			return j;
	return n;
}

/* Nothing in v[from..n) can come next, so whoever follows what waits for what walks in a circle. */
static int describe_cycle(struct layer *const *v, size_t from, size_t n, char **cycle)
{
	autostrv struct strv path = { 0 };
	size_t i = from, start = 0;
	autostrv struct strv loop = { 0 };

	while (!strv_has(&path, v[i]->meta->package)) {
		if (strv_add(&path, v[i]->meta->package) < 0)
			return -ENOMEM;
		i = waits_for(v, from, n, i);
	}
	while (strcmp(path.v[start], v[i]->meta->package) != 0)
		start++;
	for (size_t k = start; k < path.n; k++)
		if (strv_add(&loop, path.v[k]) < 0)
			return -ENOMEM;
	if (strv_add(&loop, v[i]->meta->package) < 0)
		return -ENOMEM;
	*cycle = strv_join(&loop, " -> ");
	return *cycle ? -ELOOP : -ENOMEM;
}

static int by_package(const void *a, const void *b)
{
	return strcmp((*(struct layer *const *)a)->meta->package,
		      (*(struct layer *const *)b)->meta->package);
}

int stack_sort(struct layer **v, size_t n, char **cycle)
{
	if (n)
		qsort(v, n, sizeof(*v), by_package);
	for (size_t done = 0; done < n; done++) {
		size_t next = done;
		struct layer *layer;

		while (next < n && waits_for(v, done, n, next) < n)
			next++;
		if (next == n)
			return describe_cycle(v, done, n, cycle);
		layer = v[next];
		memmove(v + done + 1, v + done, (next - done) * sizeof(*v));
		v[done] = layer;
	}
	return 0;
}

int stack_closure(struct layer *const *v, size_t n, const struct strv *names, struct strv *closure,
		  const char **missing)
{
	for (size_t i = 0; i < names->n; i++) {
		struct layer *layer = stack_find(v, n, names->v[i]);
		int r;

		if (!layer) {
			*missing = names->v[i];
			return -ENOENT;
		}
		if (strv_has(closure, names->v[i]))
			continue;
		r = strv_add(closure, names->v[i]);
		if (r == 0)
			r = stack_closure(v, n, &layer->meta->needs, closure, missing);
		if (r < 0)
			return r;
	}
	return 0;
}
