// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/report/warnings.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"

void warnings_release(struct warnings *w)
{
	for (size_t i = 0; i < w->n; i++) {
		free(w->first[i].file);
		free(w->first[i].kind);
		free(w->first[i].text);
	}
	free(w->first);
	tally_release(&w->kinds);
	*w = (struct warnings){ 0 };
}

/* One that was seen; all are parts of the line. */
struct sight {
	char *file;
	unsigned line;
	const char *kind;
	char *text;
};

static bool is_same(const struct warning *a, const struct sight *b)
{
	if (a->line != b->line || !a->file != !b->file)
		return false;
	return strcmp(a->text, b->text) == 0 && (!a->file || strcmp(a->file, b->file) == 0);
}

static int keep(struct warnings *w, const struct sight *s, const char *kind)
{
	struct warning *one;

	for (size_t i = 0; i < w->n; i++)
		if (is_same(&w->first[i], s))
			return (int)(w->first[i].times++, 0);
	if (w->n == WARNINGS_KEPT)
		return 0;
	if (!w->first && !(w->first = calloc(WARNINGS_KEPT, sizeof(*w->first))))
		return -ENOMEM;
	one = &w->first[w->n++];
	*one = (struct warning){ .line = s->line, .times = 1 };
	one->file = s->file ? strdup(s->file) : NULL;
	one->kind = strdup(kind);
	one->text = strdup(s->text);
	return one->kind && one->text && !s->file == !one->file ? 0 : -ENOMEM;
}

static int add(struct warnings *w, const struct sight *s)
{
	bool known = tally_find(&w->kinds, s->kind) || w->kinds.n < WARNINGS_KINDS;
	const char *kind = known ? s->kind : "of other kinds";
	int r = tally_add(&w->kinds, kind, 1, 0);

	w->total++;
	return r < 0 ? r : keep(w, s, kind);
}

/* ---- one line ---- */

/* The last component of a program's name, without make's "[1]". */
static char *tool_name(char *s)
{
	char *slash = strrchr(s, '/');

	s[strcspn(s, "[")] = '\0';
	return slash ? slash + 1 : s;
}

/* "FILE:LINE:COLUMN", "FILE:LINE" or a word in front of the warning: take off the numbers. */
static bool take_place(char *s, struct sight *ret)
{
	unsigned numbers[2] = { 0 };
	size_t n = 0;
	char *colon;

	while (n < 2 && (colon = strrchr(s, ':')) && colon > s &&
	       isdigit((unsigned char)colon[1]) && !colon[1 + strspn(colon + 1, "0123456789")]) {
		numbers[n++] = (unsigned)strtoul(colon + 1, NULL, 10);
		*colon = '\0';
	}
	ret->line = n ? numbers[n - 1] : 0;
	return n;
}

/* Folders of the build say nothing. */
static char *short_name(char *path)
{
	static const char work[] = "/xsysfs/work/";
	char *end =
		strncmp(path, work, strlen(work)) == 0 ? strchr(path + strlen(work), '/') : NULL;

	return end && end[1] ? end + 1 : path;
}

/* " [-Wname]" at the end, or NULL. It is cut off the text. */
static char *take_option(char *text)
{
	char *option = strrchr(text, '['), *end = option;

	if (!option || strncmp(option, "[-W", 3) != 0)
		return NULL;
	option++;
	end = option + strcspn(option, "],");
	if (end - option < 3 || !*end)
		return NULL;
	*end = '\0';
	end = option - 1;
	while (end > text && end[-1] == ' ')
		end--;
	*end = '\0';
	return option;
}

/* The linker names itself, or objects and sections: "a.o: in function `f': x.c:(.text+0x1)". */
static bool is_linked(const char *place)
{
	const char *slash = strrchr(place, '/'), *name = slash ? slash + 1 : place;
	size_t n = strcspn(name, ".");

	return strstr(place, "(.") || strstr(place, ".o:") ||
	       (n >= 2 && strncmp(name + n - 2, "ld", 2) == 0 &&
		(n == 2 || name[n - 3] == '-' || strcmp(name, "gold") == 0));
}

static void place_it(struct sight *s, char *place)
{
	bool numbered = take_place(place, s);
	char *option = take_option(s->text);

	if (!is_linked(place) && (numbered || strchr(place, '.') || option))
		s->file = *place ? short_name(place) : NULL;
	if (option)
		s->kind = option;
	else if (is_linked(place))
		s->kind = "linker";
	else if (numbered || !*place)
		s->kind = "without a name";
	else
		s->kind = s->file ? "without a name" : tool_name(place);
}

/* Where WORD begins, at the line's start or behind ": ". */
static char *find_word(char *line, const char *word)
{
	for (char *at = line; (at = strstr(at, word)); at++)
		if (at == line || (at - line >= 2 && at[-1] == ' ' && at[-2] == ':'))
			return at;
	return NULL;
}

