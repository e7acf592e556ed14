// SPDX-License-Identifier: GPL-2.0-or-later
/* treemap.h - a rectangle cut into rectangles whose areas are as given values.
 *
 * Squarified (Bruls, Huizing, van Wijk 2000): the cells come out as close to squares as may be.
 */
#pragma once

#include <stddef.h>

struct treemap_cell {
	double value; /* >= 0; those of 0 get no room */
	double x, y, w, h;
};

/* Place the cells, the largest first, in a rectangle of that size at 0, 0. A pure function of the
 * values. */
void treemap_layout(struct treemap_cell *cells, size_t n, double width, double height);
