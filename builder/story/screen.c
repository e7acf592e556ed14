// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/story/screen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "builder/story/outlook.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"

#define TICK_MS 100

struct screen {
	const struct story *story;
	int fd;
	bool live, colours;
	double drawn_at;
	struct strv drawn; /* the live lines that are on the screen */
};

int screen_new(struct screen **ret, const struct story *story, int fd, bool plain)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");
	struct screen *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->story = story;
	s->fd = fd;
	s->live = !plain && isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
	s->colours = s->live && !(no && *no);
	s->drawn_at = -1;
	*ret = s;
	return 0;
}

static void terminal_size(const struct screen *s, int *columns, int *rows)
{
	struct winsize w;
	bool known = ioctl(s->fd, TIOCGWINSZ, &w) == 0 && w.ws_col && w.ws_row;

	*columns = known ? w.ws_col : 80;
	*rows = known ? w.ws_row : 24;
}

/* What a line takes on the screen: escape sequences take nothing, a character one column. */
static int width_of(const char *line)
{
	int n = 0;

	for (; *line; line++) {
		if (*line == '\033')
			line += strcspn(line, "m");
		else if ((*line & 0xc0) != 0x80)
			n++;
		if (!*line)
			break;
	}
	return n;
}

/* Up to where the live lines begin. A terminal that got narrower has broken them in pieces. */
static void add_erase(struct screen *s, int columns, struct strv *out)
{
	int up = 0;

	strv_foreach (line, &s->drawn) {
		int width = width_of(*line);

		up += width > columns ? (width + columns - 1) / columns : 1;
	}
	if (up)
		strv_addf(out, "\033[%dA\r\033[J", up);
	strv_release(&s->drawn);
}

/* All at once, so that nobody sees half of it; no line wraps (DECAWM). */
static void put(struct screen *s, const struct strv *out)
{
	autofree char *text = strv_join(out, "");

	if (text && *text)
		io_write_all(s->fd, text, strlen(text));
}

static void draw(struct screen *s, const char *above, bool live)
{
	autostrv struct strv out = { 0 };
	autofree char *lines = NULL;
	int columns, rows;

	terminal_size(s, &columns, &rows);
	add_erase(s, columns, &out);
	if (above)
		strv_addf(&out, "%s\n", above);
	if (live) {
		lines = screen_compose(s->story, columns, rows, s->colours);
		if (lines)
			strv_addf(&out, "\033[?7l%s\033[?7h", lines);
		strv_split(&s->drawn, lines ? lines : "", "\n");
	}
	put(s, &out);
	s->drawn_at = story_now(s->story);
}

void screen_free(struct screen *s)
{
	if (!s)
		return;
	if (s->live)
		draw(s, NULL, false);
	free(s);
}

void screen_say(struct screen *s, const char *line)
{
	if (s->live)
		draw(s, line, true);
	else
		dprintf(s->fd, "%s\n", line);
}

/* Off a terminal a line for each package that is begun; results come from elsewhere. */
void screen_changed(struct screen *s, const struct story_package *p)
{
	struct outlook now;
	char left[OUTLOOK_LEFT];

	if (s->live || p->state != STORY_RUNNING || p->n_spans != 1)
		return;
	now = outlook_of(s->story);
	outlook_left(&now, left);
	dprintf(s->fd, "%s %s: building (%zu of %zu done%s%s)\n", p->name, p->version, now.over,
		now.packages, *left ? ", " : "", left);
}

void screen_tick(struct screen *s)
{
	if (s->live && (story_now(s->story) - s->drawn_at) * 1000 >= TICK_MS)
		draw(s, NULL, true);
}

int screen_wait(const struct screen *s)
{
	int passed = s->live ? (int)((story_now(s->story) - s->drawn_at) * 1000) : 0;

	if (!s->live)
		return -1;
	return passed >= TICK_MS ? 0 : TICK_MS - passed;
}
