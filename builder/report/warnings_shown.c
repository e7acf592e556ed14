// SPDX-License-Identifier: GPL-2.0-or-later
/* What the logs say: warnings by kind and by package, and fix-ups by rule. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "builder/report/html.h"
#include "builder/report/report.h"
#include "fs/base/cleanup.h"

/* A line for each row, with a bar as long as its share of the largest. */
static void write_counts(FILE *to, const char *what, const struct tally *t)
{
	html_put(to,
		 "<table class=\"counts\"><thead><tr><th scope=\"col\">%s</th><th scope=\"col\" "
		 "class=\"num\">number</th><td></td></tr></thead><tbody>\n",
		 what);
	for (size_t i = 0; i < t->n; i++)
		html_put(to,
			 "<tr><th scope=\"row\">%s</th><td class=\"num\">%zu</td><td><svg "
			 "class=\"bar\" aria-hidden=\"true\"><rect width=\"%.2f%%\" "
			 "height=\"100%%\"/></svg></td></tr>\n",
			 t->rows[i].name, t->rows[i].count,
			 100.0 * (double)t->rows[i].count / (double)t->rows[0].count);
	fputs("</tbody></table>\n", to);
}

/* ---- warnings ---- */

static int count_warnings(const struct report *r, struct tally *kinds, struct tally *packages)
{
	for (size_t i = 0; i < r->story->n; i++) {
		const struct warnings *w = &r->logs[i].warnings;

		if (w->total && tally_add(packages, r->story->packages[i].name, w->total, 0) < 0)
			return -ENOMEM;
		for (size_t k = 0; k < w->kinds.n; k++)
			if (tally_add(kinds, w->kinds.rows[k].name, w->kinds.rows[k].count, 0) < 0)
				return -ENOMEM;
	}
	tally_sort(kinds);
	tally_sort(packages);
	return 0;
}

static void write_warning(FILE *to, const struct warning *w)
{
	fputs("<li>", to);
	if (w->file)
		html_put(to, "<code>%s", w->file);
	if (w->file && w->line)
		html_put(to, ":%zu", (size_t)w->line);
	if (w->file)
		fputs("</code> ", to);
	html_put(to, "%s <span class=\"kind\">%s</span>", w->text, w->kind);
	if (w->times > 1)
		html_put(to, " <b>%zu times</b>", w->times);
	fputs("</li>\n", to);
}

static void write_package_warnings(FILE *to, const struct story_package *p,
				   const struct report_log *log)
{
	const struct warnings *w = &log->warnings;
	size_t shown = 0;

	html_put(to, "<details><summary>%s <b>%zu</b>", p->name, w->total);
	if (log->cut)
		fputs(" <span class=\"dim\">(a log is too large: not all of it was read)</span>",
		      to);
	fputs("</summary><ol>\n", to);
	for (size_t i = 0; i < w->n; i++) {
		write_warning(to, &w->first[i]);
		shown += w->first[i].times;
	}
	fputs("</ol>", to);
	if (shown < w->total)
		html_put(to, "<p class=\"note\">and %zu more, in <code>%s</code></p>",
			 w->total - shown, p->log);
	fputs("</details>\n", to);
}

static size_t count_later(const struct report *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->story->n; i++)
		n += r->logs[i].later;
	return n;
}

void report_warnings(FILE *to, const struct report *r)
{
	autotally struct tally kinds = { 0 }, packages = { 0 };
	size_t later = count_later(r);

	html_put(to,
		 "<section id=\"warnings\"><h2>Warnings <span class=\"count\">%zu</span></h2>\n",
		 r->warnings);
	if (later)
		html_put(
			to,
			"<p class=\"note\">The logs of %zu packages are of a later build, and were "
			"not read.</p>\n",
			later);
	if (count_warnings(r, &kinds, &packages) < 0 || !r->warnings) {
		fputs("<p>No log that was read has any.</p></section>\n", to);
		return;
	}
	fputs("<div class=\"columns\">\n", to);
	write_counts(to, "kind", &kinds);
	write_counts(to, "package", &packages);
	fputs("</div>\n", to);
	for (size_t i = 0; i < r->story->n; i++)
		if (r->logs[i].warnings.total)
			write_package_warnings(to, &r->story->packages[i], &r->logs[i]);
	fputs("</section>\n", to);
}

/* ---- fix-ups ---- */

static size_t count_rules(const struct report *r, struct tally *rules)
{
	size_t all = 0;

	for (size_t i = 0; i < r->story->n; i++) {
		const struct tally *t = &r->logs[i].rules;

		for (size_t k = 0; k < t->n; k++) {
			if (tally_add(rules, t->rows[k].name, t->rows[k].count, 0) < 0)
				return all;
			all += t->rows[k].count;
		}
	}
	tally_sort(rules);
	return all;
}

static void write_package_fixups(FILE *to, const struct story_package *p,
				 const struct report_log *log)
{
	size_t all = 0;

	for (size_t i = 0; i < log->rules.n; i++)
		all += log->rules.rows[i].count;
	html_put(to, "<details><summary>%s <b>%zu</b></summary><ol>\n", p->name, all);
	strv_foreach (line, &log->fixups) {
		size_t rule = strcspn(*line, ":");

		fputs("<li><span class=\"kind\">", to);
		html_textn(to, *line, rule);
		html_put(to, "</span> <code>%s</code></li>\n",
			 *line + rule + strspn(*line + rule, ": "));
	}
	fputs("</ol>", to);
	if (log->fixups.n < all)
		html_put(to, "<p class=\"note\">and %zu more, in <code>%s/fix-up.log</code></p>",
			 all - log->fixups.n, p->log);
	fputs("</details>\n", to);
}

void report_fixups(FILE *to, const struct report *r)
{
	autotally struct tally rules = { 0 };
	size_t all = count_rules(r, &rules);

	html_put(to, "<section id=\"fixups\"><h2>Fix-ups <span class=\"count\">%zu</span></h2>\n",
		 all);
	if (!all) {
		fputs("<p>Nothing had to be mended in what was installed.</p></section>\n", to);
		return;
	}
	fputs("<p class=\"note\">What installs left behind and was mended, by rule; <i>leaks</i> "
	      "are "
	      "only reported.</p>\n",
	      to);
	write_counts(to, "rule", &rules);
	for (size_t i = 0; i < r->story->n; i++)
		if (r->logs[i].rules.n)
			write_package_fixups(to, &r->story->packages[i], &r->logs[i]);
	fputs("</section>\n", to);
}
