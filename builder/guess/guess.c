// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/guess/guess.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/base/places.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/name.h"
#include "fs/base/text.h"

#define TEXT_MAX  (1 << 20)
#define NAMES_MAX 5000

void guess_release(struct guess *g)
{
	free(g->name);
	free(g->version);
	free(g->summary);
	free(g->homepage);
	free(g->license);
	strv_release(&g->build);
	strv_release(&g->needs);
	strv_release(&g->maybe);
	strv_release(&g->notes);
	*g = (struct guess){ 0 };
}

/* ---- texts ---- */

char *guess_read(const char *dir, const char *name)
{
	autofree char *path = places_join(dir, name);
	autofree char *text = NULL;
	size_t len = 0;

	if (!path || io_read_file(AT_FDCWD, path, TEXT_MAX, &text, &len) < 0 || strlen(text) != len)
		return NULL;
	return take_ptr(text);
}

char *guess_words(const char *text)
{
	char *words = malloc(strlen(text) + 1), *to = words;

	for (; words && *text; text++) {
		if (isalnum((unsigned char)*text))
			*to++ = tolower((unsigned char)*text);
		else if (to > words && to[-1] != ' ')
			*to++ = ' ';
	}
	if (words)
		*to = '\0';
	return words;
}

char *guess_value(const char *text, size_t len, size_t max)
{
	char *value = malloc(max + 1), *to = value;

	while (len && strchr(" \t\"'", *text)) {
		text++;
		len--;
	}
	for (; value && len && *text && to < value + max; text++, len--) {
		unsigned char c = *text;

		if (c == '"' || c == '\\' || c == '`' || (c < ' ' && !isspace(c)) || c == 0x7f)
			continue;
		if (!isspace(c))
			*to++ = c;
		else if (to > value && to[-1] != ' ')
			*to++ = ' ';
	}
	if (!value)
		return NULL;
	/* not in the middle of a word, nor of a letter of many bytes */
	if (len && *text && !isspace((unsigned char)*text)) {
		char *blank = memrchr(value, ' ', to - value);

		to = blank ? blank : value;
	}
	while (to > value && strchr(" '", to[-1]))
		to--;
	*to = '\0';
	return value;
}

int guess_list(const char *dir, struct strv *names)
{
	autodir DIR *d = opendir(dir);
	struct dirent *e;
	int r = 0;

	while (d && r == 0 && names->n < NAMES_MAX && (e = readdir(d)))
		if (*e->d_name != '.')
			r = strv_add(names, e->d_name);
	strv_sort(names);
	return r;
}

/* ---- the URL ---- */

/* Without what says that it is an archive: the length that is left. */
static size_t without_suffix(const char *file)
{
	static const char *const suffixes[] = { ".tar.gz",  ".tar.xz", ".tar.bz2", ".tar.zst",
						".tar.lz",  ".tar.Z",  ".tgz",	   ".txz",
						".tbz2",    ".tbz",    ".zip",	   ".tar",
						".tar.lzma" };
	static const char *const rest[] = { ".orig", "-src", ".src", "-source", "_src" };
	size_t n = strlen(file);

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		size_t len = strlen(suffixes[i]);

		if (n > len && strcasecmp(file + n - len, suffixes[i]) == 0) {
			n -= len;
			break;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(rest); i++) {
		size_t len = strlen(rest[i]);

		if (n > len && strncasecmp(file + n - len, rest[i], len) == 0)
			n -= len;
	}
	return n;
}

static bool starts_version(const char *s)
{
	if (*s == 'v' || *s == 'V')
		s++;
	return isdigit((unsigned char)*s);
}

/* In lower case, when it is a name at all. */
static char *as_name(const char *s, size_t len)
{
	char *name = strndup(s, len);

	for (char *p = name; p && *p; p++)
		*p = tolower((unsigned char)*p);
	if (name && !name_is_package(name)) {
		free(name);
		name = NULL;
	}
	return name;
}

/* "1_81_0" is 1.81.0. */
static char *as_version(const char *s, size_t len)
{
	char *version;

	if (len && (*s == 'v' || *s == 'V')) {
		s++;
		len--;
	}
	version = strndup(s, len);
	if (version && version[strspn(version, "0123456789_")] == '\0')
		for (char *p = version; *p; p++)
			if (*p == '_')
				*p = '.';
	if (version && !name_is_version(version)) {
		free(version);
		version = NULL;
	}
	return version;
}

/* The part of the path that names the project, where the file is called by its version alone. */
static char *name_by_path(const char *url, const char *version)
{
	static const char *const no_names[] = { "archive",  "refs",	"tags",	    "heads",
						"releases", "download", "tarball",  "zipball",
						"-",	    "files",	"snapshot", "get" };
	autostrv struct strv parts = { 0 };
	const char *path = strstr(url, "://");

	path = path ? strchr(path + 3, '/') : NULL;
	if (!path || strv_split(&parts, path, "/") < 0 || parts.n < 2)
		return NULL;
	for (size_t i = parts.n - 1; i-- > 0;) {
		size_t k = 0;

		while (k < ARRAY_SIZE(no_names) && strcmp(parts.v[i], no_names[k]) != 0)
			k++;
		if (k < ARRAY_SIZE(no_names) ||
		    (starts_version(parts.v[i]) && strstr(parts.v[i], version)))
			continue;
		return as_name(parts.v[i], strcspn(parts.v[i], "~"));
	}
	return NULL;
}

/* Where "-1.2" or "_v1.2" begins in the first `n` bytes, or `n`. */
static size_t find_version(const char *file, size_t n)
{
	for (size_t i = 1; i + 1 < n; i++)
		if (strchr("-_", file[i]) && starts_version(file + i + 1))
			return i;
	return n;
}

static int split_file(struct guess *g, const char *url, const char *given, char **file)
{
	size_t n = without_suffix(given), at = find_version(given, n);

	if (starts_version(given)) {
		g->version = as_version(given, n);
		g->name = g->version ? name_by_path(url, g->version) : NULL;
		if (g->name)
			*file = text_of("%s-%s%s", g->name, g->version, given + n);
		return g->name && !*file ? -ENOMEM : 0;
	}
	g->name = as_name(given, at);
	if (at < n)
		g->version = as_version(given + at + 1, n - at - 1);
	return 0;
}

int guess_by_url(struct guess *g, const char *url, char **file)
{
	autofree char *given = recipe_source_url_file(url);
	size_t n = strcspn(url, "?#");

	*file = NULL;
	if (!given)
		return -ENOMEM;
	/* as one big site ends its URLs */
	if (strcmp(given, "download") == 0) {
		autofree char *shorter = strndup(url, n - strlen("/download"));

		free(given);
		given = shorter ? recipe_source_url_file(shorter) : NULL;
		*file = given ? strdup(given) : NULL;
		if (!*file)
			return -ENOMEM;
	}
	if (strlen(given) > 4 && strcmp(given + strlen(given) - 4, ".git") == 0) {
		g->name = as_name(given, strlen(given) - 4);
		return 0;
	}
	return split_file(g, url, given, file);
}

int guess_by_tree(struct guess *g, const char *dir, const struct searchpath *recipes)
{
	int r = guess_system(g, dir);

	if (r == 0)
		r = guess_about(g, dir);
	if (r == 0)
		r = guess_licence(g, dir);
	return r == 0 ? guess_needs(g, dir, recipes) : r;
}
