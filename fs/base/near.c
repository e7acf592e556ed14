// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/base/near.h"
#include "fs/base/text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEAR_MAX 48 /* longer words are not compared */

static size_t least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

static bool is_same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* How many letters have to be put in, taken out, changed, or swapped with the next one. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3]
		   [NEAR_MAX + 1]; /* of the letter before the last one, the last one, this one */
	size_t n = strlen(b), i;

	for (size_t j = 0; j <= n; j++)
		rows[0][j] = j;
	for (i = 1; a[i - 1]; i++) {
		const size_t *before = rows[(i + 1) % 3], *last = rows[(i - 1) % 3];
		size_t *row = rows[i % 3];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			row[j] = least(last[j] + 1, row[j - 1] + 1,
				       last[j - 1] + !is_same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) &&
			    is_same(a[i - 2], b[j - 1]))
				row[j] = least(row[j], before[j - 2] + 1, row[j]);
		}
	}
	return rows[(i - 1) % 3][n];
}

/* The only one that begins with it. */
static const char *only_longer(const char *word, const char *const *known)
{
	const char *only = NULL;

	for (; strlen(word) >= 3 && *known; known++) {
		if (strncmp(*known, word, strlen(word)) != 0)
			continue;
		if (only)
			return NULL;
		only = *known;
	}
	return only;
}

const char *near_word(const char *word, const char *const *known)
{
	size_t limit = strlen(word) > 5 ? 2 : 1;
	const char *const *all = known;
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
	return best ? best : only_longer(word, all);
}

char *near_said(const char *word, const char *const *known)
{
	const char *near = near_word(word, known);
	if (!near)
		return strdup("");
	return text_of(" (did you mean '%s'?)", near);
}
