// SPDX-License-Identifier: GPL-2.0-or-later
/* Sizes of what is installed, the largest first, in as many columns as there is room for. */
#include <string.h>

#include "builder/report/html.h"
#include "builder/report/report.h"
#include "fs/base/cleanup.h"
#include "fs/base/size.h"

#define LARGEST 24 /* packages that are shown at once */

/* Of all packages. */
struct sum {
	double bytes, most;
	size_t files;
};

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

/* Name, bar, size and share; the bar is as long as its share of the largest. */
static void write_size(FILE *to, const struct report *r, const struct tally_row *row,
		       const struct sum *sum)
{
	const struct story_package *p = story_find(r->story, row->name);
	char bytes[SIZE_SAID];

	html_put(to, "<li class=\"%s\"><span class=\"name\">", p && p->n_spans ? "now" : "before");
	if (p)
		html_put(to, "<a href=\"#p%zu\">%s</a>", (size_t)(p - r->story->packages),
			 row->name);
	else
		html_text(to, row->name);
	html_put(to,
		 "</span><svg class=\"bar\" aria-hidden=\"true\"><rect width=\"%.2f%%\" "
		 "height=\"100%%\"/></svg><span>%s</span><span class=\"dim\">%.0f %%</span></li>\n",
		 100 * row->bytes / sum->most, size_said(row->bytes, bytes),
		 100 * row->bytes / sum->bytes);
}

static void write_sizes(FILE *to, const struct report *r, const struct tally *t, size_t begin,
			size_t end, const struct sum *sum)
{
	fputs("<ol class=\"sizes\">\n", to);
	for (size_t i = begin; i < end; i++)
		write_size(to, r, &t->rows[i], sum);
	fputs("</ol>\n", to);
}

/* The largest; the others behind a click. */
static void write_all(FILE *to, const struct report *r, const struct tally *t,
		      const struct sum *sum)
{
	size_t shown = t->n < LARGEST ? t->n : LARGEST;
	double rest = 0;
	char bytes[SIZE_SAID];

	fputs("<ul class=\"legend\"><li><svg width=\"12\" height=\"12\" aria-hidden=\"true\"><rect "
	      "class=\"now\" width=\"12\" height=\"12\"/></svg> built this time</li><li><svg "
	      "width=\"12\" height=\"12\" aria-hidden=\"true\"><rect class=\"before\" "
	      "width=\"12\" height=\"12\"/></svg> there before</li></ul>\n",
	      to);
	write_sizes(to, r, t, 0, shown, sum);
	if (shown == t->n)
		return;
	for (size_t i = shown; i < t->n; i++)
		rest += t->rows[i].bytes;
	html_put(to, "<details><summary>and %zu more, %s</summary>\n", t->n - shown,
		 size_said(rest, bytes));
	write_sizes(to, r, t, shown, t->n, sum);
	fputs("</details>\n", to);
}

void report_sizes(FILE *to, const struct report *r)
{
	autotally struct tally t = { 0 };
	struct sum sum = { 0 };
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
		sum.bytes += t.rows[i].bytes;
		sum.files += t.rows[i].count;
	}
	sum.most = t.n ? t.rows[0].bytes : 0;
	html_put(to, "<p class=\"note\">%zu packages are installed, %s in %zu files.</p>\n", t.n,
		 size_said(sum.bytes, bytes), sum.files);
	if (sum.bytes > 0)
		write_all(to, r, &t, &sum);
	fputs("</section>\n", to);
}
