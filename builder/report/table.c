// SPDX-License-Identifier: GPL-2.0-or-later
/* The packages, a row each; and those that ended badly, with the last lines of their logs. */
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

/* ---- what went wrong ---- */

/* Does a line say why it ended? What make says after it ("*** [...] Error 1") does not. */
static bool tells_why(const char *line, size_t len)
{
	static const char *const words[] = {
		"error:", "Error:", "ERROR:", "undefined reference", "not found", "No such file"
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (memmem(line, len, words[i], strlen(words[i])))
			return true;
	return false;
}

/* The lines, those that tell why marked. */
static void write_tail(FILE *to, const char *tail)
{
	for (size_t len; *tail; tail += len) {
		len = strcspn(tail, "\n");
		bool why = tells_why(tail, len);

		len += tail[len] != '\0';
		fputs(why ? "<mark>" : "", to);
		html_textn(to, tail, len);
		fputs(why ? "</mark>" : "", to);
	}
}

static void write_failure(FILE *to, const struct report *r, size_t no)
{
	const struct story_package *p = &r->story->packages[no];
	const struct report_log *log = &r->logs[no];

	html_put(to, "<div class=\"failure %s\"><h3><a href=\"#p%zu\">%s %s</a> %s",
		 story_words[p->state], no, p->name, p->version, story_words[p->state]);
	if (p->n_spans)
		html_put(to, " in %s", p->spans[p->n_spans - 1].what);
	fputs("</h3>\n", to);
	if (p->why && p->state == STORY_FAILED && !log->tail)
		html_put(to, "<p class=\"note\">%s</p>\n", p->why);
	if (log->tail) {
		html_put(to,
			 "<p class=\"note\">The last lines of <code>%s</code>:</p><pre "
			 "tabindex=\"0\">",
			 log->tail_name);
		write_tail(to, log->tail);
		fputs("</pre>\n", to);
	}
	fputs("</div>\n", to);
}

static bool went_wrong(const struct story_package *p)
{
	return p->state == STORY_FAILED || (p->state == STORY_INTERRUPTED && p->n_spans);
}

void report_failures(FILE *to, const struct report *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->story->n; i++)
		n += went_wrong(&r->story->packages[i]);
	if (!n)
		return;
	fputs("<section id=\"failures\"><h2>What went wrong</h2>\n", to);
	for (size_t i = 0; i < r->story->n; i++)
		if (went_wrong(&r->story->packages[i]))
			write_failure(to, r, i);
	fputs("</section>\n", to);
}
