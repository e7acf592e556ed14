// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/base/ini.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <iniparser/iniparser.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/text.h"

#define INI_FILE_MAX (1 << 20)

struct scan {
	struct ini *ini;
	char *section; /* owned; NULL before the first header */
	unsigned line;
	char **why;
};

void ini_release(struct ini *ini)
{
	for (size_t i = 0; i < ini->n; i++) {
		free(ini->entries[i].section);
		free(ini->entries[i].key);
		free(ini->entries[i].value);
	}
	free(ini->entries);
	free(ini->path);
	*ini = (struct ini){ 0 };
}

const struct ini_entry *ini_find(const struct ini *ini, const char *section, const char *key)
{
	for (size_t i = 0; i < ini->n; i++)
		if (strcmp(ini->entries[i].section, section) == 0 &&
		    strcasecmp(ini->entries[i].key, key) == 0)
			return &ini->entries[i];
	return NULL;
}

bool ini_bytes(const char *value, uint64_t *ret)
{
	size_t digits = strspn(value, "0123456789");

	if (!digits || digits > 15 || value[digits] || *value == '0')
		return false;
	*ret = strtoull(value, NULL, 10);
	return true;
}

const char *ini_get(const struct ini *ini, const char *section, const char *key,
		    const char *missing)
{
	const struct ini_entry *e = ini_find(ini, section, key);

	return e ? e->value : missing;
}

