// SPDX-License-Identifier: GPL-2.0-or-later
/* The graph: a box for each package, coloured by how it ended, linked to its row. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "builder/report/html.h"
#include "builder/report/layout.h"
#include "builder/report/report.h"
#include "fs/base/cleanup.h"

/* Points that a letter takes: of fixed width, since nobody knows the browser's fonts. */
#define NAME_LETTER  7.4
#define REST_LETTER  6.8
#define MARGIN_LEFT  22
#define MARGIN_RIGHT 8
#define BOX_HEIGHT   36
#define NAME_MOST    40 /* bytes shown of a name or version */

static size_t shorter(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void set_size(struct layout_box *box, const struct story_package *p)
{
	size_t name = shorter(strlen(p->name), NAME_MOST);
	size_t rest = shorter(strlen(p->version), NAME_MOST);
	char seconds[HTML_SECONDS];
	double begin, end;

	if (report_times(p, &begin, &end))
		rest += 3 + strlen(html_seconds(end - begin, seconds));
	box->w = fmax(NAME_LETTER * (double)name, REST_LETTER * (double)rest) + MARGIN_LEFT +
		 MARGIN_RIGHT;
	box->h = BOX_HEIGHT;
}

static size_t number_of(const struct story *s, const char *name)
{
	const struct story_package *p = story_find(s, name);

	return p ? (size_t)(p - s->packages) : s->n;
}

/* Lines go from what is needed to what needs it: in the order of building. */
static int fill(struct layout *l, const struct story *s)
{
	size_t n = 0, lines = 0;
	int r;

	for (size_t i = 0; i < s->n; i++)
		lines += s->packages[i].needs.n;
	r = layout_init(l, s->n, lines);
	if (r < 0)
		return r;
	for (size_t i = 0; i < s->n; i++) {
		set_size(&l->boxes[i], &s->packages[i]);
		strv_foreach (need, &s->packages[i].needs) {
			size_t from = number_of(s, *need);

			if (from == s->n || from == i)
				continue;
			l->lines[n].from = from;
			l->lines[n++].to = i;
		}
	}
	l->n_lines = n;
	return 0;
}

static void draw_line(FILE *to, const struct layout_line *line)
{
	const struct layout_point *p = line->points;

	html_put(to, "<path class=\"need\" data-a=\"%zu\" data-b=\"%zu\" d=\"M%.1f,%.1f",
		 line->from, line->to, p[0].x, p[0].y);
	for (size_t i = 1; i + 2 < line->n; i += 3)
		html_put(to, " C%.1f,%.1f %.1f,%.1f %.1f,%.1f", p[i].x, p[i].y, p[i + 1].x,
			 p[i + 1].y, p[i + 2].x, p[i + 2].y);
	fputs("\"/>\n", to);
}

static const char *sign(enum story_state state)
{
	switch (state) {
	case STORY_BUILT:
		return "✓";
	case STORY_SAME:
		return "=";
	case STORY_FAILED:
		return "✗";
	case STORY_SKIPPED:
		return "↷";
	case STORY_INTERRUPTED:
		return "■";
	default:
		return "·";
	}
}

static void draw_box(FILE *to, const struct story *s, size_t no, const struct layout_box *b)
{
	const struct story_package *p = &s->packages[no];
	const char *state = story_words[p->state];
	double left = b->x - b->w / 2, top = b->y - b->h / 2, begin, end;
	char seconds[HTML_SECONDS] = "";

	if (report_times(p, &begin, &end))
		html_seconds(end - begin, seconds);
	html_put(to,
		 "<a href=\"#p%zu\" class=\"box %s\" data-n=\"%zu\"><title>%s %s: %s "
		 "%s</title><rect "
		 "x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"3\"/>",
		 no, state, no, p->name, p->version, state, seconds, left, top, b->w, b->h);
	html_put(to, "<text class=\"sign\" x=\"%.1f\" y=\"%.1f\">%s</text>", left + 8, top + 15,
		 sign(p->state));
	html_put(to, "<text class=\"name\" x=\"%.1f\" y=\"%.1f\">", left + MARGIN_LEFT, top + 15);
	html_textn(to, p->name, NAME_MOST);
	html_put(to, "</text><text class=\"dim\" x=\"%.1f\" y=\"%.1f\">", left + MARGIN_LEFT,
		 top + 29);
	html_textn(to, p->version, NAME_MOST);
	html_put(to, "%s%s</text></a>\n", *seconds ? " · " : "", seconds);
}

static void write_states(FILE *to, const struct story *s)
{
	size_t counts[STORY_STATES] = { 0 };

	for (size_t i = 0; i < s->n; i++)
		counts[s->packages[i].state]++;
	fputs("<ul class=\"legend\">", to);
	for (size_t i = 0; i < STORY_STATES; i++)
		if (counts[i])
			html_put(to, "<li class=\"%s\"><b class=\"sign\">%s</b> %s <b>%zu</b></li>",
				 story_words[i], sign(i), story_words[i], counts[i]);
	fputs("</ul>\n", to);
}

static void draw(FILE *to, const struct story *s, const struct layout *l)
{
	html_put(to,
		 "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Graph of %zu "
		 "packages; the table of packages says what each needs\"><svg class=\"graph\" "
		 "width=\"%.0f\" height=\"%.0f\" viewBox=\"-4 -4 %.0f %.0f\">\n",
		 l->n_boxes, l->width + 8, l->height + 8, l->width + 8, l->height + 8);
	fputs("<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" "
	      "markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0,0 L8,4 L0,8 "
	      "z\"/></marker></defs>\n",
	      to);
	for (size_t i = 0; i < l->n_lines; i++)
		draw_line(to, &l->lines[i]);
	for (size_t i = 0; i < l->n_boxes; i++)
		draw_box(to, s, i, &l->boxes[i]);
	fputs("</svg></div>\n", to);
}

void report_graph(FILE *to, const struct report *r)
{
	autolayout struct layout l = { 0 };

	fputs("<section id=\"graph\"><h2>What needs what</h2>\n", to);
	if (fill(&l, r->story) < 0 || layout_make(&l) < 0) {
		fputs("<p>There was no memory to draw it.</p></section>\n", to);
		return;
	}
	write_states(to, r->story);
	fputs("<p class=\"note\">An arrow leads from a package to one that needs it: from left to "
	      "right they can be built.",
	      to);
	if (!l.by_dot)
		fputs(" Drawn without Graphviz, whose <code>dot</code> would cross fewer lines.",
		      to);
	fputs("</p>\n", to);
	draw(to, r->story, &l);
	fputs("</section>\n", to);
}
