// SPDX-License-Identifier: GPL-2.0-or-later
/* fetch_shown.h - downloads that somebody waits for and watches. */
#pragma once

#include "builder/base/json.h"
#include "builder/source/source.h"

/* Get some files, and show how far they are: a fetch_some. */
int fetch_shown(struct fetcher *f, const struct fetch_order *orders, size_t n, char **why);

/* Get the sources of `n` recipes, and print their paths, or add an object for each to `rows`, which
 * may be NULL. 0; < 0 or how many failed, said. */
int fetch_shown_all(struct source_ways *w, const struct recipe *const *recipes, size_t n,
		    json_t *rows);
