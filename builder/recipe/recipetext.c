// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/recipe/recipetext.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/text.h"

#define TEXT_MAX    (1 << 20)
#define VERSION_MAX 65

void recipetext_release(struct recipetext *t)
{
	ini_release(&t->ini);
	strv_release(&t->lines);
	free(t->old);
	free(t->changed);
	*t = (struct recipetext){ 0 };
}

int recipetext_load(struct recipetext *t, const char *path, char **why)
{
	int r = ini_load(&t->ini, path, why);

	if (r < 0)
		return r;
	r = io_read_file(AT_FDCWD, path, TEXT_MAX, &t->old, NULL);
	for (const char *p = t->old; r == 0; p += strcspn(p, "\n") + 1) {
		r = strv_addn(&t->lines, p, strcspn(p, "\n"));
		if (!p[strcspn(p, "\n")])
			break;
	}
	t->changed = r == 0 ? calloc(t->lines.n, sizeof(*t->changed)) : NULL;
	if (r == 0 && !t->changed)
		r = -ENOMEM;
	return r < 0 ? why_errno(why, r, "cannot read '%s'", path) : 0;
}

char *recipetext_join(const struct recipetext *t)
{
	autostrv struct strv left = { 0 };

	for (size_t i = 0; i < t->lines.n; i++)
		if (t->lines.v[i] && strv_add(&left, t->lines.v[i]) < 0)
			return NULL;
	return strv_join(&left, "\n");
}

/* ---- versions ---- */

static bool is_digit(char c)
{
	return isdigit((unsigned char)c);
}

/* Whether the version at text[at] is a whole one: "1.2" is not in "1.2.3", "11.2" or "1.2a". A
 * letter may stand before one with a dot ("lua5.4"), before another only a "v". */
static bool is_whole(const char *text, size_t at, const char *version)
{
	const char *end = text + at + strlen(version);
	char before = at ? text[at - 1] : '\0';
	char beyond = at > 1 ? text[at - 2] : '\0';
	size_t parts = strcspn(version, "._-");

	if (isalnum((unsigned char)*end))
		return false;
	if (is_digit(end[0] ? end[1] : '\0') && (*end == '.' || *end == version[parts]))
		return false;
	if (is_digit(before) || (before == '.' && is_digit(beyond)))
		return false;
	if (isalpha((unsigned char)before) && !version[parts])
		return (before == 'v' || before == 'V') && !isalnum((unsigned char)beyond);
	return true;
}

/* `text` with `to` for each whole `from` (in front of a "/" when it is to be a folder), behind the
 * first `skip` bytes. The caller frees. */
static char *replace(const char *text, size_t skip, const char *from, const char *to, bool folder)
{
	autostrv struct strv parts = { 0 };
	size_t n = strlen(from);
	const char *rest = text;

	for (const char *p = text + skip; (p = strstr(p, from)); p++) {
		if (!is_whole(text, p - text, from) || (folder && p[n] != '/'))
			continue;
		if (strv_addn(&parts, rest, p - rest) < 0 || strv_add(&parts, to) < 0)
			return NULL;
		rest = p + n;
		p = rest - 1;
	}
	return strv_add(&parts, rest) < 0 ? NULL : strv_join(&parts, "");
}

/* With another character for the dots. */
static void with(char to[VERSION_MAX], const char *version, char dot)
{
	snprintf(to, VERSION_MAX, "%s", version);
	for (char *p = to; *p; p++)
		if (*p == '.')
			*p = dot;
}

/* "1.2" of "1.2.3"; "" when there are less than three parts. */
static void folder_of(char to[VERSION_MAX], const char *version)
{
	const char *first = strchr(version, '.');
	const char *second = first ? strchr(first + 1, '.') : NULL;

	snprintf(to, VERSION_MAX, "%.*s", second ? (int)(second - version) : 0, version);
}

static size_t behind_host(const char *text)
{
	const char *host = strstr(text, "://");

	return host ? (size_t)(host + 3 + strcspn(host + 3, "/") - text) : 0;
}

