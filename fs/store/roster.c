// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/roster.h"

#include <errno.h>
#include <string.h>

#include "fs/store/handover.h"
#include "fs/store/layer.h"

/* The record's number, one more than the highest so far; 0: no memory. */
static unsigned add(struct handover *h, enum handover_pool pool)
{
	uint64_t no = h->head->used[pool] ? h->head->used[pool] : 1;

	return handover_reserve(h, pool, no) < 0 ? 0 : no;
}

static void added(struct handover *h, enum handover_pool pool, unsigned no)
{
	if (h->head->used[pool] <= no)
		__atomic_store_n(&h->head->used[pool], no + 1, __ATOMIC_RELEASE);
}

unsigned roster_n_views(const struct handover *h)
{
	uint64_t used = h->head->used[HANDOVER_VIEWS];

	return used ? used - 1 : 0;
}

struct roster_view *roster_view(const struct handover *h, unsigned no)
{
	struct roster_view *view;

	if (no < 1 || no > roster_n_views(h))
		return NULL;
	view = handover_at(h, HANDOVER_VIEWS, no);
	return view->used ? view : NULL;
}

int roster_add_view(struct handover *h, enum view_kind kind, const char *package,
		    struct layer *layer, unsigned *ret)
{
	unsigned layer_no = layer ? roster_layer_no(h, layer) : 0;
	struct roster_view *view;
	unsigned no = 1;

	if (layer && !layer_no)
		return -ENOMEM;
	while (no <= roster_n_views(h) && roster_view(h, no))
		no++;
	if (no > roster_n_views(h) && !(no = add(h, HANDOVER_VIEWS)))
		return -ENOMEM;
	if (no > UINT16_MAX)
		return -ENOMEM;
	view = handover_at(h, HANDOVER_VIEWS, no);
	memset(view, 0, sizeof(*view));
	strncpy(view->package, package, sizeof(view->package) - 1);
	view->layer_no = layer_no;
	view->kind = kind;
	__atomic_store_n(&view->used, true, __ATOMIC_RELEASE);
	added(h, HANDOVER_VIEWS, no);
	*ret = no;
	return 0;
}

const char *roster_layer_id(const struct handover *h, unsigned no)
{
	const struct roster_layer *layer;

	if (no < 1 || no >= h->head->used[HANDOVER_LAYERS])
		return NULL;
	layer = handover_at(h, HANDOVER_LAYERS, no);
	return layer->id;
}

static unsigned find_layer(struct handover *h, const char *id)
{
	struct roster_layer *record;
	const char *known;
	unsigned no;

	for (no = 1; (known = roster_layer_id(h, no)); no++)
		if (strcmp(known, id) == 0)
			return no;
	no = add(h, HANDOVER_LAYERS);
	if (!no)
		return 0;
	record = handover_at(h, HANDOVER_LAYERS, no);
	strncpy(record->id, id, sizeof(record->id) - 1);
	added(h, HANDOVER_LAYERS, no);
	return no;
}

unsigned roster_layer_no(struct handover *h, struct layer *layer)
{
	if (!layer->roster_no)
		layer->roster_no = find_layer(h, layer->id);
	return layer->roster_no;
}
