// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/base/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void tally_release(struct tally *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->rows[i].name);
	free(t->rows);
	*t = (struct tally){ 0 };
}

static struct tally_row *find(const struct tally *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->rows[i].name, name) == 0)
			return &t->rows[i];
	return NULL;
}

const struct tally_row *tally_find(const struct tally *t, const char *name)
{
	return find(t, name);
}

int tally_add(struct tally *t, const char *name, size_t count, double bytes)
{
	struct tally_row *row = find(t, name), *all;

	if (!row) {
		all = reallocarray(t->rows, t->n + 1, sizeof(*all));
		if (!all)
			return -ENOMEM;
		t->rows = all;
		row = &all[t->n];
		*row = (struct tally_row){ .name = strdup(name) };
		if (!row->name)
			return -ENOMEM;
		t->n++;
	}
	row->count += count;
	row->bytes += bytes;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct tally_row *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->name, y->name);
}

void tally_sort(struct tally *t)
{
	if (t->n)
		qsort(t->rows, t->n, sizeof(*t->rows), compare);
}
