// SPDX-License-Identifier: GPL-2.0-or-later
/* The time line: a lane for each job, in it the packages, cut into their phases.
 *
 * Places are in per cent of a lane's width, so that it fits any screen and its letters do not grow.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "builder/report/html.h"
#include "builder/report/report.h"
#include "fs/base/cleanup.h"

#define LANES_MOST  256
#define WIDEST	    6000
#define MARKS_MOST  7	 /* of the axis */
#define GAP	    0.3	 /* per cent, between words */
#define RUN_WIDTH   56	 /* points for each package of the fullest lane, within reason */
#define LABEL_SHARE 0.14 /* of the whole, for the words of the last of a lane */

static const char *const phases[] = { "start", "unpack",  "patch",  "configure",
				      "make",  "install", "fix-up", "commit" };

double report_clamp(double seconds)
{
	return fmin(fmax(seconds, 0), 1e7);
}

bool report_times(const struct story_package *p, double *begin, double *end)
{
	*begin = p->n_spans ? report_clamp(p->spans[0].begin) : 0;
	*end = *begin;
	for (size_t i = 0; i < p->n_spans; i++)
		*end = fmax(*end, report_clamp(p->spans[i].end));
	return p->n_spans;
}

/* The class of a phase, for its colour. */
static const char *class_of(const char *phase)
{
	for (size_t i = 0; i < ARRAY_SIZE(phases); i++)
		if (strcmp(phase, phases[i]) == 0)
			return phases[i];
	return "other";
}

/* ---- lanes ---- */

struct run {
	const struct story_package *p;
	size_t no; /* in the story */
	double begin, end;
	size_t lane;
	double label, room; /* where its words begin, and until where they may go on */
};

static int by_begin(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return x->no < y->no ? -1 : 1;
}

/* The last of a lane may begin near its end: then its words begin before it does. */
static void make_room(struct run *run, struct run *before, double end)
{
	double label = fmin(run->begin, end * (1 - LABEL_SHARE));

	if (before)
		label = fmax(label, before->begin);
	run->label = label;
	run->room = end - label;
	if (before)
		before->room = label - before->begin;
}

/* Each goes to the first lane that is free when it begins. Returns how many lanes there are. */
static size_t find_lanes(struct run *runs, size_t n, double end)
{
	struct run *last[LANES_MOST] = { NULL }, *before[LANES_MOST] = { NULL };
	size_t lanes = 0;

	for (size_t i = 0; i < n; i++) {
		struct run *run = &runs[i];
		size_t lane = 0;

		while (lane + 1 < LANES_MOST && last[lane] && last[lane]->end > run->begin + 1e-6)
			lane++;
		if (last[lane])
			last[lane]->room = run->begin - last[lane]->begin;
		run->lane = lane;
		run->label = run->begin;
		before[lane] = last[lane];
		last[lane] = run;
		lanes = lane + 1 > lanes ? lane + 1 : lanes;
	}
	for (size_t i = 0; i < lanes; i++)
		make_room(last[i], before[i], end);
	return lanes;
}

/* How many packages the fullest lane has. */
static size_t fullest(const struct run *runs, size_t n)
{
	size_t counts[LANES_MOST] = { 0 }, most = 0;

	for (size_t i = 0; i < n; i++)
		if (++counts[runs[i].lane] > most)
			most = counts[runs[i].lane];
	return most;
}

/* ---- drawing ---- */

static double percent(double t, double end)
{
	return end > 0 ? 100 * t / end : 0;
}

static void draw_phase(FILE *to, const struct report *r, const struct run *run,
		       const struct story_span *span)
{
	double begin = report_clamp(span->begin), end = report_clamp(span->end);
	char seconds[HTML_SECONDS], from[HTML_SECONDS], until[HTML_SECONDS];

	html_put(to,
		 "<rect class=\"ph-%s\" x=\"%.3f%%\" y=\"17\" width=\"%.3f%%\" height=\"14\">"
		 "<title>%s: %s %s (from %s to %s)</title></rect>",
		 class_of(span->what), percent(begin, r->end), percent(end - begin, r->end),
		 run->p->name, span->what, html_seconds(end - begin, seconds),
		 html_seconds(begin, from), html_seconds(end, until));
}

static const char *mark(enum story_state state)
{
	switch (state) {
	case STORY_FAILED:
		return "✗ failed";
	case STORY_INTERRUPTED:
		return "■ interrupted";
	case STORY_SAME:
		return "= same";
	default:
		return "";
	}
}

/* Its name above the bar, as far as there is room; how it ended is worth more than its time. */
static void draw_words(FILE *to, const struct report *r, const struct run *run)
{
	const char *ended = mark(run->p->state);
	char seconds[HTML_SECONDS];

	html_put(to, "<svg x=\"%.3f%%\" y=\"0\" width=\"%.3f%%\" height=\"16\">",
		 percent(run->label, r->end), fmax(percent(run->room, r->end) - GAP, 0));
	fputs(run->label < run->begin ? "<text x=\"100%\" y=\"12\" text-anchor=\"end\">"
				      : "<text x=\"1\" y=\"12\">",
	      to);
	html_put(to, "%s <tspan class=\"%s\">%s</tspan></text></svg>", run->p->name,
		 *ended ? "mark" : "dim",
		 *ended ? ended : html_seconds(run->end - run->begin, seconds));
}

