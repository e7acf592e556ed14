// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/recipe/recipe_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/near.h"
#include "fs/base/text.h"

#define SECTION "options"
#define OFF	"no-" /* in front of an option's name: the word of one that is off */

static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

static bool is_option(const char *name, size_t n)
{
	return n && strspn(name, plain) >= n && strncmp(name, OFF, strlen(OFF)) != 0;
}

bool recipe_option_is_choice(const char *word)
{
	const char *equals = strchr(word, '='), *dot;

	dot = equals ? memrchr(word, '.', equals - word) : NULL;
	return dot && dot > word && is_option(dot + 1, equals - dot - 1) &&
	       (strcmp(equals, "=yes") == 0 || strcmp(equals, "=no") == 0);
}

/* Of "PACKAGE.OPTION=VALUE" for this package: where OPTION begins; NULL: it is for another. */
static const char *choice_of(const char *name, const char *word)
{
	size_t n = strlen(name);

	if (!recipe_option_is_choice(word) || strncmp(word, name, n) != 0 || word[n] != '.' ||
	    strchr(word + n + 1, '.'))
		return NULL;
	return word + n + 1;
}

static int refuse_unknown(const struct ini *ini, const char *choice, const struct strv *names,
			  char **why)
{
	autofree char *option = strndup(choice, strcspn(choice, "="));
	autofree char *near =
		option && names->n ? near_said(option, (const char *const *)names->v) : NULL;

	if (!option)
		return -ENOMEM;
	return why_set(why, -EINVAL, "%s: there is no option '%s'%s", ini->path, option,
		       near ? near : "");
}

/* What was said last of each; what is not there is an error. */
static int choose(const struct ini *ini, const char *name, const struct strv *words,
		  const struct strv *names, bool *on, char **why)
{
	for (size_t i = 0; words && i < words->n; i++) {
		const char *choice = choice_of(name, words->v[i]);
		size_t k = 0, n = choice ? strcspn(choice, "=") : 0;

		if (!choice)
			continue;
		while (k < names->n &&
		       (strlen(names->v[k]) != n || memcmp(names->v[k], choice, n) != 0))
			k++;
		if (k == names->n)
			return refuse_unknown(ini, choice, names, why);
		on[k] = strcmp(choice + n, "=yes") == 0;
	}
	return 0;
}

static int read_options(const struct ini *ini, struct strv *names, bool **on, char **why)
{
	int r;

	*on = calloc(ini->n + 1, sizeof(**on));
	if (!*on)
		return -ENOMEM;
	for (size_t i = 0; i < ini->n; i++) {
		const struct ini_entry *e = &ini->entries[i];

		if (!*e->key || strcmp(e->section, SECTION) != 0)
			continue;
		if (!is_option(e->key, strlen(e->key)))
			return ini_refuse(
				why, ini, e->line,
				"'%s' is no name for an option: small letters, digits and "
				"'-', and no '" OFF "' in front",
				e->key);
		r = ini_switch(ini, SECTION, e->key, &(*on)[names->n], why);
		if (r == 0)
			r = strv_add(names, e->key);
		if (r < 0)
			return r;
	}
	return 0;
}

int recipe_take_options(const struct ini *ini, const char *name, const struct strv *words,
			struct strv *ret, struct strv *chosen, char **why)
{
	autostrv struct strv names = { 0 };
	autofree bool *on = NULL;
	int r = read_options(ini, &names, &on, why);

	if (r == 0)
		r = choose(ini, name, words, &names, on, why);
	if (r == 0 && words)
		strv_add_all(ret, words);
	for (size_t i = 0; i < names.n && r == 0; i++) {
		strv_addf(ret, "%s%s", on[i] ? "" : OFF, names.v[i]);
		strv_addf(chosen, "%s=%s", names.v[i], on[i] ? "yes" : "no");
	}
	if (r == 0 && (strv_error(ret) < 0 || strv_error(chosen) < 0))
		r = -ENOMEM;
	return r == -ENOMEM ? why_errno(why, r, "%s", ini->path) : r;
}
