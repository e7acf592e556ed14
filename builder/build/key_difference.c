// SPDX-License-Identifier: GPL-2.0-or-later
/* key_difference.c - what is another in two keys, for people: of a line that is there in another
 * form, the words that changed. */
#include <stdlib.h>
#include <string.h>

#include "builder/build/key.h"
#include "fs/base/cleanup.h"
#include "fs/base/strv.h"

enum { LABEL_WORDS = 2 }; /* of a changed line, to say which it is */

/* How many words two lines have in common, at their beginning and at their end. */
struct common {
	size_t first, last;
};

static struct common compare(const struct strv *a, const struct strv *b)
{
	size_t least = a->n < b->n ? a->n : b->n;
	struct common c = { 0 };

	while (c.first < least && strcmp(a->v[c.first], b->v[c.first]) == 0)
		c.first++;
	while (c.last < least - c.first &&
	       strcmp(a->v[a->n - 1 - c.last], b->v[b->n - 1 - c.last]) == 0)
		c.last++;
	return c;
}

/* The words from `from` to `to`; NULL: no memory. */
static char *words_of(const struct strv *line, size_t from, size_t to)
{
	autostrv struct strv part = { 0 };

	for (size_t i = from; i < to; i++)
		if (strv_add(&part, line->v[i]) < 0)
			return NULL;
	return strv_join(&part, " ");
}

/* "LABEL: OLD -> NEW", "LABEL: - OLD", "LABEL: + NEW". */
static int add_change(const struct strv *old, const struct strv *new, const char *margin,
		      struct strv *ret)
{
	struct common c = compare(old, new);
	size_t shown = c.first < LABEL_WORDS ? c.first : LABEL_WORDS;
	autofree char *label = words_of(old, 0, shown);
	autofree char *before = words_of(old, c.first, old->n - c.last);
	autofree char *after = words_of(new, c.first, new->n - c.last);

	if (!label || !before || !after)
		return -1;
	return strv_addf(ret, "%s~ %s%s: %s%s%s%s\n", margin, label, c.first > shown ? " ..." : "",
			 *before && *after ? ""
			 : *after	   ? "+ "
					   : "- ",
			 before, *before && *after ? " -> " : "", after);
}

/* The line of `lines` that is `line` in another form, and that nobody has taken; n: there is none.
 * Half of the words are the same, the first among them. */
static size_t find_other(const struct strv *line, const struct strv *lines, const bool *taken)
{
	size_t best = lines->n, most = 0;

	for (size_t i = 0; i < lines->n; i++) {
		autostrv struct strv words = { 0 };
		struct common c;
		size_t least;

		if (taken[i] || strv_split(&words, lines->v[i], " ") < 0)
			continue;
		c = compare(line, &words);
		least = line->n < words.n ? line->n : words.n;
		if (c.first && (c.first + c.last) * 2 >= least && c.first + c.last > most) {
			most = c.first + c.last;
			best = i;
		}
	}
	return best;
}

/* The lines of `of` that are not in `in`. */
static int find_missing(const struct strv *of, const struct strv *in, struct strv *ret)
{
	int r = 0;

	strv_foreach (line, of)
		if (r == 0 && !strv_has(in, *line))
			r = strv_add(ret, *line);
	return r;
}

static int add_all(const struct strv *gone, const struct strv *come, const char *margin,
		   struct strv *ret)
{
	autofree bool *taken = calloc(come->n + 1, sizeof(*taken));
	int r = taken ? 0 : -1;

	strv_foreach (line, gone) {
		autostrv struct strv words = { 0 }, others = { 0 };
		size_t other;

		if (r < 0 || strv_split(&words, *line, " ") < 0)
			return -1;
		other = find_other(&words, come, taken);
		if (other == come->n) {
			r = strv_addf(ret, "%s- %s\n", margin, *line);
			continue;
		}
		taken[other] = true;
		r = strv_split(&others, come->v[other], " ");
		if (r == 0)
			r = add_change(&words, &others, margin, ret);
	}
	for (size_t i = 0; r == 0 && i < come->n; i++)
		if (!taken[i])
			r = strv_addf(ret, "%s+ %s\n", margin, come->v[i]);
	return r;
}

char *key_difference(const char *old, const char *new, const char *margin)
{
	autostrv struct strv before = { 0 }, after = { 0 }, gone = { 0 }, come = { 0 };
	autostrv struct strv ret = { 0 };

	if (strv_split(&before, old, "\n") < 0 || strv_split(&after, new, "\n") < 0 ||
	    find_missing(&before, &after, &gone) < 0 || find_missing(&after, &before, &come) < 0 ||
	    add_all(&gone, &come, margin, &ret) < 0)
		return NULL;
	return strv_join(&ret, "");
}
