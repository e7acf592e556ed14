// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/lint/lint.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "builder/base/ini.h"
#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/text.h"

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

void lint_release(struct lint *l)
{
	for (size_t i = 0; i < l->n_findings; i++) {
		free(l->findings[i].file);
		free(l->findings[i].text);
	}
	free(l->findings);
	l->findings = NULL;
	l->n_findings = 0;
}

int lint_find(struct lint *l, const char *file, unsigned line, const char *fmt, ...)
{
	struct lint_finding *all = reallocarray(l->findings, l->n_findings + 1, sizeof(*all));
	struct lint_finding *f;
	va_list ap;

	if (!all)
		return -ENOMEM;
	l->findings = all;
	f = &all[l->n_findings++];
	va_start(ap, fmt);
	*f = (struct lint_finding){ .file = strdup(file), .line = line };
	f->text = text_of_list(fmt, ap);
	va_end(ap);
	return f->file && f->text ? 0 : -ENOMEM;
}

static int find_license(struct lint *l, const struct recipe *recipe)
{
	if (recipe->license && *recipe->license)
		return 0;
	return lint_find(l, recipe->path, 1,
			 "[package] has no license (its SPDX identifier, 'MIT' say)");
}

/* The hash decides what is taken, but who asks, and for what, is read by all on the way. */
static int find_http(struct lint *l, const struct recipe *recipe, const struct ini_entry *e)
{
	if (strcmp(e->key, "url") != 0 && strcmp(e->key, "homepage") != 0 &&
	    strcmp(e->key, "git") != 0 && strcmp(e->key, "sig") != 0)
		return 0;
	if (strncmp(e->value, "http://", 7) != 0)
		return 0;
	return lint_find(l, recipe->path, e->line, "'%s' is not encrypted (has it https?)",
			 e->value);
}

/* A word of the recipe's own: OPTION, or no-OPTION. */
static bool is_option(const struct recipe *recipe, const char *word)
{
	if (strncmp(word, "no-", 3) == 0)
		word += 3;
	strv_foreach (chosen, &recipe->chosen)
		if (strlen(word) == strcspn(*chosen, "=") &&
		    strncmp(*chosen, word, strlen(word)) == 0)
			return true;
	return false;
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
	if (is_option(recipe, word + 1))
		return 0;
	return lint_find(l, recipe->path, e->line,
			 "[%s] is for no board: none has the word '%s', and it is no option",
			 e->section, word + 1);
}

/* Files in its folder of patches that nobody applies. */
static int find_patches(struct lint *l, const struct recipe *recipe)
{
	const char *patches = searchpath_find(&l->places->patches, recipe->name, NULL);
	autofree char *dir = patches ? places_join(patches, recipe->name) : NULL;
	autodir DIR *d = dir ? opendir(dir) : NULL;
	autostrv struct strv names = { 0 };
	struct dirent *e;
	int r = dir || !patches ? 0 : -ENOMEM;

	while (d && r == 0 && (e = readdir(d))) {
		size_t n = strlen(e->d_name);

		if (*e->d_name != '.' && (n < 7 || strcmp(e->d_name + n - 6, ".patch") != 0))
			r = strv_add(&names, e->d_name);
	}
	strv_sort(&names);
	strv_foreach (name, &names) {
		autofree char *path = places_join(dir, *name);

		if (r == 0)
			r = path ? lint_find(l, path, 1,
					     "is not applied: its name does not end in .patch")
				 : -ENOMEM;
	}
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
