// SPDX-License-Identifier: GPL-2.0-or-later
/* The page as a whole: its head, with the policy, and the figures at its top. */
#include <string.h>

#include "builder/report/html.h"
#include "builder/report/report.h"
#include "fs/base/digest.h"

/* Nothing is loaded, and no script or style is obeyed but these two. */
static void write_policy(FILE *to)
{
	char style[DIGEST_BASE64] = "", script[DIGEST_BASE64] = "";

	if (digest_base64_of_data(report_css, strlen(report_css), style) < 0 ||
	    digest_base64_of_data(report_js, strlen(report_js), script) < 0)
		return;
	html_put(to,
		 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		 "style-src 'sha256-%s'; script-src 'sha256-%s'; base-uri 'none'; form-action "
		 "'none'\">\n",
		 style, script);
}

static void when(const struct report *r, char *buf, size_t size)
{
	struct tm tm;

	if (!gmtime_r(&r->story->start_time, &tm) ||
	    !strftime(buf, size, "%Y-%m-%d %H:%M:%S UTC", &tm))
		snprintf(buf, size, "at a time that cannot be told");
}

static void write_head(FILE *to, const struct report *r)
{
	char begun[64];

	when(r, begun, sizeof(begun));
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n", to);
	write_policy(to);
	html_put(to,
		 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		 "<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"color-scheme\" "
		 "content=\"light dark\">\n<title>%s: build of %s</title>\n<style>",
		 r->story->board, begun);
	fputs(report_css, to);
	fputs("</style>\n</head>\n<body>\n", to);
}

/* ---- the way that took longest ---- */

/* Of what `p` needs, what ended last; NULL: nothing that was built. */
static const struct story_package *waited_for(const struct story *s, const struct story_package *p)
{
	const struct story_package *last = NULL;
	double begin, end, latest = -1;

	strv_foreach (need, &p->needs) {
		const struct story_package *other = story_find(s, *need);

		if (other && report_times(other, &begin, &end) && end > latest) {
			last = other;
			latest = end;
		}
	}
	return last;
}

/* From what ended last back to what it had to wait for; no more jobs would make it shorter. */
static void write_longest(FILE *to, const struct story *s)
{
	const struct story_package *way[24], *p = NULL;
	double begin, end, latest = -1, sum = 0;
	char seconds[HTML_SECONDS];
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (report_times(&s->packages[i], &begin, &end) && end > latest) {
			latest = end;
			p = &s->packages[i];
		}
	for (; p && n < sizeof(way) / sizeof(*way); p = waited_for(s, p)) {
		report_times(p, &begin, &end);
		sum += end - begin;
		way[n++] = p;
	}
	if (!n)
		return;
	html_put(to,
		 "<p class=\"note\">The last to end, and what it waited for (%s of building%s): ",
		 html_seconds(sum, seconds), p ? ", and more before" : "");
	while (n-- > 0)
		html_put(to, "<a href=\"#p%zu\">%s</a>%s", (size_t)(way[n] - s->packages),
			 way[n]->name, n ? " → " : "");
	fputs("</p>\n", to);
}

/* ---- the figures ---- */

static void write_outcomes(FILE *to, const struct story *s)
{
	size_t counts[STORY_STATES] = { 0 };

	for (size_t i = 0; i < s->n; i++)
		counts[s->packages[i].state]++;
	for (size_t i = 0; i < STORY_STATES; i++)
		if (counts[i])
			html_put(to, "<div class=\"%s\"><dt>%s</dt><dd>%zu</dd></div>\n",
				 story_words[i], story_words[i], counts[i]);
}

/* Seconds in which each package was built, together. */
static double busy(const struct story *s)
{
	double sum = 0, begin, end;

	for (size_t i = 0; i < s->n; i++)
		if (report_times(&s->packages[i], &begin, &end))
			sum += end - begin;
	return sum;
}

static void write_figures(FILE *to, const struct report *r)
{
	const struct story *s = r->story;
	double cores = r->end * (s->cores > 0 ? s->cores : 1);
	char took[HTML_SECONDS], sum[HTML_SECONDS];

	fputs("<dl class=\"figures\">\n", to);
	write_outcomes(to, s);
	html_put(to, "<div><dt>took</dt><dd>%s</dd></div>\n", html_seconds(r->end, took));
	html_put(to, "<div><dt>jobs</dt><dd>%d</dd></div>\n", s->jobs);
	html_put(to,
		 "<div><dt title=\"all packages together\">package time</dt><dd>%s</dd></div>\n",
		 html_seconds(busy(s), sum));
	html_put(to,
		 "<div><dt title=\"share of core time in which a core had nothing to do while a "
		 "package was ready\">idle while ready</dt><dd>%.1f %%</dd></div>\n",
		 cores > 0 ? 100 * report_clamp(s->idle) / cores : 0.0);
	html_put(to, "<div><dt>warnings</dt><dd>%zu</dd></div>\n</dl>\n", r->warnings);
}

static bool has_failures(const struct story *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->packages[i].state == STORY_FAILED)
			return true;
	return false;
}

static bool was_interrupted(const struct story *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->packages[i].state == STORY_INTERRUPTED)
			return true;
	return false;
}

static void write_top(FILE *to, const struct report *r)
{
	char begun[64];

	when(r, begun, sizeof(begun));
	html_put(to,
		 "<header><h1>%s</h1><p>%s, begun <time>%s</time></p>\n<nav "
		 "aria-label=\"Sections\"><a href=\"#time\">Time line</a> <a "
		 "href=\"#graph\">Graph</a> <a href=\"#packages\">Packages</a> <a "
		 "href=\"#sizes\">Sizes</a> <a href=\"#warnings\">Warnings</a> <a "
		 "href=\"#fixups\">Fix-ups</a> <a href=\"#staging\">Staging</a></nav></header>\n"
		 "<main>\n",
		 r->story->board,
		 has_failures(r->story)	     ? "A build that failed"
		 : was_interrupted(r->story) ? "A build that was interrupted"
					     : "A build",
		 begun);
	write_figures(to, r);
	write_longest(to, r->story);
}

void report_write(FILE *to, const struct report *r)
{
	write_head(to, r);
	write_top(to, r);
	report_failures(to, r);
	report_time(to, r);
	report_graph(to, r);
	report_table(to, r);
	report_sizes(to, r);
	report_warnings(to, r);
	report_fixups(to, r);
	report_staging(to, r);
	fputs("</main>\n<script>", to);
	fputs(report_js, to);
	fputs("</script>\n</body>\n</html>\n", to);
}
