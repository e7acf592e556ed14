// SPDX-License-Identifier: GPL-2.0-or-later
/* Sizes of what is installed, as a treemap: places are in per cent, so that it fits any screen. */
#include <stdlib.h>
#include <string.h>

#include "builder/report/html.h"
#include "builder/report/report.h"
#include "builder/report/treemap.h"
#include "fs/base/cleanup.h"
#include "fs/base/size.h"

/* Cells are made square at this size. */
#define WIDTH  1000.0
#define HEIGHT 400.0
/* A smaller cell has no room for words. */
#define LEAST_WIDTH  26.0
#define LEAST_HEIGHT 15.0

const json_t *report_installed(const struct report *r, const char *package)
{
	const json_t *o;
	size_t i;

	json_array_foreach(r->installed, i, o)
	{
		const char *name = json_string_value(json_object_get(o, "package"));

		if (name && strcmp(name, package) == 0)
			return o;
	}
	return NULL;
}

static int collect(const struct report *r, struct tally *t)
{
	const json_t *o;
	size_t i;

	json_array_foreach(r->installed, i, o)
	{
		const char *name = json_string_value(json_object_get(o, "package"));
		double bytes = json_number_value(json_object_get(o, "bytes"));
		double files = json_number_value(json_object_get(o, "files"));

		if (name &&
		    tally_add(t, name, (size_t)(files > 0 ? files : 0), bytes > 0 ? bytes : 0) < 0)
			return -1;
	}
	tally_sort(t);
	return 0;
}

static void draw_cell(FILE *to, const struct report *r, const struct tally_row *row,
		      const struct treemap_cell *c, double all)
{
	const struct story_package *p = story_find(r->story, row->name);
	double x = 100 * c->x / WIDTH, y = 100 * c->y / HEIGHT;
	double w = 100 * c->w / WIDTH, h = 100 * c->h / HEIGHT;
	char bytes[SIZE_SAID];

	if (p)
		html_put(to, "<a href=\"#p%zu\">", (size_t)(p - r->story->packages));
	html_put(to,
		 "<svg x=\"%.3f%%\" y=\"%.3f%%\" width=\"%.3f%%\" height=\"%.3f%%\"><title>%s: %s "
		 "in "
		 "%zu files, %.1f %%</title><rect class=\"cell %s\" width=\"100%%\" "
		 "height=\"100%%\"/>",
		 x, y, w, h, row->name, size_said(row->bytes, bytes), row->count,
		 100 * row->bytes / all, p && p->n_spans ? "now" : "before");
	if (c->w >= LEAST_WIDTH && c->h >= LEAST_HEIGHT)
		html_put(to,
			 "<text x=\"5\" y=\"15\">%s</text><text class=\"dim\" x=\"5\" y=\"30\">%s"
			 "</text>",
			 row->name, bytes);
	fputs(p ? "</svg></a>\n" : "</svg>\n", to);
}

static void draw(FILE *to, const struct report *r, const struct tally *t, double all)
{
	autofree struct treemap_cell *cells = calloc(t->n + 1, sizeof(*cells));

	if (!cells)
		return;
	for (size_t i = 0; i < t->n; i++)
		cells[i].value = t->rows[i].bytes;
	treemap_layout(cells, t->n, WIDTH, HEIGHT);
	fputs("<svg class=\"treemap\" role=\"group\" aria-label=\"Treemap of installed sizes; the "
	      "table of packages has the numbers\">\n",
	      to);
	for (size_t i = 0; i < t->n && cells[i].w > 0 && cells[i].h > 0; i++)
		draw_cell(to, r, &t->rows[i], &cells[i], all);
	fputs("</svg>\n", to);
}

void report_sizes(FILE *to, const struct report *r)
{
	autotally struct tally t = { 0 };
	double all = 0;
	size_t files = 0;
	char bytes[SIZE_SAID];

	fputs("<section id=\"sizes\"><h2>Sizes</h2>\n", to);
	if (!r->installed || collect(r, &t) < 0) {
		fputs("<p>What is installed could not be asked: nothing is mounted there, and "
		      "there "
		      "is no state.</p></section>\n",
		      to);
		return;
	}
	for (size_t i = 0; i < t.n; i++) {
		all += t.rows[i].bytes;
		files += t.rows[i].count;
	}
	html_put(to, "<p class=\"note\">%zu packages are installed, %s in %zu files.</p>\n", t.n,
		 size_said(all, bytes), files);
	if (all > 0) {
		fputs("<ul class=\"legend\"><li><svg width=\"12\" height=\"12\" "
		      "aria-hidden=\"true\"><rect class=\"cell now\" width=\"12\" "
		      "height=\"12\"/></svg> built this time</li><li><svg width=\"12\" "
		      "height=\"12\" aria-hidden=\"true\"><rect class=\"cell before\" "
		      "width=\"12\" height=\"12\"/></svg> there before</li></ul>\n",
		      to);
		draw(to, r, &t, all);
	}
	fputs("</section>\n", to);
}