char *recipetext_bump(const char *text, const char *from, const char *to)
{
	size_t skip = behind_host(text);
	char *now = replace(text, skip, from, to, false);
	char old[VERSION_MAX], new[VERSION_MAX];

	for (const char *dot = "_-"; now && *dot && strchr(from, '.'); dot++) {
		autofree char *before = now;

		with(old, from, *dot);
		with(new, to, *dot);
		now = replace(before, skip, old, new, false);
	}
	folder_of(old, from);
	folder_of(new, to);
	if (now && *old && *new) {
		autofree char *before = now;

		now = replace(before, skip, old, new, true);
	}
	return now;
}

bool recipetext_names(const char *text, const char *version)
{
	for (const char *p = text; (p = strstr(p, version)); p++)
		if (is_whole(text, p - text, version))
			return true;
	return false;
}

/* ---- changing ---- */

/* Give line `i` the text `text` behind its first `keep` bytes. */
static int set_line(struct recipetext *t, size_t i, size_t keep, const char *text)
{
	char *line;

	if (!(line = text_of("%.*s%s", (int)keep, t->lines.v[i], text)))
		return -ENOMEM;
	free(t->lines.v[i]);
	t->lines.v[i] = line;
	t->changed[i] = true;
	return 0;
}

/* Where the value of an entry is in line `i`: behind the "=" in its first one. */
static size_t value_at(const struct recipetext *t, const struct ini_entry *e, size_t i)
{
	return i == e->line - 1 ? strcspn(t->lines.v[i], "=") + 1 : 0;
}

/* Whether the value goes on in the next line. */
static bool goes_on(const struct recipetext *t, size_t i)
{
	const char *line = t->lines.v[i];
	size_t n = strlen(line);

	while (n && isspace((unsigned char)line[n - 1]))
		n--;
	return n && line[n - 1] == '\\' && i + 1 < t->lines.n;
}

int recipetext_put(struct recipetext *t, const struct ini_entry *e, const char *from,
		   const char *to)
{
	for (size_t i = e->line - 1;; i++) {
		size_t at = value_at(t, e, i);
		const char *line = t->lines.v[i];
		const char *p = strstr(line + at, from);

		if (p) {
			autofree char *text = NULL;

			text = text_of("%s%s", to, p + strlen(from));
			if (!text)
				return -ENOMEM;
			return set_line(t, i, p - line, text);
		}
		if (!goes_on(t, i))
			return 0;
	}
}

int recipetext_add(struct recipetext *t, const struct ini_entry *e, const char *key,
		   const char *value)
{
	autofree char *text = NULL;
	size_t i = e->line - 1, end;

	while (goes_on(t, i))
		i++;
	end = strcspn(t->lines.v[i], "\r\n");
	text = text_of("\n%s = %s%s", key, value, t->lines.v[i] + end);
	if (!text)
		return -ENOMEM;
	return set_line(t, i, end, text);
}

int recipetext_bump_value(struct recipetext *t, const struct ini_entry *e, const char *from,
			  const char *to)
{
	for (size_t i = e->line - 1;; i++) {
		size_t at = value_at(t, e, i);
		autofree char *text = recipetext_bump(t->lines.v[i] + at, from, to);
		bool more = goes_on(t, i);

		if (!text)
			return -ENOMEM;
		if (strcmp(text, t->lines.v[i] + at) != 0 && set_line(t, i, at, text) < 0)
			return -ENOMEM;
		if (!more)
			return 0;
	}
}

static bool begins_with(const struct recipetext *t, size_t i, const char *any)
{
	const char *line = t->lines.v[i];

	line += line ? strspn(line, " \t\r") : 0;
	return line && (*line ? strchr(any, *line) != NULL : strchr(any, '\n') != NULL);
}

void recipetext_drop(struct recipetext *t, const struct ini_entry *head)
{
	size_t start = head->line - 1, end = start + 1;

	while (start > 0 && begins_with(t, start - 1, "#;"))
		start--;
	while (end < t->lines.n && !begins_with(t, end, "["))
		end++;
	if (end < t->lines.n) { /* its comment is the next one's */
		while (end > head->line && begins_with(t, end - 1, "#;"))
			end--;
	} else { /* what is behind the last line break stays */
		end -= !*t->lines.v[end - 1];
		while (start > 0 && begins_with(t, start - 1, "\n"))
			start--;
	}
	for (size_t i = start; i < end; i++) {
		free(t->lines.v[i]);
		t->lines.v[i] = NULL;
		t->changed[i] = true;
	}
}
