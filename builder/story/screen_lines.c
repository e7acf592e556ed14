// SPDX-License-Identifier: GPL-2.0-or-later
/* What the live lines say. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/story/outlook.h"
#include "builder/story/screen.h"
#include "fs/base/cleanup.h"
#include "fs/base/tame.h"
#include "fs/base/text.h"

#define TAIL   1024
#define NARROW 44 /* below that, a line has no room for output */

struct lines {
	struct strv v;
	int columns;
	bool colours;
};

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
static char *fit(const char *text, int columns)
{
	char *ret = malloc(strlen(text) + 1), *to = ret;

	while (ret && *text && columns > 0) {
		bool shows;
		size_t n = tame_character(text, &shows);

		if (*text == '\033') {
			text = skip_escape(text);
			continue;
		}
		if (shows) {
			memcpy(to, text, n);
			to += n;
		} else if (*text == '\t' || (unsigned char)*text >= 0x80) {
			*to++ = *text == '\t' ? ' ' : '?';
		} else { /* a carriage return, say */
			text++;
			continue;
		}
		text += n;
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

	if (!p->log || !(path = text_of("%s/%s.log", p->log, phase)))
		return NULL;
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
	autofree char *head = fit(first, l->columns - 1);
	autofree char *tail = left > 0 ? fit(rest, left) : strdup("");

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
	first = text_of("%-*.*s", name_columns, name_columns, p->name);
	rest = text_of(" %-9.9s %7s%s%s", span ? span->what : "", when,
		       !room	      ? ""
		       : shown > said ? "  .. "
				      : "  ",
		       room ? shown : "");
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
	if ((first = text_of("%-*.*s", name_columns, name_columns, p->name)))
		add(l, "\033[36m", first, rest);
}

/* Over the whole: how much of its time has passed, where that is known. */
static void add_whole(struct lines *l, const struct story *story)
{
	const struct outlook now = outlook_of(story);
	char cells[64] = "", rest[128];
	int room;

	rest[0] = ' ';
	outlook_words(&now, rest + 1, sizeof(rest) - 1);
	room = l->columns - (int)strlen(rest) - 4;
	if (room >= 8)
		bar(cells, room > 40 ? 40 : room, now.share);
	add(l, now.failed ? "\033[31m" : "\033[32m", cells, *cells ? rest : rest + 1);
}

char *screen_compose(const struct story *story, int columns, int rows, bool colours)
{
	struct lines l = { .columns = columns, .colours = colours };
	size_t wide = 8, shown = 0, more = 0, most = rows > 3 ? (size_t)rows - 3 : 1;
	char *text;

	for (size_t i = 0; i < story->n; i++) {
		const struct story_package *p = &story->packages[i];

		if ((p->state == STORY_RUNNING || story_is_download(p)) && strlen(p->name) > wide)
			wide = strlen(p->name);
	}
	if ((int)wide > columns / 3)
		wide = columns / 3;
	for (size_t i = 0; i < story->n; i++) {
		const struct story_package *p = &story->packages[i];

		if (p->state != STORY_RUNNING && !story_is_download(p))
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
