// SPDX-License-Identifier: GPL-2.0-or-later
/* Which job sees which: a row of bits for each, in the order of names. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "builder/build/job.h"
#include "builder/recipe/graph.h"
#include "fs/base/cleanup.h"

struct sight {
	const struct graph *g;
	struct job **jobs; /* by their index in the graph */
	size_t *rank;	   /* likewise: which it is by name */
	uint64_t *bits;	   /* rows by index, bits by rank */
	uint64_t *native;  /* a row: which are of the other side */
	size_t words;
};

static bool is_in_row(const uint64_t *row, size_t rank)
{
	return row[rank / 64] >> rank % 64 & 1;
}

static void put_in_row(uint64_t *row, size_t rank)
{
	row[rank / 64] |= UINT64_C(1) << rank % 64;
}

static int sight_init(struct sight *s, const struct graph *g, struct job *v, size_t n)
{
	*s = (struct sight){ .g = g, .words = g->n / 64 + 1 };
	s->jobs = calloc(g->n + 1, sizeof(struct job *));
	s->rank = calloc(g->n + 1, sizeof(*s->rank));
	s->bits = calloc(g->n + 1, s->words * sizeof(*s->bits));
	s->native = calloc(s->words, sizeof(*s->native));
	if (!s->jobs || !s->rank || !s->bits || !s->native)
		return -ENOMEM;
	for (size_t i = 0; i < g->n; i++)
		s->rank[g->by_name[i]] = i;
	for (size_t i = 0; i < n; i++) {
		size_t at = graph_index(g, v[i].recipe->node);

		s->jobs[at] = &v[i];
		if (v[i].recipe->is_native)
			put_in_row(s->native, s->rank[at]);
	}
	return 0;
}

static void sight_release(struct sight *s)
{
	free(s->jobs);
	free(s->rank);
	free(s->bits);
	free(s->native);
}

/* It needs that one, and sees what that one sees; but the tools that that one's build called are
 * none of its. */
static void add_need(struct sight *s, size_t at, size_t need)
{
	uint64_t *row = s->bits + at * s->words, *other = s->bits + need * s->words;
	bool all = is_in_row(s->native, s->rank[need]);
	struct job *j = s->jobs[at];

	for (size_t w = 0; w < s->words; w++)
		row[w] |= other[w] & (all ? ~UINT64_C(0) : ~s->native[w]);
	put_in_row(row, s->rank[need]);
	j->needs[j->n_needs++] = s->jobs[need];
}

/* Those of its own side, and those of the other. */
static int list_sees(const struct sight *s, size_t at)
{
	const uint64_t *row = s->bits + at * s->words;
	struct job *j = s->jobs[at];
	size_t n = 0;

	for (size_t w = 0; w < s->words; w++)
		n += (size_t)__builtin_popcountll(row[w]);
	j->sees = calloc(n + 1, sizeof(struct job *));
	j->tools = calloc(n + 1, sizeof(struct job *));
	if (!j->sees || !j->tools)
		return -ENOMEM;
	for (size_t k = 0; k < s->g->n; k++) {
		struct job *other = s->jobs[s->g->by_name[k]];

		if (!is_in_row(row, k))
			continue;
		if (other->recipe->is_native == j->recipe->is_native)
			j->sees[j->n_sees++] = other;
		else
			j->tools[j->n_tools++] = other;
	}
	return 0;
}

int job_link(struct job *v, size_t n, const struct graph *g)
{
	cleanup(sight_release) struct sight s = { 0 };
	int r = sight_init(&s, g, v, n);

	for (size_t i = 0; i < n && r == 0; i++) {
		size_t at = graph_index(g, v[i].recipe->node);

		v[i].needs = calloc(g->nodes[at].needs.n + 1, sizeof(struct job *));
		if (!v[i].needs)
			return -ENOMEM;
		strv_foreach (name, &g->nodes[at].needs)
			add_need(&s, at, graph_index(g, *name));
		r = list_sees(&s, at);
	}
	return r;
}
