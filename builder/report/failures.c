// SPDX-License-Identifier: GPL-2.0-or-later
/* Packages that ended badly, with the last lines of their logs. */
#include <string.h>

#include "builder/report/html.h"
#include "builder/report/report.h"

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
