// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/report/treemap.h"

#include <math.h>

struct room {
	double x, y, w, h;
	double scale; /* area of a value of 1 */
};

/* How far from square the worst cell is in a row along `side`: cells of `sum` together, the
 * smallest and the largest of which are given. 1 is a square. */
static double worst(double side, double sum, double least, double most)
{
	return fmax(side * side * most / (sum * sum), sum * sum / (side * side * least));
}

/* Lay a row along the shorter side, and take it off the room. */
static void place(struct room *r, struct treemap_cell *cells, size_t n, double sum)
{
	double side = fmin(r->w, r->h), at = 0;
	double thick = side > 0 ? fmin(sum * r->scale / side, fmax(r->w, r->h)) : 0;

	for (size_t i = 0; i < n; i++) {
		struct treemap_cell *c = &cells[i];
		double len = sum > 0 ? side * c->value / sum : 0;

		if (r->w >= r->h) {
			*c = (struct treemap_cell){ c->value, r->x, r->y + at, thick, len };
		} else {
			*c = (struct treemap_cell){ c->value, r->x + at, r->y, len, thick };
		}
		at += len;
	}
	if (r->w >= r->h) {
		r->x += thick;
		r->w = fmax(r->w - thick, 0);
	} else {
		r->y += thick;
		r->h = fmax(r->h - thick, 0);
	}
}

/* How many of the cells make the best row; their sum. */
static size_t choose(const struct room *r, const struct treemap_cell *cells, size_t n, double *sum)
{
	double side = fmin(r->w, r->h) / sqrt(r->scale), best = INFINITY;
	size_t i;

	*sum = 0;
	for (i = 0; i < n && cells[i].value > 0; i++) {
		double now = worst(side, *sum + cells[i].value, cells[i].value, cells[0].value);

		if (i > 0 && !(now <= best))
			break;
		best = now;
		*sum += cells[i].value;
	}
	return i;
}

void treemap_layout(struct treemap_cell *cells, size_t n, double width, double height)
{
	struct room r = { 0, 0, width, height, 0 };
	double all = 0, sum;

	for (size_t i = 0; i < n; i++) {
		all += cells[i].value;
		cells[i] = (struct treemap_cell){ .value = cells[i].value };
	}
	if (!(all > 0) || !isfinite(all))
		return;
	r.scale = width * height / all;
	while (n) {
		size_t row = choose(&r, cells, n, &sum);

		if (!row)
			return;
		place(&r, cells, row, sum);
		cells += row;
		n -= row;
	}
}
