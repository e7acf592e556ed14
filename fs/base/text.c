// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/base/text.h"

#include <stdio.h>
#include <string.h>

#include "fs/base/cleanup.h"

/* vasprintf(3) leaves anything in its result when it fails. */
char *text_of_list(const char *fmt, va_list ap)
{
	char *text;

	return vasprintf(&text, fmt, ap) < 0 ? NULL : text;
}

char *text_of(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = text_of_list(fmt, ap);
	va_end(ap);
	return text;
}

void text_fail(struct text *t)
{
	strv_add(&t->parts, NULL); /* which it remembers */
}

void text_add(struct text *t, const char *fmt, ...)
{
	autofree char *piece = NULL;
	va_list ap;

	va_start(ap, fmt);
	piece = text_of_list(fmt, ap);
	va_end(ap);
	strv_add(&t->parts, piece);
}

void text_quote(struct text *t, const char *s, char quote, const char *special)
{
	text_add(t, "%c", quote);
	while (*s) {
		size_t plain = strcspn(s, special);

		text_add(t, "%.*s", (int)plain, s);
		s += plain;
		if (*s)
			text_add(t, "\\%c", *s++);
	}
	text_add(t, "%c", quote);
}

void text_quote_sh(struct text *t, const char *s)
{
	text_add(t, "'");
	while (*s) {
		size_t plain = strcspn(s, "'");

		text_add(t, "%.*s", (int)plain, s);
		s += plain;
		if (*s) {
			text_add(t, "'\\''");
			s++;
		}
	}
	text_add(t, "'");
}

void text_quote_fish(struct text *t, const char *s)
{
	text_quote(t, s, '\'', "'\\");
}

char *text_finish(struct text *t)
{
	char *all = strv_join(&t->parts, "");

	strv_release(&t->parts);
	return all;
}
