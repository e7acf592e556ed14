// SPDX-License-Identifier: GPL-2.0-or-later
/* text.h - a text that grows piece by piece, for files that other programs read.
 *
 * Who writes it need not look at each piece: once there was no memory, the text has failed, and
 * text_finish says so. Quoting is by the rules of whom the text is for, so that no path and no flag
 * can become more than a word.
 */
#pragma once

#include <stdarg.h>

#include <stdbool.h>

#include "fs/base/strv.h"

struct text {
	struct strv parts;
};

/* Something that is to be in it could not be made. */
void text_fail(struct text *t);
void text_add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* `s` between two `quote`s, each byte that is in `special` behind a backslash. */
void text_quote(struct text *t, const char *s, char quote, const char *special);

/* `s` as one word of sh, and of fish. */
void text_quote_sh(struct text *t, const char *s);
void text_quote_fish(struct text *t, const char *s);

/* A text at once; the caller frees. NULL: no memory. */
char *text_of(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

char *text_of_list(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

/* The whole, which the caller frees; NULL: no memory. `t` is empty again. */
char *text_finish(struct text *t);
