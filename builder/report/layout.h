// SPDX-License-Identifier: GPL-2.0-or-later
/* layout.h - where the boxes and lines of a graph go, from left to right.
 *
 * `dot` does it where it is there and done in time; else a plain way of our own: a column for each
 * length of the longest way to a box, and the boxes of a column near what they hang on. The caller
 * draws, so that no markup of another program gets into a page.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct layout_point {
	double x, y;
};

struct layout_box {
	double w, h; /* set by the caller */
	double x, y; /* of its centre */
};

/* A line of cubic Bezier curves: one point, and three for each. */
struct layout_line {
	size_t from, to; /* boxes, set by the caller */
	struct layout_point *points;
	size_t n;
};

struct layout {
	struct layout_box *boxes;
	size_t n_boxes;
	struct layout_line *lines;
	size_t n_lines;
	double width, height;
	bool by_dot;
};

#define autolayout cleanup(layout_release)
void layout_release(struct layout *l);

/* Room for so many. 0 or -ENOMEM. */
int layout_init(struct layout *l, size_t boxes, size_t lines);

/* Set all places, and the size of the whole. 0 or -ENOMEM. */
int layout_make(struct layout *l);

/* The plain way only. 0 or -ENOMEM. */
int layout_plain(struct layout *l);

/* What `dot -Tplain` answers, for boxes "0", "1" ... -EBADMSG when it is not that. */
int layout_read_plain(struct layout *l, char *text);