/* "PLACE: warning: TEXT [-Wname]" */
static bool see_compiler(char *line, struct sight *s)
{
	char *at = find_word(line, "warning: ");

	if (!at)
		return false;
	s->text = at + strlen("warning: ");
	if (at == line)
		at[0] = '\0';
	else
		at[-2] = '\0';
	place_it(s, line);
	return true;
}

/* "configure: WARNING: TEXT", also behind "checking for x... "; "meson.build:3: WARNING: TEXT" */
static bool see_loud(char *line, struct sight *s)
{
	static const char configure[] = "configure: WARNING: ";
	char *at = strstr(line, configure);

	if (at) {
		s->kind = "configure";
		s->text = at + strlen(configure);
		return true;
	}
	at = find_word(line, "WARNING: ");
	if (!at)
		return false;
	s->text = at + strlen("WARNING: ");
	s->kind = "WARNING";
	if (at > line) {
		at[-2] = '\0';
		if (take_place(line, s))
			s->file = short_name(line);
		else if (!strpbrk(line, " \t"))
			s->kind = tool_name(line);
	}
	return true;
}

/* Python's "FILE:LINE: SomeWarning: TEXT" */
static bool see_python(char *line, struct sight *s)
{
	char *at = strstr(line, "Warning: "), *word = at;

	while (word && word > line && isalnum((unsigned char)word[-1]))
		word--;
	if (!at || word == at || word - line < 3 || word[-1] != ' ' || word[-2] != ':')
		return false;
	s->kind = word;
	s->text = at + strlen("Warning: ");
	at[strlen("Warning")] = '\0';
	word[-2] = '\0';
	if (take_place(line, s))
		s->file = short_name(line);
	return s->line;
}

/* "CMake Warning (dev) at FILE:LINE (function):"; what it says is in the lines below. */
static bool see_cmake(char *line, struct sight *s)
{
	char *at, *end;

	if (strncmp(line, "CMake ", 6) != 0 || !(at = strstr(line, "Warning")))
		return false;
	end = at + strlen("Warning");
	if (at > line + strlen("CMake Deprecation ") || (*end != ' ' && *end != ':'))
		return false;
	s->kind = strncmp(end, " (dev)", 6) == 0 ? "CMake (dev)" : "CMake";
	s->text = end + strspn(end, ": ");
	at = strstr(end, " at ");
	if (!at)
		return true;
	at += strlen(" at ");
	at[strcspn(at, " ")] = '\0';
	take_place(at, s);
	s->file = short_name(at);
	s->text = at + strlen(at);
	return true;
}

/* ---- a log ---- */

/* The line without escape sequences and NULs, cut. */
static void copy_line(const char *line, size_t len, char *to)
{
	size_t n = 0;

	while (len && n < WARNINGS_LINE) {
		if (*line == '\033' && len > 1 && line[1] == '[') {
			while (len && !(*line >= '@' && *line <= '~' && *line != '['))
				line++, len--;
			if (len)
				line++, len--;
			continue;
		}
		if (*line != '\r')
			to[n++] = *line ? *line : ' ';
		line++;
		len--;
	}
	to[n] = '\0';
}

struct scan {
	struct warnings *w;
	char line[WARNINGS_LINE + 1], below[WARNINGS_LINE + 1];
	struct sight cmake; /* in `line`, that waits for its text; kind NULL: none */
};

static int flush_cmake(struct scan *s, char *text)
{
	struct sight done = s->cmake;

	if (!done.kind)
		return 0;
	s->cmake.kind = NULL;
	if (text)
		done.text = text + strspn(text, " ");
	return add(s->w, &done);
}

static int look(struct scan *s, const char *line, size_t len)
{
	char *to = s->cmake.kind ? s->below : s->line;
	struct sight seen = { 0 };
	int r;

	copy_line(line, len, to);
	if (s->cmake.kind) {
		if (!to[strspn(to, " \t")])
			return 0;
		if (*to == ' ')
			return flush_cmake(s, to);
		r = flush_cmake(s, NULL);
		if (r < 0)
			return r;
		to = strcpy(s->line, s->below);
	}
	if (see_cmake(to, &seen)) {
		s->cmake = seen;
		return *seen.text ? flush_cmake(s, NULL) : 0;
	}
	if (see_compiler(to, &seen) || see_loud(to, &seen) || see_python(to, &seen))
		return add(s->w, &seen);
	return 0;
}

/* Most lines warn of nothing. */
static bool may_warn(const char *line, size_t len)
{
	return memmem(line, len, "arning", 6) || memmem(line, len, "WARNING: ", 9);
}

int warnings_scan(struct warnings *w, const char *log, size_t len)
{
	struct scan s = { .w = w };
	const char *end = log + len;
	int r = 0;

	while (log < end && r == 0) {
		const char *stop = memchr(log, '\n', end - log);
		size_t n = (stop ? stop : end) - log;

		if (s.cmake.kind || may_warn(log, n < WARNINGS_LINE ? n : WARNINGS_LINE))
			r = look(&s, log, n);
		log += n + 1;
	}
	return r < 0 ? r : flush_cmake(&s, NULL);
}
