// SPDX-License-Identifier: GPL-2.0-or-later
/* strv.h - a growing list of strings that it owns. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct strv {
	char **v; /* NULL-terminated when n > 0, so that it serves as argv */
	size_t n;
};

#define autostrv	    cleanup(strv_release)
#define strv_foreach(s, sv) for (char **s = (sv)->v; s && *s; s++)

void strv_release(struct strv *sv);

/* Add a copy of `s` (or of its first `len` bytes). Returns 0 or -ENOMEM. */
int strv_add(struct strv *sv, const char *s);
int strv_addn(struct strv *sv, const char *s, size_t len);
/* Add a formatted string. Returns 0 or -ENOMEM. */
int strv_addf(struct strv *sv, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Add the non-empty words of `s` between any of the bytes in `separators`. Returns 0 or -ENOMEM. */
int strv_split(struct strv *sv, const char *s, const char *separators);

/* All strings with `glue` between them; "" for none. The caller frees. NULL: no memory. */
char *strv_join(const struct strv *sv, const char *glue);

bool strv_has(const struct strv *sv, const char *s);
/* Byte order, as LC_ALL=C sort has it. */
void strv_sort(struct strv *sv);
/* Take out a string that is there twice in a sorted list. */
void strv_uniq(struct strv *sv);
