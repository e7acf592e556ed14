// SPDX-License-Identifier: GPL-2.0-or-later
/* screen.h - a build as it happens, for who watches it.
 *
 * On a terminal the last lines are alive: one a running package, one a download, and a bar over the
 * whole; what has to stay scrolls by above them. Elsewhere, lines. A log's text is a stranger's: no
 * control character of it reaches the terminal.
 */
#pragma once

#include <stdbool.h>

#include "builder/story/story.h"

struct screen;

/* Draw on `fd`: alive when that is a terminal which can (TERM is not "dumb") and `plain` is false.
 * Colours unless $NO_COLOR is set. `story` must outlive it. 0 or -ENOMEM. */
int screen_new(struct screen **ret, const struct story *story, int fd, bool plain);
/* Takes the live lines away; takes NULL. */
void screen_free(struct screen *s);

/* Something of a package has changed, state or phase. */
void screen_changed(struct screen *s, const struct story_package *p);
/* A line, without its end, above the live ones. */
void screen_say(struct screen *s, const char *line);

/* Draw what is to be drawn by now; how many milliseconds until that makes sense again, -1: never.
 */
void screen_tick(struct screen *s);
int screen_wait(const struct screen *s);

/* ---- for screen.c and its test ---- */

/* The live lines, for a terminal of that size, as one text with a line break behind each: at most
 * `columns` - 1 characters wide. The caller frees. NULL: no memory. */
char *screen_compose(const struct story *story, int columns, int rows, bool colours);
