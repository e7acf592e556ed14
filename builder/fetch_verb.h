// SPDX-License-Identifier: GPL-2.0-or-later
/* fetch_verb.h - fetch sources and show how it goes. */
#pragma once

#include "builder/options.h"
#include "builder/recipe.h"

/* Get the sources of `n` recipes, and print their paths. 0; < 0 or how many failed, said. */
int fetch_and_show(const struct options *o, const struct recipe *const *recipes, size_t n);
