// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/recipe/recipe_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/base/ini.h"
#include "builder/base/places.h"
#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/name.h"
#include "fs/base/text.h"

#define HEX_DIGITS "0123456789abcdef"

void recipe_source_release(struct recipe_source *s)
{
	free(s->word);
	free(s->url);
	free(s->debian);
	free(s->git);
	free(s->commit);
	free(s->file);
	free(s->sig);
	free(s->key);
	*s = (struct recipe_source){ 0 };
}

bool recipe_source_same(const struct recipe_source *a, const struct recipe_source *b)
{
	if (!a->git || !b->git)
		return !a->git && !b->git && strcmp(a->sha256, b->sha256) == 0;
	return strcmp(a->commit, b->commit) == 0 && a->without_submodules == b->without_submodules;
}

static bool starts_with_any(const char *s, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (strncmp(s, *prefixes, strlen(*prefixes)) == 0 && s[strlen(*prefixes)])
			return true;
	return false;
}

bool recipe_source_is_url(const char *s)
{
	static const char *const schemes[] = { "https://", "http://", "file:///", NULL };

	return starts_with_any(s, schemes);
}

/* No "ext::", no "host:path", nothing that looks like an option of ssh. */
bool recipe_source_is_git(const char *s)
{
	static const char *const schemes[] = { "https://", "http://", "file:///",
					       "ssh://",   "git://",  NULL };
	const char *host = strstr(s, "://");

	return starts_with_any(s, schemes) && host[3] != '-' && !strstr(s, "@-") &&
	       !strpbrk(s, " \t");
}

bool recipe_source_is_commit(const char *s)
{
	size_t n = strlen(s);

	return (n == 40 || n == 64) && s[strspn(s, HEX_DIGITS)] == '\0';
}

static bool is_sha256(const char *s)
{
	return strlen(s) == DIGEST_HEX - 1 && s[strspn(s, HEX_DIGITS)] == '\0';
}

static bool is_file_name(const char *s)
{
	return *s && *s != '.' && *s != '-' && !strchr(s, '/');
}

char *recipe_source_url_file(const char *url)
{
	size_t end = strcspn(url, "?#"), start = end;

	while (start && url[start - 1] != '/')
		start--;
	return strndup(url + start, end - start);
}

/* A copy of the value, NULL when the key is not there. -ENOMEM or 0. */
static int take(const struct ini *ini, const char *section, const char *key, char **ret)
{
	const char *value = ini_get(ini, section, key, NULL);

	*ret = value ? strdup(value) : NULL;
	return value && !*ret ? -ENOMEM : 0;
}

static int take_url(struct recipe_source *s, const struct ini *ini, const char *section, char **why)
{
	const struct ini_entry *file = ini_find(ini, section, "file");

	if (!recipe_source_is_url(s->url))
		return ini_refuse(why, ini, s->line, "'%s' is no https, http or file URL", s->url);
	s->file = file ? strdup(file->value) : recipe_source_url_file(s->url);
	if (!s->file)
		return -ENOMEM;
	if (!is_file_name(s->file))
		return ini_refuse(why, ini, file ? file->line : s->line,
				  "'%s' is no name for a file (set 'file')", s->file);
	return 0;
}

static int check_debian(const struct recipe_source *s, const struct ini *ini, char **why)
{
	autostrv struct strv words = { 0 };
	int r = strv_split(&words, s->debian, " \t");

	if (r < 0)
		return r;
	if (words.n != 2 || !name_is_package(words.v[0]) ||
	    words.v[1][strspn(words.v[1], "0123456789abcdefghijklmnopqrstuvwxyz"
					  "ABCDEFGHIJKLMNOPQRSTUVWXYZ.+-:~")])
		return ini_refuse(why, ini, s->line,
				  "'debian' wants PACKAGE VERSION, as in "
				  "'libffi 3.4.4-1'");
	return 0;
}

static int take_size(struct recipe_source *s, const struct ini *ini, const char *section,
		     char **why)
{
	const struct ini_entry *size = ini_find(ini, section, "size");

	if (size && !ini_bytes(size->value, &s->size))
		return ini_refuse(why, ini, size->line,
				  "'size' wants a number of bytes, as in '1048576'");
	return 0;
}

