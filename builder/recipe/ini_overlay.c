// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/base/ini.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/text.h"

/* A new entry, for what stands in `e`. */
static int append(struct ini *ini, const char *section, const char *key, const struct ini_entry *e)
{
	struct ini_entry new = { strdup(section), strdup(key), strdup(e->value), e->line,
				 e->goes_on };
	struct ini_entry *all = reallocarray(ini->entries, ini->n + 1, sizeof(*all));

	if (all)
		ini->entries = all;
	if (!all || !new.section || !new.key || !new.value) {
		free(new.section);
		free(new.key);
		free(new.value);
		return -ENOMEM;
	}
	all[ini->n++] = new;
	return 0;
}

/* `value` in the place of an entry's, or behind it. */
static int change(struct ini_entry *to, const struct ini_entry *from, bool add)
{
	char *value;

	if (!(value = text_of("%s%s%s", add ? to->value : "", add && *to->value ? " " : "",
			      from->value)))
		return -ENOMEM;
	free(to->value);
	to->value = value;
	to->line = from->line;
	return 0;
}

/* There are variables without the recipe, so that "CFLAGS+" alone makes sense. */
static bool adds_to_ours(const char *section)
{
	return strcmp(section, "env") == 0;
}

/* The entry at `i` goes into `section`. */
static int overlay_one(struct ini *ini, size_t i, const char *section)
{
	size_t n = strlen(ini->entries[i].key);
	bool add = n > 1 && ini->entries[i].key[n - 1] == '+';
	autofree char *key = strndup(ini->entries[i].key, n - add);
	struct ini_entry *base;
	struct ini_entry copy = ini->entries[i];

	if (!key)
		return -ENOMEM;
	base = (struct ini_entry *)ini_find(ini, section, key);
	if (base || !adds_to_ours(section))
		return base ? change(base, &copy, add) : append(ini, section, key, &copy);
	base = (struct ini_entry *)ini_find(ini, section, copy.key);
	return base ? change(base, &copy, add) : append(ini, section, copy.key, &copy);
}

static int overlay(struct ini *ini, const char *section, const char *word)
{
	autofree char *name = NULL;
	size_t n = ini->n;
	int r = 0;

	name = text_of("%s:%s", section, word);
	if (!name)
		return -ENOMEM;
	for (size_t i = 0; i < n && r == 0; i++)
		if (*ini->entries[i].key && strcasecmp(ini->entries[i].section, name) == 0)
			r = overlay_one(ini, i, section);
	return r;
}

/* "options+" without a word has nothing to be added to. */
static int refuse_stray(const struct ini *ini, char **why)
{
	for (size_t i = 0; i < ini->n; i++) {
		const struct ini_entry *e = &ini->entries[i];
		size_t n = strlen(e->key);

		if (n > 1 && e->key[n - 1] == '+' && !strchr(e->section, ':') &&
		    !adds_to_ours(e->section))
			return why_set(why, -EINVAL,
				       "%s:%u: '%s' belongs into a section of a board, [%s:WORD]",
				       ini->path, e->line, e->key, e->section);
	}
	return 0;
}

int ini_overlay(struct ini *ini, const char *const *sections, const struct strv *words, char **why)
{
	int r = refuse_stray(ini, why);

	if (r < 0)
		return r;
	for (; *sections; sections++)
		for (size_t i = 0; words && i < words->n && r == 0; i++)
			r = overlay(ini, *sections, words->v[i]);
	return r < 0 ? why_errno(why, r, "%s", ini->path) : 0;
}
