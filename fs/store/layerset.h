// SPDX-License-Identifier: GPL-2.0-or-later
/* layerset.h - an ordered list of layers, top first, that never changes: share it by counting. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct layer;

struct layerset {
	int refs; /* atomic */
	size_t n;
	struct layer *v[]; /* each with a reference of ours */
};

#define autolayerset cleanup(layerset_cleanup)

/* A set of `n` layers, each of which gets one more reference. NULL: no memory. */
struct layerset *layerset_new(struct layer *const *v, size_t n);
struct layerset *layerset_ref(struct layerset *set);
void layerset_unref(struct layerset *set); /* takes NULL */
bool layerset_equal(const struct layerset *a, const struct layerset *b);
bool layerset_has(const struct layerset *set, const struct layer *layer);

static inline void layerset_cleanup(struct layerset **set)
{
	layerset_unref(*set);
}
