// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/lint.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "builder/ini.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"

unsigned lint_line(const struct recipe *recipe, const char *section, const char *key)
{
	autoini struct ini ini = { 0 };
	const struct ini_entry *e = NULL;
	char *why = NULL;

	if (ini_load(&ini, recipe->path, &why) == 0)
		e = ini_find(&ini, section, key);
	free(why);
	return e ? e->line : 1;
}

static int find_license(struct lint *l, const struct recipe *recipe)
{
	if (recipe->license && *recipe->license)
		return 0;
	return strv_addf(&l->findings,
			 "%s:1: [package] has no license (its SPDX identifier, 'MIT' say)",
			 recipe->path);
}

/* The hash decides what is taken, but who asks, and for what, is read by all on the way. */
static int find_http(struct lint *l, const struct recipe *recipe, const struct ini_entry *e)
{
	if (strcmp(e->key, "url") != 0 && strcmp(e->key, "homepage") != 0 &&
	    strcmp(e->key, "git") != 0 && strcmp(e->key, "sig") != 0)
		return 0;
	if (strncmp(e->value, "http://", 7) != 0)
		return 0;
	return strv_addf(&l->findings, "%s:%u: '%s' is not encrypted (has it https?)", recipe->path,
			 e->line, e->value);
}

/* A section for a board that there is none of is a typing mistake, or was forgotten. */
static int find_word(struct lint *l, const struct recipe *recipe, const struct ini_entry *e)
{
	const char *word = strchr(e->section, ':');

	if (*e->key || !word || strncmp(e->section, "source:", 7) == 0)
		return 0;
	strv_foreach (known, l->board_words)
		if (strcasecmp(*known, word + 1) == 0)
			return 0;
	return strv_addf(&l->findings, "%s:%u: [%s] is for no board: none has the word '%s'",
			 recipe->path, e->line, e->section, word + 1);
}

/* Files in its folder of patches that nobody applies. */
static int find_patches(struct lint *l, const struct recipe *recipe)
{
	autofree char *dir = places_join(l->places->patches, recipe->name);
	autodir DIR *d = dir ? opendir(dir) : NULL;
	autostrv struct strv names = { 0 };
	struct dirent *e;
	int r = dir ? 0 : -ENOMEM;

	while (d && r == 0 && (e = readdir(d))) {
		size_t n = strlen(e->d_name);

		if (*e->d_name != '.' && (n < 7 || strcmp(e->d_name + n - 6, ".patch") != 0))
			r = strv_add(&names, e->d_name);
	}
	strv_sort(&names);
	strv_foreach (name, &names)
		if (r == 0)
			r = strv_addf(&l->findings,
				      "%s/%s:1: is not applied: its name does not end in .patch",
				      dir, *name);
	return r;
}

int lint_recipe(struct lint *l, const struct recipe *recipe, char **why)
{
	autoini struct ini ini = { 0 };
	int r = ini_load(&ini, recipe->path, why);

	if (r < 0)
		return r;
	r = find_license(l, recipe);
	for (size_t i = 0; i < ini.n && r == 0; i++) {
		r = find_http(l, recipe, &ini.entries[i]);
		if (r == 0)
			r = find_word(l, recipe, &ini.entries[i]);
	}
	if (r == 0)
		r = find_patches(l, recipe);
	return r < 0 ? why_errno(why, r, "%s", recipe->path) : 0;
}
