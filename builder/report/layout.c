// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/report/layout.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/dot.h"
#include "fs/base/cleanup.h"

#define INCH	    72.0
#define DOT_SECONDS 10
#define DOT_MOST    1500 /* boxes and lines; more takes too long */
#define POINTS_MOST 3000 /* of one line */
#define COLUMN_GAP  48.0
#define ROW_GAP	    12.0

void layout_release(struct layout *l)
{
	for (size_t i = 0; i < l->n_lines; i++)
		free(l->lines[i].points);
	free(l->lines);
	free(l->boxes);
	*l = (struct layout){ 0 };
}

int layout_init(struct layout *l, size_t boxes, size_t lines)
{
	*l = (struct layout){ .boxes = calloc(boxes + 1, sizeof(*l->boxes)),
			      .lines = calloc(lines + 1, sizeof(*l->lines)) };
	if (!l->boxes || !l->lines)
		return layout_release(l), -ENOMEM;
	l->n_boxes = boxes;
	l->n_lines = lines;
	return 0;
}

static int set_points(struct layout_line *line, size_t n)
{
	free(line->points);
	line->n = 0;
	line->points = calloc(n, sizeof(*line->points));
	if (!line->points)
		return -ENOMEM;
	line->n = n;
	return 0;
}

/* ---- by dot ---- */

static char *write_dot(const struct layout *l)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	fputs("digraph g { rankdir=LR; nodesep=0.14; ranksep=0.55;\n"
	      "node [shape=box, fixedsize=true, label=\"\"]; edge [arrowhead=none];\n",
	      f);
	for (size_t i = 0; i < l->n_boxes; i++)
		fprintf(f, "%zu [width=%.3f, height=%.3f];\n", i, l->boxes[i].w / INCH,
			l->boxes[i].h / INCH);
	for (size_t i = 0; i < l->n_lines; i++)
		fprintf(f, "%zu -> %zu;\n", l->lines[i].from, l->lines[i].to);
	fputs("}\n", f);
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* Words of a line of dot's, one after the other. */
static bool take_number(char **rest, double *ret)
{
	char *word = strsep(rest, " "), *end;

	if (!word || !*word)
		return false;
	*ret = strtod(word, &end);
	return !*end && isfinite(*ret) && fabs(*ret) < 1e7;
}

static bool take_index(char **rest, size_t below, size_t *ret)
{
	double n;

	if (!take_number(rest, &n) || n < 0 || n >= (double)below || n != floor(n))
		return false;
	*ret = (size_t)n;
	return true;
}

/* In points, from above: dot has inches, from below. */
static bool take_point(char **rest, const struct layout *l, struct layout_point *ret)
{
	double x, y;

	if (!take_number(rest, &x) || !take_number(rest, &y))
		return false;
	*ret = (struct layout_point){ x * INCH, l->height - y * INCH };
	return true;
}

/* "graph SCALE WIDTH HEIGHT" */
static int read_size(struct layout *l, char *rest)
{
	double scale, w, h;

	if (!take_number(&rest, &scale) || !take_number(&rest, &w) || !take_number(&rest, &h))
		return -EBADMSG;
	l->width = w * INCH;
	l->height = h * INCH;
	return 0;
}

/* "node NAME X Y ..." */
static int read_box(struct layout *l, char *rest)
{
	struct layout_point p;
	size_t i;

	if (!take_index(&rest, l->n_boxes, &i) || !take_point(&rest, l, &p))
		return -EBADMSG;
	l->boxes[i].x = p.x;
	l->boxes[i].y = p.y;
	return 0;
}

static struct layout_line *find_line(const struct layout *l, size_t from, size_t to)
{
	for (size_t i = 0; i < l->n_lines; i++)
		if (l->lines[i].from == from && l->lines[i].to == to)
			return &l->lines[i];
	return NULL;
}