static int take_git(struct recipe_source *s, const struct ini *ini, const char *section,
		    const char *name, char **why)
{
	const struct ini_entry *commit = ini_find(ini, section, "commit");
	const struct ini_entry *modules = ini_find(ini, section, "submodules");
	const struct ini_entry *git = ini_find(ini, section, "git");
	static const char *const others[] = { "sha256", "file", "sig", "key", NULL };

	for (const char *const *key = others; *key; key++)
		if (ini_find(ini, section, *key))
			return ini_refuse(why, ini, ini_find(ini, section, *key)->line,
					  "'%s' says nothing of a commit (it is for an archive)",
					  *key);
	if (!recipe_source_is_git(s->git))
		return ini_refuse(why, ini, git->line,
				  "'%s' is no https, http, ssh, git or file URL for git", s->git);
	if (!commit)
		return ini_refuse(why, ini, git->line, "'git' wants a 'commit' beside it");
	s->line = commit->line;
	if (!recipe_source_is_commit(commit->value))
		return ini_refuse(
			why, ini, commit->line,
			"a commit is 40 (or 64) hex digits in lower case: a branch or a tag "
			"may be another tomorrow");
	if (modules && strcmp(modules->value, "no") != 0)
		return ini_refuse(why, ini, modules->line,
				  "'submodules' can only be 'no': their folders stay empty");
	s->without_submodules = modules;
	s->commit = strdup(commit->value);
	s->file = text_of("%s-%s.tar", name, commit->value);
	return s->commit && s->file ? take_size(s, ini, section, why) : -ENOMEM;
}

static int take_signature(struct recipe_source *s, const struct ini *ini, const char *section,
			  const char *dir, char **why)
{
	const struct ini_entry *sig = ini_find(ini, section, "sig");
	const struct ini_entry *key = ini_find(ini, section, "key");

	if (!sig && !key)
		return 0;
	if (!sig || !key)
		return ini_refuse(why, ini, (sig ?: key)->line, "'%s' wants a '%s' beside it",
				  (sig ?: key)->key, sig ? "key" : "sig");
	if (!recipe_source_is_url(sig->value))
		return ini_refuse(why, ini, sig->line, "'%s' is no https, http or file URL",
				  sig->value);
	if (!is_file_name(key->value))
		return ini_refuse(why, ini, key->line,
				  "'%s' is no name for a file beside the recipe", key->value);
	s->sig_line = sig->line;
	s->sig = strdup(sig->value);
	s->key = places_join(dir, key->value);
	if (!s->sig || !s->key)
		return -ENOMEM;
	if (access(s->key, R_OK) < 0)
		return ini_refuse(why, ini, key->line, "cannot read the key '%s': %s", s->key,
				  strerror(errno));
	return 0;
}

/* It is said, so that a source that was forgotten is one. */
static int take_none(struct recipe_source *s, const struct ini *ini, const struct ini_entry *none,
		     char **why)
{
	if (strcmp(none->value, "yes") != 0)
		return ini_refuse(why, ini, none->line, "'none' can only be 'yes'");
	for (size_t i = 0; i < ini->n; i++) {
		const struct ini_entry *e = &ini->entries[i];

		if (*e->key && e != none && strncmp(e->section, "source", 6) == 0)
			return ini_refuse(why, ini, e->line,
					  "'%s' is of a source, and there is none (line %u)",
					  e->key, none->line);
	}
	s->none = true;
	s->line = none->line;
	return 0;
}

int recipe_source_take(struct recipe_source *s, const struct ini *ini, const struct ini_entry *head,
		       const char *name, const char *dir, char **why)
{
	const char *section = head->section;
	const struct ini_entry *hash = ini_find(ini, section, "sha256");
	const struct ini_entry *none = ini_find(ini, section, "none");
	int r;

	*s = (struct recipe_source){ .line = head->line };
	s->word = strdup(section[6] ? section + 7 : "");
	if (s->word && none)
		return take_none(s, ini, none, why);
	r = s->word ? take(ini, section, "url", &s->url) : -ENOMEM;
	if (r == 0)
		r = take(ini, section, "debian", &s->debian);
	if (r == 0)
		r = take(ini, section, "git", &s->git);
	if (r < 0)
		return r;
	if (!!s->url + !!s->debian + !!s->git != 1)
		return ini_refuse(why, ini, head->line,
				  "[%s] wants either 'url', 'debian' or 'git'", section);
	if (s->git)
		return take_git(s, ini, section, name, why);
	for (const char *const *key = (const char *const[]){ "commit", "submodules", NULL }; *key;
	     key++)
		if (ini_find(ini, section, *key))
			return ini_refuse(why, ini, ini_find(ini, section, *key)->line,
					  "'%s' goes with 'git' only", *key);
	if (!hash)
		return ini_refuse(why, ini, head->line, "[%s] has no sha256", section);
	s->line = hash->line;
	if (!is_sha256(hash->value))
		return ini_refuse(why, ini, hash->line, "a sha256 is 64 hex digits in lower case");
	memcpy(s->sha256, hash->value, DIGEST_HEX);
	r = take_size(s, ini, section, why);
	if (r < 0)
		return r;
	r = s->url ? take_url(s, ini, section, why) : check_debian(s, ini, why);
	return r < 0 ? r : take_signature(s, ini, section, dir, why);
}
