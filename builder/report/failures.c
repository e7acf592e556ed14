// SPDX-License-Identifier: GPL-2.0-or-later
/* Packages that ended badly, with the last lines of their logs. */
#include <string.h>

#include "builder/report/html.h"
#include "builder/report/reason.h"
#include "builder/report/report.h"

/* The lines; those that tell why are marked, `best` is one. */
static void write_lines(FILE *to, const char *text, const char *best)
{
	for (size_t len; *text; text += len) {
		bool why = text == best || reason_is(text);

		len = strcspn(text, "\n");
		fputs(why ? "<mark>" : "", to);
		html_textn(to, text, len);
		fputs(why ? "</mark>" : "", to);
		if (text[len])
			putc(text[len++], to);
	}
}

/* The last lines, and before them those that tell why; report.js scrolls to what is marked. */
static void write_tail(FILE *to, const struct report_log *log)
{
	html_put(to,
		 "<p class=\"note\">The last lines of <code>%s</code>%s:</p><pre tabindex=\"0\">",
		 log->tail_name, log->reason ? ", and those before them that tell why" : "");
	if (log->reason) {
		write_lines(to, log->reason, NULL);
		if (log->between)
			html_put(to, "%s<span class=\"dim\">… %zu lines …</span>\n",
				 log->reason[strlen(log->reason) - 1] == '\n' ? "" : "\n",
				 log->between);
	}
	write_lines(to, log->tail, log->reason ? NULL : reason_find(log->tail));
	fputs("</pre>\n", to);
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
	if (log->tail)
		write_tail(to, log);
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
