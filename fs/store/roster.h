// SPDX-License-Identifier: GPL-2.0-or-later
/* roster.h - which views and layers the nodes speak of, by numbers that the next worker can read.
 *
 * Lies in the memory of handover.h. Numbers count from 1. Whoever calls holds nodes->lock, or is
 * alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct handover;
struct layer;

enum view_kind {
	VIEW_SYSROOT,
	VIEW_STAGING,
	VIEW_BUILD,
	VIEW_PACKAGE,
};

enum { ROSTER_READ = 8 };

struct roster_view {
	bool used;
	uint32_t kind;	   /* enum view_kind */
	uint32_t root;	   /* the node; 0: not yet */
	uint32_t layer_no; /* of a package view */
	uint32_t begun;	   /* of a build view, until its install is over: the number of begun.h's
			    * text, as nodes_take_text gave it; 0: none */
	bool closed;	   /* a newer one has its name */
	uint64_t read[ROSTER_READ]; /* of a build view: see reads.h; a bit for each layer below */
	char package[65];	    /* as name.h has them; "" for the sysroot and staging */
};

struct roster_layer {
	char id[200];
};

/* A number for a view. Returns 0 or -ENOMEM. */
int roster_add_view(struct handover *h, enum view_kind kind, const char *package,
		    struct layer *layer, unsigned *ret);
/* NULL: there is none of that number, or it is free. */
struct roster_view *roster_view(const struct handover *h, unsigned no);
/* The numbers that there may be: 1 to this. */
unsigned roster_n_views(const struct handover *h);

/* The number of a layer, the same for the same id. 0: no memory. */
unsigned roster_layer_no(struct handover *h, struct layer *layer);
/* NULL: there is none. */
const char *roster_layer_id(const struct handover *h, unsigned no);
