// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/base/ini.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/near.h"

#define WORDS_MAX 64

/* "source:*" stands for "source" and for "source:WORD". */
static bool section_fits(const char *pattern, const char *section)
{
	size_t n = strlen(pattern);

	if (n > 2 && strcmp(pattern + n - 2, ":*") == 0) {
		n -= 2;
		return strncmp(pattern, section, n) == 0 &&
		       (section[n] == '\0' || (section[n] == ':' && section[n + 1]));
	}
	return strcmp(pattern, section) == 0;
}

static int unknown_section(const struct ini *ini, const struct ini_entry *e,
			   const struct ini_allowed *allowed, char **why)
{
	autostrv struct strv words = { 0 };
	const char *near;

	for (; allowed->section; allowed++)
		if (strv_addn(&words, allowed->section, strcspn(allowed->section, ":")) < 0)
			return why_errno(why, -ENOMEM, "%s", ini->path);
	near = near_word(e->section, (const char *const *)words.v);
	if (near)
		return why_set(why, -EINVAL, "%s:%u: unknown section [%s] (did you mean [%s]?)",
			       ini->path, e->line, e->section, near);
	return why_set(why, -EINVAL, "%s:%u: unknown section [%s]", ini->path, e->line, e->section);
}

static int unknown_key(const struct ini *ini, const struct ini_entry *e,
		       const struct ini_allowed *allowed, char **why)
{
	const char *words[WORDS_MAX] = { NULL };
	const char *near;
	size_t n = 0;

	for (; allowed->section && n < WORDS_MAX - 1; allowed++)
		if (section_fits(allowed->section, e->section))
			words[n++] = allowed->key;
	near = near_word(e->key, words);
	if (near)
		return why_set(why, -EINVAL, "%s:%u: unknown key '%s' in [%s] (did you mean '%s'?)",
			       ini->path, e->line, e->key, e->section, near);
	return why_set(why, -EINVAL, "%s:%u: unknown key '%s' in [%s]", ini->path, e->line, e->key,
		       e->section);
}

int ini_check(const struct ini *ini, const struct ini_allowed *allowed, char **why)
{
	for (size_t i = 0; i < ini->n; i++) {
		const struct ini_entry *e = &ini->entries[i];
		bool section = false, key = false;

		for (const struct ini_allowed *a = allowed; a->section; a++) {
			if (!section_fits(a->section, e->section))
				continue;
			section = true;
			if (!*e->key || strcmp(a->key, "*") == 0 || strcmp(a->key, e->key) == 0)
				key = true;
		}
		if (!section)
			return unknown_section(ini, e, allowed, why);
		if (!key)
			return unknown_key(ini, e, allowed, why);
	}
	return 0;
}
