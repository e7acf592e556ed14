// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/stack.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/name.h"
#include "fs/store/layer.h"
#include "fs/store/meta.h"

#define STACK_HEAD "xsysfs-stack 1"
enum { STACK_MAX = 4 * 1024 * 1024 };

static int check_once(const struct strv *ids)
{
	autostrv struct strv sorted = { 0 };
	int r = strv_add_all(&sorted, ids);

	strv_sort(&sorted);
	strv_uniq(&sorted);
	return r == 0 && sorted.n != ids->n ? -EBADMSG : r;
}

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
		if (!name_is_layer(lines.v[i]))
			return -EBADMSG;
		r = strv_add(ids, lines.v[i]);
		if (r < 0)
			return r;
	}
	return check_once(ids);
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

/* Who waits for whom, by the numbers of a list that is sorted by name. */
struct waiting {
	size_t *unmet; /* of each: how many of those that it waits for have no place yet */
	size_t *first; /* of each: the first of the edges to who waits for it; NONE: no more */
	struct edge {
		size_t who, next;
	} * edges;
	size_t n, size;
};

static const size_t NONE = SIZE_MAX;

static void waiting_release(struct waiting *w)
{
	free(w->unmet);
	free(w->first);
	free(w->edges);
}
#define autowaiting cleanup(waiting_release)

static int by_name(const void *name, const void *layer)
{
	return strcmp(name, (*(struct layer *const *)layer)->meta->package);
}

/* `who` waits for each of the names that is there. */
static int wait_for(struct waiting *w, struct layer *const *v, size_t n, size_t who,
		    const struct strv *names)
{
	strv_foreach (name, names) {
		struct layer *const *found = bsearch(*name, v, n, sizeof(*v), by_name);
		size_t whom = found ? (size_t)(found - v) : who;

		if (whom == who)
			continue;
		if (w->n == w->size) {
			size_t size = w->size ? 2 * w->size : 64;
			struct edge *edges = reallocarray(w->edges, size, sizeof(*edges));

			if (!edges)
				return -ENOMEM;
			w->edges = edges;
			w->size = size;
		}
		w->edges[w->n] = (struct edge){ .who = who, .next = w->first[whom] };
		w->first[whom] = w->n++;
		w->unmet[who]++;
	}
	return 0;
}

static int waiting_fill(struct waiting *w, struct layer *const *v, size_t n)
{
	int r = 0;

	w->unmet = calloc(n, sizeof(*w->unmet));
	w->first = calloc(n, sizeof(*w->first));
	if (!w->unmet || !w->first)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		w->first[i] = NONE;
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = wait_for(w, v, n, i, &v[i]->meta->needs);
		if (r == 0)
			r = wait_for(w, v, n, i, &v[i]->meta->replaces);
	}
	return r;
}

/* Put each where its name comes first among those that wait for none; what stands in a circle, or
 * waits for it, stays at the end. Returns how many have a place. */
static size_t place(struct layer **v, size_t n, struct waiting *w, struct layer **sorted)
{
	size_t done = 0;

	for (size_t i = 0; i < n;) {
		size_t next = i + 1;

		if (!v[i] || w->unmet[i]) {
			i = next;
			continue;
		}
		sorted[done++] = v[i];
		v[i] = NULL;
		for (size_t e = w->first[i]; e != NONE; e = w->edges[e].next)
			if (--w->unmet[w->edges[e].who] == 0 && w->edges[e].who < next)
				next = w->edges[e].who;
		i = next;
	}
	for (size_t i = 0, k = done; i < n; i++)
		if (v[i])
			sorted[k++] = v[i];
	return done;
}

int stack_sort(struct layer **v, size_t n, char **cycle)
{
	autowaiting struct waiting w = { 0 };
	autofree struct layer **sorted = NULL;
	size_t done;
	int r;

	if (!n)
		return 0;
	sorted = calloc(n, sizeof(struct layer *));
	if (!sorted)
		return -ENOMEM;
	qsort(v, n, sizeof(*v), by_package);
	r = waiting_fill(&w, v, n);
	if (r < 0)
		return r;
	done = place(v, n, &w, sorted);
	memcpy(v, sorted, n * sizeof(*v));
	return done < n ? describe_cycle(v, done, n, cycle) : 0;
}

/* A list of names that is being gone through. */
struct step {
	const struct strv *names;
	size_t next;
};

int stack_closure(struct layer *const *v, size_t n, const struct strv *names, struct strv *closure,
		  const char **missing)
{
	autofree struct layer **sorted = calloc(n + 1, sizeof(struct layer *));
	autofree bool *seen = calloc(n + 1, sizeof(bool));
	autofree struct step *way = calloc(n + 1, sizeof(struct step));
	size_t depth = 1;

	if (!sorted || !seen || !way)
		return -ENOMEM;
	memcpy(sorted, v, n * sizeof(struct layer *));
	qsort(sorted, n, sizeof(struct layer *), by_package);
	way[0].names = names;
	while (depth) {
		struct step *at = &way[depth - 1];
		struct layer **found;
		const char *name;

		if (at->next == at->names->n) {
			depth--;
			continue;
		}
		name = at->names->v[at->next++];
		found = bsearch(name, sorted, n, sizeof(struct layer *), by_name);
		if (!found) {
			*missing = name;
			return -ENOENT;
		}
		if (seen[found - sorted])
			continue;
		seen[found - sorted] = true;
		way[depth++] = (struct step){ &(*found)->meta->needs, 0 };
		if (strv_add(closure, name) < 0)
			return -ENOMEM;
	}
	return 0;
}
