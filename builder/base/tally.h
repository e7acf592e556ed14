// SPDX-License-Identifier: GPL-2.0-or-later
/* tally.h - how many there are of each kind, and how many bytes. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct tally_row {
	char *name;
	size_t count;
	double bytes;
};

struct tally {
	struct tally_row *rows;
	size_t n;
};

#define autotally cleanup(tally_release)
void tally_release(struct tally *t);

/* So many more of `name`, which is copied. 0 or -ENOMEM. */
int tally_add(struct tally *t, const char *name, size_t count, double bytes);

/* NULL: none of that name. */
const struct tally_row *tally_find(const struct tally *t, const char *name);

/* The most bytes first, then the most, then by name. */
void tally_sort(struct tally *t);