/* "edge TAIL HEAD N X1 Y1 ... XN YN ..." */
static int read_line(struct layout *l, char *rest)
{
	struct layout_line *line;
	size_t from, to, n;

	if (!take_index(&rest, l->n_boxes, &from) || !take_index(&rest, l->n_boxes, &to) ||
	    !take_index(&rest, POINTS_MOST, &n) || n < 4 || n % 3 != 1)
		return -EBADMSG;
	line = find_line(l, from, to);
	if (!line)
		return -EBADMSG;
	if (set_points(line, n) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (!take_point(&rest, l, &line->points[i]))
			return -EBADMSG;
	return 0;
}

int layout_read_plain(struct layout *l, char *text)
{
	char *rest = text, *line;
	int r = -EBADMSG;

	while ((line = strsep(&rest, "\n"))) {
		char *words = line, *what = strsep(&words, " ");

		if (strcmp(what, "stop") == 0)
			return r;
		if (!words)
			return -EBADMSG;
		if (strcmp(what, "graph") == 0)
			r = read_size(l, words);
		else if (strcmp(what, "node") == 0)
			r = read_box(l, words);
		else if (strcmp(what, "edge") == 0)
			r = read_line(l, words);
		if (r < 0)
			return r;
	}
	return -EBADMSG;
}

static int make_by_dot(struct layout *l)
{
	autofree char *text = write_dot(l);
	autofree char *answer = NULL;
	int r = text ? dot_run(text, "plain", DOT_SECONDS, false, &answer) : -ENOMEM;

	if (r == 0)
		r = layout_read_plain(l, answer);
	for (size_t i = 0; r == 0 && i < l->n_lines; i++)
		if (!l->lines[i].n)
			r = -EBADMSG;
	l->by_dot = r == 0;
	return r;
}

/* ---- the plain way ---- */

/* The column of each box: one more than that of what leads to it. A circle is cut somewhere. */
static void find_columns(const struct layout *l, size_t *column)
{
	bool changed = true;

	for (size_t round = 0; changed && round < l->n_boxes; round++) {
		changed = false;
		for (size_t i = 0; i < l->n_lines; i++) {
			const struct layout_line *line = &l->lines[i];

			if (column[line->to] > column[line->from] ||
			    column[line->from] + 1 >= l->n_boxes)
				continue;
			column[line->to] = column[line->from] + 1;
			changed = true;
		}
	}
}

struct place {
	size_t box;
	double wish; /* the middle of what leads to it */
};

static int by_wish(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->wish != y->wish)
		return x->wish < y->wish ? -1 : 1;
	return x->box < y->box ? -1 : x->box > y->box;
}

static double wish(const struct layout *l, size_t box)
{
	double sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < l->n_lines; i++)
		if (l->lines[i].to == box && l->lines[i].from != box) {
			sum += l->boxes[l->lines[i].from].y;
			n++;
		}
	return n ? sum / (double)n : 0;
}

/* One below the other, in the order of their wishes. Adds the column's size to the whole. */
static void place_column(struct layout *l, struct place *places, size_t n)
{
	double widest = 0, y = 0;

	qsort(places, n, sizeof(*places), by_wish);
	for (size_t i = 0; i < n; i++)
		widest = fmax(widest, l->boxes[places[i].box].w);
	for (size_t i = 0; i < n; i++) {
		struct layout_box *b = &l->boxes[places[i].box];

		b->x = l->width + widest / 2;
		b->y = y + b->h / 2;
		y += b->h + ROW_GAP;
	}
	l->width += widest + COLUMN_GAP;
	l->height = fmax(l->height, y - ROW_GAP);
}

static int draw_lines(struct layout *l)
{
	for (size_t i = 0; i < l->n_lines; i++) {
		struct layout_line *line = &l->lines[i];
		const struct layout_box *a = &l->boxes[line->from], *b = &l->boxes[line->to];
		double from = a->x + a->w / 2, to = b->x - b->w / 2, bend = COLUMN_GAP / 2;

		if (set_points(line, 4) < 0)
			return -ENOMEM;
		line->points[0] = (struct layout_point){ from, a->y };
		line->points[1] = (struct layout_point){ from + bend, a->y };
		line->points[2] = (struct layout_point){ to - bend, b->y };
		line->points[3] = (struct layout_point){ to, b->y };
	}
	return 0;
}

int layout_plain(struct layout *l)
{
	autofree size_t *column = calloc(l->n_boxes + 1, sizeof(*column));
	autofree struct place *places = calloc(l->n_boxes + 1, sizeof(*places));
	size_t placed = 0;

	if (!column || !places)
		return -ENOMEM;
	l->width = l->height = 0;
	find_columns(l, column);
	for (size_t c = 0; placed < l->n_boxes; c++) {
		size_t n = 0;

		for (size_t i = 0; i < l->n_boxes; i++)
			if (column[i] == c)
				places[n++] = (struct place){ i, wish(l, i) };
		if (n)
			place_column(l, places, n);
		placed += n;
	}
	l->width = fmax(l->width - COLUMN_GAP, 0);
	return draw_lines(l);
}

int layout_make(struct layout *l)
{
	int r = l->n_boxes + l->n_lines <= DOT_MOST ? make_by_dot(l) : -E2BIG;

	return r == 0 || r == -ENOMEM ? r : layout_plain(l);
}
