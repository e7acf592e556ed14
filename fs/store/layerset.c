// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/layerset.h"

#include <stdlib.h>
#include <string.h>

#include "fs/store/layer.h"

struct layerset *layerset_new(struct layer *const *v, size_t n)
{
	struct layerset *set = malloc(sizeof(*set) + n * sizeof(*v));

	if (!set)
		return NULL;
	set->refs = 1;
	set->n = n;
	for (size_t i = 0; i < n; i++)
		set->v[i] = layer_ref(v[i]);
	return set;
}

struct layerset *layerset_ref(struct layerset *set)
{
	__atomic_fetch_add(&set->refs, 1, __ATOMIC_RELAXED);
	return set;
}

void layerset_unref(struct layerset *set)
{
	if (!set || __atomic_sub_fetch(&set->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; i < set->n; i++)
		layer_unref(set->v[i]);
	free(set);
}

bool layerset_equal(const struct layerset *a, const struct layerset *b)
{
	return a->n == b->n && memcmp(a->v, b->v, a->n * sizeof(*a->v)) == 0;
}

bool layerset_has(const struct layerset *set, const struct layer *layer)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->v[i] == layer)
			return true;
	return false;
}