static void draw_run(FILE *to, const struct report *r, const struct run *run)
{
	const struct story_package *p = run->p;
	const char *state = story_words[p->state];
	char seconds[HTML_SECONDS], from[HTML_SECONDS], until[HTML_SECONDS];

	html_put(to,
		 "<a href=\"#p%zu\" class=\"run %s\"><title>%s %s: %s, %s (from %s to %s)</title>",
		 run->no, state, p->name, p->version, state,
		 html_seconds(run->end - run->begin, seconds), html_seconds(run->begin, from),
		 html_seconds(run->end, until));
	draw_words(to, r, run);
	for (size_t i = 0; i < p->n_spans; i++)
		draw_phase(to, r, run, &p->spans[i]);
	html_put(to,
		 "<rect class=\"frame\" x=\"%.3f%%\" y=\"17\" width=\"%.3f%%\" height=\"14\"/></a>",
		 percent(run->begin, r->end), percent(run->end - run->begin, r->end));
}

/* Seconds between two marks of the axis, so that there is room for their words. */
static double step_of(double end)
{
	static const double steps[] = { 0.1, 0.2, 0.5, 1,   2,	  5,	10,   15,    30,    60,
					120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400 };
	size_t i = 0;

	while (i + 1 < ARRAY_SIZE(steps) && end / steps[i] > MARKS_MOST)
		i++;
	return fmax(steps[i], end / MARKS_MOST);
}

static void draw_grid(FILE *to, double end)
{
	double step = step_of(end);

	for (double t = 0; t <= end && end > 0; t += step)
		html_put(to,
			 "<line class=\"grid\" x1=\"%.3f%%\" x2=\"%.3f%%\" y1=\"0\" "
			 "y2=\"100%%\"/>",
			 percent(t, end), percent(t, end));
}

static void draw_axis(FILE *to, double end)
{
	double step = step_of(end);
	char seconds[HTML_SECONDS];

	fputs("<div class=\"lane axis\"><span></span><svg height=\"18\" aria-hidden=\"true\">", to);
	for (double t = 0; t <= end && end > 0; t += step)
		html_put(to, "<text x=\"%.3f%%\" y=\"13\" text-anchor=\"%s\">%s</text>",
			 percent(t, end),
			 t == 0			? "start"
			 : percent(t, end) > 96 ? "end"
						: "middle",
			 html_seconds(t, seconds));
	fputs("</svg></div>\n", to);
}

static void draw_lane(FILE *to, const struct report *r, const struct run *runs, size_t n,
		      size_t lane)
{
	html_put(to, "<div class=\"lane\"><span>job %zu</span><svg height=\"36\">", lane + 1);
	draw_grid(to, r->end);
	for (size_t i = 0; i < n; i++)
		if (runs[i].lane == lane)
			draw_run(to, r, &runs[i]);
	fputs("</svg></div>\n", to);
}

/* How long all packages together were in each phase. */
static void write_legend(FILE *to, const struct report *r)
{
	double sums[ARRAY_SIZE(phases) + 1] = { 0 }, all = 0;
	char seconds[HTML_SECONDS];

	for (size_t i = 0; i < r->story->n; i++) {
		const struct story_package *p = &r->story->packages[i];

		for (size_t k = 0; k < p->n_spans; k++) {
			double len =
				report_clamp(p->spans[k].end) - report_clamp(p->spans[k].begin);
			size_t at = 0;

			while (at < ARRAY_SIZE(phases) && strcmp(phases[at], p->spans[k].what) != 0)
				at++;
			sums[at] += fmax(len, 0);
			all += fmax(len, 0);
		}
	}
	fputs("<ul class=\"legend\">", to);
	for (size_t i = 0; i <= ARRAY_SIZE(phases); i++)
		if (sums[i] > 0)
			html_put(to,
				 "<li><svg width=\"12\" height=\"12\" aria-hidden=\"true\"><rect "
				 "class=\"ph-%s\" width=\"12\" height=\"12\"/></svg> %s <b>%s</b> "
				 "<span class=\"dim\">%.0f %%</span></li>",
				 i < ARRAY_SIZE(phases) ? phases[i] : "other",
				 i < ARRAY_SIZE(phases) ? phases[i] : "other",
				 html_seconds(sums[i], seconds), percent(sums[i], all));
	fputs("</ul>\n", to);
}

void report_time(FILE *to, const struct report *r)
{
	autofree struct run *runs = calloc(r->story->n + 1, sizeof(*runs));
	size_t n = 0, lanes, wide;

	fputs("<section id=\"time\"><h2>Time line</h2>\n", to);
	for (size_t i = 0; runs && i < r->story->n; i++) {
		struct run run = { .p = &r->story->packages[i], .no = i };

		if (report_times(run.p, &run.begin, &run.end))
			runs[n++] = run;
	}
	if (!n) {
		fputs("<p>No build was started.</p></section>\n", to);
		return;
	}
	qsort(runs, n, sizeof(*runs), by_begin);
	lanes = find_lanes(runs, n, r->end);
	write_legend(to, r);
	html_put(
		to,
		"<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Time line of %zu "
		"packages on %zu jobs; the table of packages has the same times\"><div "
		"class=\"lanes\">\n",
		n, lanes);
	wide = RUN_WIDTH * fullest(runs, n);
	html_put(to, "<svg class=\"wide\" width=\"%zu\" height=\"0\" aria-hidden=\"true\"></svg>\n",
		 wide < WIDEST ? wide : WIDEST);
	draw_axis(to, r->end);
	for (size_t i = 0; i < lanes; i++)
		draw_lane(to, r, runs, n, i);
	fputs("</div></div></section>\n", to);
}
