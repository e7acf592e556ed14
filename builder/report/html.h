// SPDX-License-Identifier: GPL-2.0-or-later
/* html.h - text on its way into a page.
 *
 * What comes from outside (names, logs, paths) goes through here and nowhere else, so that it stays
 * text: in an element, and in an attribute between double quotes. What a page cannot hold is shown
 * instead of kept: a control byte by its picture (U+241B for ESC), what is no UTF-8, no character,
 * or would turn the direction of writing, by U+FFFD.
 *
 * Nothing here fails: the caller looks at ferror(3) once, at the end.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

/* `s` as text. Line breaks and tabs stay. */
void html_text(FILE *to, const char *s);
/* At most `len` bytes of it, cut between characters. */
void html_textn(FILE *to, const char *s, size_t len);

/* As printf(3), but that what stands for a %s, which may be NULL for "", is written as html_text
 * does. The format itself is markup. It has %s, %d, %zu, %.Nf and %% only. */
void html_put(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A time, as all of the page has it: "0 s", "0.42 s", "7.6 s", "42 s", "3 min 05 s", "2 h 07 min";
 * whole minutes and hours are "3 min", "2 h". */
#define HTML_SECONDS 32
const char *html_seconds(double seconds, char buf[static HTML_SECONDS]);
