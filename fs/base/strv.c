// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/base/strv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"

void strv_release(struct strv *sv)
{
	for (size_t i = 0; i < sv->n; i++)
		free(sv->v[i]);
	free(sv->v);
	*sv = (struct strv){ 0 };
}

/* Takes `s`, also when it fails. */
static int strv_push(struct strv *sv, char *s)
{
	char **v = s && !sv->failed ? reallocarray(sv->v, sv->n + 2, sizeof(*v)) : NULL;

	if (!v) {
		free(s);
		sv->failed = true;
		return -ENOMEM;
	}
	sv->v = v;
	v[sv->n++] = s;
	v[sv->n] = NULL;
	return 0;
}

int strv_error(const struct strv *sv)
{
	return sv->failed ? -ENOMEM : 0;
}

int strv_add(struct strv *sv, const char *s)
{
	return strv_push(sv, s ? strdup(s) : NULL);
}

int strv_addn(struct strv *sv, const char *s, size_t len)
{
	return strv_push(sv, s ? strndup(s, len) : NULL);
}

int strv_addf(struct strv *sv, const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return strv_push(sv, n < 0 ? NULL : s);
}

int strv_add_words(struct strv *sv, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		strv_add(sv, words[i]);
	return strv_error(sv);
}

int strv_add_all(struct strv *sv, const struct strv *from)
{
	return strv_add_words(sv, (const char *const *)from->v, from->n);
}

int strv_split(struct strv *sv, const char *s, const char *separators)
{
	while (*(s += strspn(s, separators))) {
		size_t len = strcspn(s, separators);

		strv_addn(sv, s, len);
		s += len;
	}
	return strv_error(sv);
}

char *strv_join(const struct strv *sv, const char *glue)
{
	size_t size = 1, between = strlen(glue);
	char *all, *p;

	if (sv->failed)
		return NULL;
	for (size_t i = 0; i < sv->n; i++)
		size += strlen(sv->v[i]) + between;
	p = all = malloc(size);
	if (!all)
		return NULL;
	*p = '\0';
	for (size_t i = 0; i < sv->n; i++)
		p = stpcpy(i ? mempcpy(p, glue, between) : p, sv->v[i]);
	return all;
}

bool strv_has(const struct strv *sv, const char *s)
{
	for (size_t i = 0; i < sv->n; i++)
		if (strcmp(sv->v[i], s) == 0)
			return true;
	return false;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort(struct strv *sv)
{
	if (sv->n)
		qsort(sv->v, sv->n, sizeof(*sv->v), compare);
}

void strv_uniq(struct strv *sv)
{
	size_t kept = 0;

	for (size_t i = 0; i < sv->n; i++) {
		if (kept && strcmp(sv->v[kept - 1], sv->v[i]) == 0)
			free(sv->v[i]);
		else
			sv->v[kept++] = sv->v[i];
	}
	sv->n = kept;
	if (sv->v)
		sv->v[kept] = NULL;
}
