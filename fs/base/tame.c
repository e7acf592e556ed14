// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/base/tame.h"

#include <string.h>

/* By the first byte: how many there are, 0 when none begins so. */
static size_t length(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef)
		return 3;
	return c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

size_t tame_character(const char *s, bool *shows)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t n = length(*u);

	*shows = false;
	if (!n)
		return 1;
	for (size_t i = 1; i < n; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 1;
	if ((*u == 0xe0 && u[1] < 0xa0) || (*u == 0xed && u[1] > 0x9f) ||
	    (*u == 0xf0 && u[1] < 0x90) || (*u == 0xf4 && u[1] > 0x8f))
		return 1;
	if (n == 1)
		*shows = *u >= ' ' && *u != 0x7f;
	else
		*shows = *u != 0xc2 || u[1] >= 0xa0;
	return n;
}

void tame(char *text)
{
	char *to = text;

	while (*text) {
		bool shows;
		size_t n = tame_character(text, &shows);

		if (shows || *text == '\t') {
			memmove(to, text, n);
			to += n;
		} else {
			*to++ = '?';
		}
		text += n;
	}
	*to = '\0';
}

void tame_urls(char *text)
{
	while ((text = strstr(text, "://"))) {
		size_t n;
		char *at;

		text += strlen("://");
		n = strcspn(text, "/?#'\" \t\n<>");
		at = memrchr(text, '@', n);
		if (at)
			memmove(text, at + 1, strlen(at + 1) + 1);
	}
}
