// SPDX-License-Identifier: GPL-2.0-or-later
/* What the live lines say. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/screen.h"
#include "fs/base/cleanup.h"

#define TAIL   1024
#define NARROW 44 /* below that, a line has no room for output */

struct lines {
	struct strv v;
	int columns;
	bool colours;
};

/* The length of the UTF-8 character at `s`; 0 when it is none. */
static size_t character(const unsigned char *s)
{
	size_t n = *s < 0x80   ? 1
		   : *s < 0xc2 ? 0
		   : *s < 0xe0 ? 2
		   : *s < 0xf0 ? 3
		   : *s < 0xf5 ? 4
			       : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* Past an escape sequence (ECMA-48): ESC [ ... final, or ESC and one more. */
static const char *skip_escape(const char *s)
{
	s++;
	if (*s != '[')
		return *s ? s + 1 : s;
	s++;
	while (*s && !(*s >= 0x40 && *s <= 0x7e))
		s++;
	return *s ? s + 1 : s;
}

/* As much of a stranger's text as fits into `columns`, without anything that a terminal obeys. */
static char *tame(const char *text, int columns)
{
	char *ret = malloc(strlen(text) + 1), *to = ret;

	while (ret && *text && columns > 0) {
		size_t n = character((const unsigned char *)text);

		if (*text == '\033') {
			text = skip_escape(text);
			continue;
		}
		if (n == 1 && ((unsigned char)*text < 0x20 || *text == 0x7f)) {
			if (*text++ != '\t')
				continue;
			*to++ = ' ';
		} else if (n == 0 || (n == 2 && (unsigned char)*text == 0xc2 &&
				      (unsigned char)text[1] < 0xa0)) {
			*to++ = '?';
			text += n ? n : 1;
		} else {
			memcpy(to, text, n);
			to += n;
			text += n;
		}
		columns--;
	}
	if (ret)
		*to = '\0';
	return ret;
}

/* The last line with something in it of what a phase has said; the caller frees. */
static char *last_line(const struct story_package *p, const char *phase)
{
	autofree char *path = NULL;
	autofd int fd = -1;
	char tail[TAIL + 1];
	char *end, *start;
	off_t size;
	ssize_t n;

	if (!p->log || asprintf(&path, "%s/%s.log", p->log, phase) < 0) {
		path = NULL;
		return NULL;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	n = size < 0 ? -1 : pread(fd, tail, TAIL, size > TAIL ? size - TAIL : 0);
	if (n <= 0)
		return NULL;
	for (end = tail + n; end > tail && (end[-1] == '\n' || end[-1] == '\r'); end--)
		;
	*end = '\0';
	for (start = end; start > tail && start[-1] != '\n' && start[-1] != '\r'; start--)
		;
	return strdup(start);
}

/* "4.2s", "3:07", "1:02:09" */
static const char *clock_words(double seconds, char words[static 24])
{
	long s = (long)seconds;

	if (s < 60)
		snprintf(words, 24, "%.1fs", seconds);
	else if (s < 3600)
		snprintf(words, 24, "%ld:%02ld", s / 60, s % 60);
	else
		snprintf(words, 24, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
	return words;
}

static void add(struct lines *l, const char *colour, const char *first, const char *rest)
{
	int left = l->columns - 1 - (int)strlen(first);
	autofree char *head = tame(first, l->columns - 1);
	autofree char *tail = left > 0 ? tame(rest, left) : strdup("");

	if (head && tail)
		strv_addf(&l->v, "%s%s%s%s", l->colours ? colour : "", head,
			  l->colours ? "\033[0m" : "", tail);
}

/* Where a long line is cut off in front: at its end a compiler's command has the file. */
static const char *end_of(const char *said, int room)
{
	size_t n = strlen(said);
	const char *at = said;

	if (room < 0 || n <= (size_t)room)
		return said;
	at += n - room;
	while (*at && *at != ' ')
		at++;
	at += strspn(at, " ");
	return *at ? at : said;
}

static void add_running(struct lines *l, const struct story *story, const struct story_package *p,
			int name_columns)
{
	const struct story_span *span = story_span_now(p);
	autofree char *said = span ? last_line(p, span->what) : NULL;
	autofree char *first = NULL;
	autofree char *rest = NULL;
	const char *shown = said ? end_of(said, l->columns - name_columns - 24) : NULL;
	bool room = l->columns >= NARROW && shown;
	char when[24];

	clock_words(story_seconds(story, p), when);
	if (asprintf(&first, "%-*.*s", name_columns, name_columns, p->name) < 0)
		first = NULL;
	if (asprintf(&rest, " %-9.9s %7s%s%s", span ? span->what : "", when,
		     !room	    ? ""
		     : shown > said ? "  .. "
				    : "  ",
		     room ? shown : "") < 0)
		rest = NULL;
	if (first && rest)
		add(l, "\033[1m", first, rest);
}

/* "[#####.....]", of `cells` in all */
static void bar(char *to, int cells, double share)
{
	int full = (int)(share * cells);

	to[0] = '[';
	for (int i = 0; i < cells; i++)
		to[i + 1] = i < full ? '#' : '.';
	strcpy(to + cells + 1, "]");
}

static void add_download(struct lines *l, const struct story_package *p, int name_columns)
{
	double share = p->to_fetch ? (double)p->fetched / (double)p->to_fetch : 0;
	autofree char *first = NULL;
	char cells[64] = "", rest[128];
	int room = l->columns - name_columns - 30;

	if (share > 1)
		share = 1;
	if (room >= 5 && p->to_fetch)
		bar(cells, room > 40 ? 40 : room, share);
	if (p->to_fetch)
		snprintf(rest, sizeof(rest), " fetch  %s %3d %%  %.1f of %.1f MB", cells,
			 (int)(share * 100), p->fetched / 1e6, p->to_fetch / 1e6);
	else
		snprintf(rest, sizeof(rest), " fetch  %.1f MB", p->fetched / 1e6);
	if (asprintf(&first, "%-*.*s", name_columns, name_columns, p->name) >= 0)
		add(l, "\033[36m", first, rest);
}

double screen_time_left(const struct story *story)
{
	double known = 0, left = 0, now = story_now(story), done = 0;
	size_t n_known = 0;

	for (size_t i = 0; i < story->n; i++)
		if (story->packages[i].expected >= 0) {
			known += story->packages[i].expected;
			n_known++;
		}
	if (!n_known)
		return -1;
	for (size_t i = 0; i < story->n; i++) {
		const struct story_package *p = &story->packages[i];
		double whole = p->expected >= 0 ? p->expected : known / n_known;
		double passed = story_seconds(story, p);

		if (story_is_over(p))
			done += passed;
		else
			left += passed < whole ? whole - passed : 0;
	}
	/* how much of it goes on side by side is what it was so far */
	return done > now && now > 0 ? left * now / done : left;
}

static void add_whole(struct lines *l, const struct story *story)
{
	size_t over = 0, failed = 0, running = 0;
	double left = screen_time_left(story);
	char cells[64] = "", when[24] = "", rest[128];
	int room;

	for (size_t i = 0; i < story->n; i++) {
		const struct story_package *p = &story->packages[i];

		over += story_is_over(p);
		failed += p->state == STORY_FAILED || p->state == STORY_SKIPPED;
		running += p->state == STORY_RUNNING;
	}
	if (left >= 60)
		snprintf(when, sizeof(when), ", %.0f min left", left / 60 + 0.5);
	else if (left > 0)
		snprintf(when, sizeof(when), ", %.0f s left", left);
	snprintf(rest, sizeof(rest), " %zu of %zu", over, story->n);
	if (failed)
		snprintf(rest + strlen(rest), sizeof(rest) - strlen(rest), ", %zu failed", failed);
	snprintf(rest + strlen(rest), sizeof(rest) - strlen(rest), ", %zu running%s", running,
		 when);
	room = l->columns - (int)strlen(rest) - 4;
	if (room >= 8)
		bar(cells, room > 40 ? 40 : room, story->n ? (double)over / story->n : 0);
	add(l, failed ? "\033[31m" : "\033[32m", cells, *cells ? rest : rest + 1);
}

static bool is_download(const struct story_package *p)
{
	return p->state == STORY_FETCHING && p->fetched;
}

char *screen_compose(const struct story *story, int columns, int rows, bool colours)
{
	struct lines l = { .columns = columns, .colours = colours };
	size_t wide = 8, shown = 0, more = 0, most = rows > 3 ? (size_t)rows - 3 : 1;
	char *text;

	for (size_t i = 0; i < story->n; i++) {
		const struct story_package *p = &story->packages[i];

		if ((p->state == STORY_RUNNING || is_download(p)) && strlen(p->name) > wide)
			wide = strlen(p->name);
	}
	if ((int)wide > columns / 3)
		wide = columns / 3;
	for (size_t i = 0; i < story->n; i++) {
		const struct story_package *p = &story->packages[i];

		if (p->state != STORY_RUNNING && !is_download(p))
			continue;
		if (shown == most) {
			more++;
			continue;
		}
		shown++;
		if (p->state == STORY_RUNNING)
			add_running(&l, story, p, (int)wide);
		else
			add_download(&l, p, (int)wide);
	}
	if (more) {
		char words[48];

		snprintf(words, sizeof(words), "and %zu more", more);
		add(&l, "", words, "");
	}
	add_whole(&l, story);
	strv_add(&l.v, "");
	text = strv_join(&l.v, "\n");
	strv_release(&l.v);
	return text;
}
