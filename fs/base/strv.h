// SPDX-License-Identifier: GPL-2.0-or-later
/* strv.h - a growing list of strings that it owns.
 *
 * It remembers that there was no memory: after that nothing can be added, strv_error says so, and
 * strv_join gives NULL. Who adds many strings need not look at each.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct strv {
	char **v; /* NULL-terminated when n > 0, so that it serves as argv */
	size_t n;
	bool failed;
};

#define autostrv	    cleanup(strv_release)
#define strv_foreach(s, sv) for (char **s = (sv)->v; s && *s; s++)

void strv_release(struct strv *sv);

/* 0, or -ENOMEM: something that was added is missing. */
int strv_error(const struct strv *sv);

/* Add a copy of `s` (or of its first `len` bytes). Returns 0 or -ENOMEM. `s` NULL: there was no
 * memory to make it, which is remembered. */
int strv_add(struct strv *sv, const char *s);
int strv_addn(struct strv *sv, const char *s, size_t len);
/* Add a formatted string. Returns 0 or -ENOMEM. */
int strv_addf(struct strv *sv, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Add copies of `n` strings. Returns 0 or -ENOMEM. */
int strv_add_words(struct strv *sv, const char *const *words, size_t n);
/* Add copies of all of another. Returns 0 or -ENOMEM. */
int strv_add_all(struct strv *sv, const struct strv *from);

/* Add the non-empty words of `s` between any of the bytes in `separators`. Returns 0 or -ENOMEM. */
int strv_split(struct strv *sv, const char *s, const char *separators);

/* All strings with `glue` between them; "" for none. The caller frees. NULL: no memory. */
char *strv_join(const struct strv *sv, const char *glue);

bool strv_has(const struct strv *sv, const char *s);
/* Byte order, as LC_ALL=C sort has it. */
void strv_sort(struct strv *sv);
/* Take out a string that is there twice in a sorted list. */
void strv_uniq(struct strv *sv);
