// SPDX-License-Identifier: GPL-2.0-or-later
/* recipe_env.h - the sections [env] and [cache] of a recipe: variables that it sets. */
#pragma once

struct ini;
struct strv;

/* Take what the section says, "NAME=value" each, sorted. Values of [env] may name other variables
 * (recipe_variables). 0, or -errno with `*why` (file and line), NULL for -ENOMEM. */
int recipe_take_settings(const struct ini *ini, const char *section, struct strv *ret, char **why);
