// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/view/reads.h"

#include <stdint.h>
#include <string.h>

#include "fs/base/strv.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/view/view.h"

enum { WATCHED = ROSTER_READ * 64 };

static void mark(struct view *view, size_t i)
{
	struct nodes *nodes = view->nodes;
	uint64_t bit = UINT64_C(1) << i % 64;

	pthread_mutex_lock(&nodes->lock);
	__atomic_fetch_or(&roster_view(nodes->memory, view->number)->read[i / 64], bit,
			  __ATOMIC_RELAXED);
	pthread_mutex_unlock(&nodes->lock);
}

void reads_note(struct node *node)
{
	struct view *view = node->view;
	struct layer *layer;
	size_t i = 0;

	if (!view->watches || __atomic_load_n(&node->read, __ATOMIC_RELAXED))
		return;
	layer = node_layer(view->nodes, node);
	while (i < view->below->n && view->below->v[i] != layer)
		i++;
	if (i < view->below->n && i < WATCHED)
		mark(view, i);
	layer_unref(layer);
	__atomic_store_n(&node->read, true, __ATOMIC_RELAXED);
}

int reads_packages(struct view *view, const struct strv *needs, struct strv *ret)
{
	uint64_t read[ROSTER_READ];
	int r = 0;

	pthread_mutex_lock(&view->nodes->lock);
	memcpy(read, roster_view(view->nodes->memory, view->number)->read, sizeof(read));
	pthread_mutex_unlock(&view->nodes->lock);
	for (size_t i = 0; r == 0 && i < view->below->n; i++) {
		const struct layer *layer = view->below->v[i];

		if (layer->origin == ORIGIN_PACKAGE &&
		    (i < WATCHED ? read[i / 64] >> i % 64 & 1
				 : strv_has(needs, layer_package(layer))))
			r = strv_add(ret, layer_package(layer));
	}
	strv_sort(ret);
	return r;
}
