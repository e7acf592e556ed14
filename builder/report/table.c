// SPDX-License-Identifier: GPL-2.0-or-later
/* The packages, a row each. */
#include <string.h>

#include "builder/report/html.h"
#include "builder/report/report.h"
#include "fs/base/size.h"

/* The first line; the others, where there are, behind a click. */
static void write_why(FILE *to, const char *why)
{
	size_t first = why ? strcspn(why, "\n") : 0;

	if (!why)
		return;
	if (!why[first]) {
		html_text(to, why);
		return;
	}
	fputs("<details><summary>", to);
	html_textn(to, why, first);
	html_put(to, "</summary><pre>%s</pre></details>", why + first + 1);
}

static void write_needs(FILE *to, const struct story *s, const struct strv *needs)
{
	const char *comma = "";

	strv_foreach (need, needs) {
		const struct story_package *p = story_find(s, *need);

		if (p)
			html_put(to, "%s<a href=\"#p%zu\">%s</a>", comma, (size_t)(p - s->packages),
				 *need);
		else
			html_put(to, "%s%s", comma, *need);
		comma = ", ";
	}
}

/* A number, and what it is sorted by. */
static void write_size(FILE *to, const json_t *installed)
{
	double bytes = json_number_value(json_object_get(installed, "bytes"));
	double files = json_number_value(json_object_get(installed, "files"));
	char words[SIZE_SAID];

	if (!installed)
		fputs("<td class=\"num\"></td><td class=\"num\"></td>", to);
	else
		html_put(to,
			 "<td class=\"num\" data-v=\"%.0f\">%s</td><td class=\"num\" "
			 "data-v=\"%.0f\">%.0f</td>",
			 bytes, size_said(bytes, words), files, files);
}

static void write_row(FILE *to, const struct report *r, size_t no)
{
	const struct story_package *p = &r->story->packages[no];
	const char *state = story_words[p->state];
	double begin, end;
	char from[HTML_SECONDS], seconds[HTML_SECONDS];

	html_put(
		to,
		"<tr id=\"p%zu\"><td class=\"num\" data-v=\"%zu\">%zu</td><th scope=\"row\">%s</th>"
		"<td>%s</td><td class=\"%s\"><span class=\"state\">%s</span></td>",
		no, no, no + 1, p->name, p->version, state, state);
	if (report_times(p, &begin, &end))
		html_put(to,
			 "<td class=\"num\" data-v=\"%.3f\">%s</td><td class=\"num\" "
			 "data-v=\"%.3f\">%s</td>",
			 begin, html_seconds(begin, from), end - begin,
			 html_seconds(end - begin, seconds));
	else
		fputs("<td class=\"num\"></td><td class=\"num\"></td>", to);
	write_size(to, report_installed(r, p->name));
	if (r->logs[no].warnings.total)
		html_put(to, "<td class=\"num\" data-v=\"%zu\">%zu</td>",
			 r->logs[no].warnings.total, r->logs[no].warnings.total);
	else
		fputs("<td class=\"num\"></td>", to);
	fputs("<td>", to);
	write_needs(to, r->story, &p->needs);
	fputs("</td><td class=\"why\">", to);
	write_why(to, p->why);
	fputs("</td></tr>\n", to);
}

void report_table(FILE *to, const struct report *r)
{
	static const struct {
		const char *word, *class;
	} heads[] = {
		{ "#", "num" },	       { "package", "" }, { "version", "" }, { "outcome", "" },
		{ "begin", "num" },    { "time", "num" }, { "size", "num" }, { "files", "num" },
		{ "warnings", "num" }, { "needs", "" },	  { "why", "" },
	};

	fputs("<section id=\"packages\"><h2>Packages</h2>\n"
	      "<p class=\"script\" hidden><label>Show only rows with <input type=\"search\" "
	      "id=\"filter\" autocomplete=\"off\"></label> <output id=\"shown\"></output></p>\n"
	      "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Packages\"><table "
	      "class=\"packages\"><thead><tr>",
	      to);
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		html_put(to, "<th scope=\"col\" class=\"%s\">%s</th>", heads[i].class,
			 heads[i].word);
	fputs("</tr></thead><tbody>\n", to);
	for (size_t i = 0; i < r->story->n; i++)
		write_row(to, r, i);
	fputs("</tbody></table></div></section>\n", to);
}
