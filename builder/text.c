// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/cleanup.h"

void text_add(struct text *t, const char *fmt, ...)
{
	autofree char *piece = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&piece, fmt, ap);
	va_end(ap);
	if (n < 0)
		piece = NULL;
	if (!piece || strv_add(&t->parts, piece) < 0)
		t->failed = true;
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
	char *all = t->failed ? NULL : strv_join(&t->parts, "");

	strv_release(&t->parts);
	t->failed = false;
	return all;
}
