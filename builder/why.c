// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/why.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"

int why_set(char **why, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(why, fmt, ap) < 0)
		*why = NULL;
	va_end(ap);
	return r;
}

int why_errno(char **why, int r, const char *fmt, ...)
{
	autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	return why_set(why, r, "%s: %s", text ? text : "", strerror(-r));
}

int why_log(char *why, int r)
{
	autofree char *text = why;

	log_error("%s", text ? text : strerror(-r));
	return r;
}

int why_log_of(char *why, int r, const char *what)
{
	autofree char *text = why;

	log_error("%s: %s", what, text ? text : strerror(-r));
	return r;
}

#define NEAR_MAX 48 /* longer words are not compared */

static size_t least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* How many letters have to be put in, taken out or changed. */
static size_t distance(const char *a, const char *b)
{
	size_t row[NEAR_MAX + 1];
	size_t n = strlen(b);

	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t above = row[j];

			row[j] =
				least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[n];
}

const char *why_near(const char *word, const char *const *known)
{
	size_t limit = strlen(word) > 5 ? 2 : 1;
	const char *best = NULL;

	if (strlen(word) > NEAR_MAX)
		return NULL;
	for (; *known; known++) {
		size_t d = strlen(*known) > NEAR_MAX ? NEAR_MAX : distance(word, *known);

		if (d <= limit) {
			best = *known;
			limit = d - (d > 0);
			if (d == 0)
				break;
		}
	}
	return best;
}
