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
	char **v;

	if (!s)
		return -ENOMEM;
	v = reallocarray(sv->v, sv->n + 2, sizeof(*v));
	if (!v) {
		free(s);
		return -ENOMEM;
	}
	sv->v = v;
	v[sv->n++] = s;
	v[sv->n] = NULL;
	return 0;
}

int strv_add(struct strv *sv, const char *s)
{
	return strv_push(sv, strdup(s));
}

int strv_addn(struct strv *sv, const char *s, size_t len)
{
	return strv_push(sv, strndup(s, len));
}

int strv_addf(struct strv *sv, const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return n < 0 ? -ENOMEM : strv_push(sv, s);
}

int strv_split(struct strv *sv, const char *s, const char *separators)
{
	while (*(s += strspn(s, separators))) {
		size_t len = strcspn(s, separators);
		int r = strv_addn(sv, s, len);

		if (r < 0)
			return r;
		s += len;
	}
	return 0;
}

char *strv_join(const struct strv *sv, const char *glue)
{
	size_t size = 1;
	char *all, *p;

	for (size_t i = 0; i < sv->n; i++)
		size += strlen(sv->v[i]) + strlen(glue);
	p = all = malloc(size);
	if (!all)
		return NULL;
	*p = '\0';
	for (size_t i = 0; i < sv->n; i++)
		p = stpcpy(stpcpy(p, i ? glue : ""), sv->v[i]);
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