#define refuse(s, fmt, ...) \
	why_set((s)->why, -EINVAL, "%s:%u: " fmt, (s)->ini->path, (s)->line, ##__VA_ARGS__)

static char *strip(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return s;
}

static void lower(char *s)
{
	for (; *s; s++)
		*s = tolower((unsigned char)*s);
}

/* A header makes a section even before it has a key: an entry with an empty key marks it. */
static int add_entry(struct scan *s, const char *key, const char *value, bool goes_on)
{
	struct ini *ini = s->ini;
	struct ini_entry *all = reallocarray(ini->entries, ini->n + 1, sizeof(*all));
	struct ini_entry *e;

	if (!all)
		return -ENOMEM;
	ini->entries = all;
	e = &all[ini->n++];
	*e = (struct ini_entry){ strdup(s->section), strdup(key), strdup(value), s->line, goes_on };
	return e->section && e->key && e->value ? 0 : -ENOMEM;
}

static int scan_header(struct scan *s, char *text)
{
	char *end = strchr(text, ']');
	const struct ini_entry *before;

	if (!end || end[1])
		return refuse(s, "a section is written [NAME] on a line of its own");
	*end = '\0';
	text = strip(text + 1);
	lower(text);
	if (!*text)
		return refuse(s, "a section needs a name");
	before = ini_find(s->ini, text, "");
	if (before)
		return refuse(s, "section [%s] comes twice (first in line %u)", text, before->line);
	free(s->section);
	s->section = strdup(text);
	return s->section ? add_entry(s, "", "", false) : -ENOMEM;
}

static int scan_unquoted(struct scan *s, const char *key, const char *value)
{
	size_t n = strcspn(value, ";#");

	if (!value[n])
		return 0;
	if (*value == '"' || *value == '\'')
		return refuse(s,
			      "'%c' in the value of '%s', which begins with a quote and goes on "
			      "behind its twin (use a script instead)",
			      value[n], key);
	return refuse(s,
		      "the value of '%s' would be cut at '%c': put it in double quotes, or a "
		      "comment on a line of its own",
		      key, value[n]);
}

/* `value` is stripped; a pair of quotes around the whole of it is taken off in place. */
static int scan_value(struct scan *s, const char *key, char **value, bool *goes_on)
{
	char *v = *value, *end;

	*goes_on = false;
	if (*v != '"' && *v != '\'')
		return scan_unquoted(s, key, v);
	end = strchr(v + 1, *v);
	if (!end)
		return refuse(s, "the value of '%s' starts with a quote that has no twin", key);
	if (end[1]) {
		*goes_on = true;
		return scan_unquoted(s, key, v);
	}
	if (strchr(v, '\\'))
		return refuse(s, "a backslash in the quoted value of '%s' (use a script instead)",
			      key);
	*end = '\0';
	*value = v + 1;
	return 0;
}

static int scan_pair(struct scan *s, char *text)
{
	char *eq = strchr(text, '=');
	const struct ini_entry *before;
	char *key, *value;
	bool goes_on;
	int r;

	if (!eq)
		return refuse(s, "neither [SECTION] nor KEY = VALUE: '%.40s'", text);
	*eq = '\0';
	key = strip(text);
	value = strip(eq + 1);
	if (!*key)
		return refuse(s, "a value without a key");
	if (strpbrk(key, ":\"'[];#"))
		return refuse(s, "'%s' is no name for a key", key);
	if (!s->section)
		return refuse(s, "key '%s' stands before the first section", key);
	before = ini_find(s->ini, s->section, key);
	if (before && strcmp(before->key, key) == 0)
		return refuse(s, "key '%s' comes twice (first in line %u)", key, before->line);
	if (before)
		return refuse(s, "key '%s' differs only in case from '%s' in line %u", key,
			      before->key, before->line);
	r = scan_value(s, key, &value, &goes_on);
	return r < 0 ? r : add_entry(s, key, value, goes_on);
}

static int scan_line(struct scan *s, char *text)
{
	for (const char *p = text; *p; p++)
		if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
			return refuse(s, "byte 0x%02x, which is no text", (unsigned char)*p);
	text = strip(text);
	if (!*text || *text == '#' || *text == ';')
		return 0;
	return *text == '[' ? scan_header(s, text) : scan_pair(s, text);
}

/* Cut the next line off `*rest`, put the lines together that a backslash joins. */
static int next_line(struct scan *s, char **rest, char line[INI_LINE_MAX + 1], unsigned *lines)
{
	size_t have = 0;

	for (*lines = 0; *rest;) {
		char *text = strsep(rest, "\n");
		size_t len = strlen(text);

		++*lines;
		while (len && isspace((unsigned char)text[len - 1]))
			len--;
		if (have + len > INI_LINE_MAX)
			return refuse(s, "a line of more than %d bytes (put it into a script)",
				      INI_LINE_MAX);
		memcpy(line + have, text, len);
		have += len;
		line[have] = '\0';
		if (!have || line[have - 1] != '\\')
			return 0;
		if (line[strspn(line, " \t")] == '#' || line[strspn(line, " \t")] == ';')
			return refuse(s,
				      "a comment that ends in a backslash swallows the next line");
		line[--have] = '\0';
	}
	return have ? refuse(s, "the last line ends in a backslash") : 0;
}

static int scan_text(struct scan *s, char *text, size_t len)
{
	const char *nul = memchr(text, '\0', len);
	char line[INI_LINE_MAX + 1] = "";
	unsigned lines = 0;

	for (s->line = 1; text; s->line += lines) {
		int r = next_line(s, &text, line, &lines);

		if (r == 0)
			r = scan_line(s, line);
		if (r < 0)
			return r;
	}
	s->line--;
	return nul ? refuse(s, "byte 0x00, which is no text") : 0;
}

static int quiet(const char *fmt, ...)
{
	(void)fmt;
	return 0;
}

/* What iniparser makes of the same file has to be what we made of it. */
static int compare(struct scan *s)
{
	dictionary *dict;
	int r = 0;

	iniparser_set_error_callback(quiet);
	dict = iniparser_load(s->ini->path);
	if (!dict)
		return why_set(s->why, -EINVAL, "%s: iniparser cannot read it", s->ini->path);
	for (size_t i = 0; i < s->ini->n && r == 0; i++) {
		const struct ini_entry *e = &s->ini->entries[i];
		autofree char *name = NULL;
		const char *value;

		if (!*e->key || e->goes_on)
			continue;
		name = text_of("%s:%s", e->section, e->key);
		if (!name) {
			r = -ENOMEM;
			break;
		}
		lower(name);
		if (ini_find(s->ini, name, "")) /* to iniparser that section is this key */
			continue;
		value = iniparser_getstring(dict, name, NULL);
		s->line = e->line;
		if (!value || strcmp(value, e->value) != 0)
			r = refuse(s, "iniparser reads the value of '%s' as '%s', and it says '%s'",
				   e->key, value ? value : "", e->value);
	}
	iniparser_freedict(dict);
	return r;
}

int ini_load(struct ini *ini, const char *path, char **why)
{
	autofree char *text = NULL;
	struct scan s = { .ini = ini, .why = why };
	size_t len = 0;
	int r;

	*ini = (struct ini){ .path = strdup(path) };
	if (!ini->path)
		return why_errno(why, -ENOMEM, "%s", path);
	r = io_read_file(AT_FDCWD, path, INI_FILE_MAX, &text, &len);
	if (r < 0)
		return why_errno(why, r, "cannot read '%s'", path);
	r = scan_text(&s, text, len);
	if (r == 0)
		r = compare(&s);
	free(s.section);
	if (r == -ENOMEM)
		return why_errno(why, r, "%s", path);
	return r;
}

int ini_switch(const struct ini *ini, const char *section, const char *key, bool *ret, char **why)
{
	const struct ini_entry *e = ini_find(ini, section, key);

	if (e && strcmp(e->value, "yes") != 0 && strcmp(e->value, "no") != 0)
		return ini_refuse(why, ini, e->line, "'%s' is yes or no", key);
	if (e)
		*ret = e->value[0] == 'y';
	return 0;
}
