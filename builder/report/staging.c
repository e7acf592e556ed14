// SPDX-License-Identifier: GPL-2.0-or-later
/* What goes to the Pi: by package, by part, by folder, and the largest files. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "builder/report/html.h"
#include "builder/report/report.h"
#include "fs/base/cleanup.h"
#include "fs/base/size.h"

enum { LARGEST = 15, ROWS_MOST = 200 };

struct staged {
	struct tally packages, parts, folders, files;
	size_t n;
	double bytes;
};

static void staged_release(struct staged *s)
{
	tally_release(&s->packages);
	tally_release(&s->parts);
	tally_release(&s->folders);
	tally_release(&s->files);
}

/* Where in `path` its folder ends: below the prefix one level, elsewhere two. */
static size_t folder_len(const char *path, const char *prefix)
{
	size_t n = strlen(prefix), levels = 2;
	const char *at = path, *slash;

	if (*prefix == '/' && strncmp(path, prefix + 1, n - 1) == 0 && path[n - 1] == '/') {
		at = path + n;
		levels = 1;
	}
	for (; levels && (slash = strchr(at, '/')); levels--)
		at = slash + 1;
	return at > path ? (size_t)(at - path) - 1 : 0;
}

/* The largest so far: what is smaller than all of many is dropped. */
static int add_large(struct tally *t, const char *path, double bytes)
{
	int r;

	if (t->n >= LARGEST && bytes <= t->rows[LARGEST - 1].bytes)
		return 0;
	r = tally_add(t, path, 1, bytes);
	tally_sort(t);
	if (t->n > LARGEST)
		free(t->rows[--t->n].name);
	return r;
}

/* Bytes of a file that has another name already are none. */
static double bytes_of(const json_t *e, json_t *seen)
{
	double bytes = json_number_value(json_object_get(e, "bytes"));
	const char *type = json_string_value(json_object_get(e, "type"));
	char inode[32];

	if (!type || strcmp(type, "file") != 0 || bytes < 0)
		return 0;
	if (json_number_value(json_object_get(e, "links")) < 2)
		return bytes;
	snprintf(inode, sizeof(inode), "%lld",
		 (long long)json_integer_value(json_object_get(e, "inode")));
	if (json_object_get(seen, inode))
		return 0;
	json_object_set_new(seen, inode, json_true());
	return bytes;
}

static int add(struct staged *s, const json_t *e, const char *prefix, json_t *seen)
{
	const char *path = json_string_value(json_object_get(e, "path"));
	const char *package = json_string_value(json_object_get(e, "package"));
	const char *part = json_string_value(json_object_get(e, "part"));
	autofree char *folder = path ? strndup(path, folder_len(path, prefix)) : NULL;
	double bytes = bytes_of(e, seen);

	if (!path || !package)
		return 0;
	if (!folder)
		return -ENOMEM;
	s->n++;
	s->bytes += bytes;
	if (tally_add(&s->packages, package, 1, bytes) < 0 ||
	    tally_add(&s->parts, part ? part : "", 1, bytes) < 0 ||
	    tally_add(&s->folders, *folder ? folder : "/", 1, bytes) < 0)
		return -ENOMEM;
	return bytes > 0 ? add_large(&s->files, path, bytes) : 0;
}

static int collect(struct staged *s, const struct report *r)
{
	autojson json_t *seen = json_object();
	const json_t *e;
	size_t i;
	int e_r = seen ? 0 : -ENOMEM;

	json_array_foreach(r->staged, i, e)
	{
		if (e_r == 0)
			e_r = add(s, e, r->prefix, seen);
	}
	tally_sort(&s->packages);
	tally_sort(&s->parts);
	tally_sort(&s->folders);
	return e_r;
}

static void write_rows(FILE *to, const char *what, const struct tally *t, bool counted)
{
	char bytes[SIZE_SAID];

	html_put(to, "<table class=\"counts\"><thead><tr><th scope=\"col\">%s</th>", what);
	if (counted)
		fputs("<th scope=\"col\" class=\"num\">files</th>", to);
	fputs("<th scope=\"col\" class=\"num\">size</th><td></td></tr></thead><tbody>\n", to);
	for (size_t i = 0; i < t->n && i < ROWS_MOST; i++) {
		const struct tally_row *row = &t->rows[i];

		html_put(to, "<tr><th scope=\"row\">%s</th>", row->name);
		if (counted)
			html_put(to, "<td class=\"num\">%zu</td>", row->count);
		html_put(to,
			 "<td class=\"num\">%s</td><td><svg class=\"bar\" "
			 "aria-hidden=\"true\"><rect "
			 "width=\"%.2f%%\" height=\"100%%\"/></svg></td></tr>\n",
			 size_said(row->bytes, bytes),
			 t->rows[0].bytes > 0 ? 100 * row->bytes / t->rows[0].bytes : 0);
	}
	fputs("</tbody></table>\n", to);
	if (t->n > ROWS_MOST)
		html_put(to, "<p class=\"note\">and %zu more</p>\n", t->n - ROWS_MOST);
}

void report_staging(FILE *to, const struct report *r)
{
	cleanup(staged_release) struct staged s = { 0 };
	char bytes[SIZE_SAID];

	fputs("<section id=\"staging\"><h2>In staging</h2>\n", to);
	if (!r->staged || collect(&s, r) < 0) {
		fputs("<p>What is in staging could not be asked: nothing is mounted there, and "
		      "there "
		      "is no state.</p></section>\n",
		      to);
		return;
	}
	html_put(to,
		 "<p class=\"note\">%zu files, links and folders, %s, go to the Pi when it is "
		 "deployed.</p>\n<div class=\"columns\">\n",
		 s.n, size_said(s.bytes, bytes));
	if (s.n) {
		write_rows(to, "package", &s.packages, true);
		fputs("<div>", to);
		write_rows(to, "part", &s.parts, true);
		write_rows(to, "folder", &s.folders, true);
		fputs("</div>", to);
		write_rows(to, "largest files", &s.files, false);
	}
	fputs("</div></section>\n", to);
}
