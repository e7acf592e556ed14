// SPDX-License-Identifier: GPL-2.0-or-later
/* Which packages a source tree asks for, of those that there are recipes for. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/base/places.h"
#include "builder/guess/guess.h"
#include "fs/base/cleanup.h"
#include "fs/base/name.h"

#define CALL_MAX  16384
#define WORDS_MAX 20000

/* Libraries, .pc files and modules of CMake that have another name than the package. */
static const char *const aliases[][2] = {
	{ "z", "zlib" },
	{ "bz2", "bzip2" },
	{ "ffi", "libffi" },
	{ "lzma", "xz" },
	{ "liblzma", "xz" },
	{ "ncursesw", "ncurses" },
	{ "tinfo", "ncurses" },
	{ "curses", "ncurses" },
	{ "crypto", "openssl" },
	{ "ssl", "openssl" },
	{ "libcrypto", "openssl" },
	{ "libssl", "openssl" },
	{ "libzstd", "zstd" },
	{ "glib-2.0", "glib" },
	{ "sqlite3", "sqlite" },
	{ "history", "readline" },
	{ "libpcre2-8", "pcre2" },
	{ "python3", "python" },
	{ "libusb-1.0", "libusb" },
	{ "libxml-2.0", "libxml2" },
};

struct asked {
	struct guess *guess;
	const struct searchpath *recipes;
	int words; /* that are still looked at */
};

static bool is_recipe(const struct searchpath *recipes, const char *name)
{
	return name_is_package(name) && searchpath_find(recipes, name, RECIPE_FILE);
}

/* The recipe that `name` is about, which the caller frees: itself, lib + itself, or an alias. */
static char *recipe_for(const struct searchpath *recipes, const char *name, size_t len)
{
	char word[64], with_lib[70];

	if (!len || len >= sizeof(word))
		return NULL;
	for (size_t i = 0; i < len; i++)
		word[i] = tolower((unsigned char)name[i]);
	word[len] = '\0';
	snprintf(with_lib, sizeof(with_lib), "lib%s", word);
	if (is_recipe(recipes, word))
		return strdup(word);
	if (is_recipe(recipes, with_lib))
		return strdup(with_lib);
	if (strncmp(word, "lib", 3) == 0 && is_recipe(recipes, word + 3))
		return strdup(word + 3);
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
		if (strcmp(aliases[i][0], word) == 0 && is_recipe(recipes, aliases[i][1]))
			return strdup(aliases[i][1]);
	return NULL;
}

static int add(struct asked *a, const char *name, size_t len, bool needed)
{
	autofree char *recipe = --a->words < 0 ? NULL : recipe_for(a->recipes, name, len);
	struct guess *g = a->guess;
	struct strv *to = needed ? &g->needs : &g->maybe;

	if (!recipe || (g->name && strcmp(recipe, g->name) == 0) || strv_has(to, recipe))
		return 0;
	return strv_add(to, recipe);
}

/* The words of "[foo >= 1.2 bar]" that are names of modules. */
static int add_modules(struct asked *a, const char *text, size_t len, bool needed)
{
	int r = 0;

	for (const char *p = text, *end = text + len; p < end && r == 0;) {
		size_t n = strcspn(p, " \t\n,[]()\"'>=<");

		if (p + n > end)
			n = end - p;
		if (n && !isdigit((unsigned char)*p))
			r = add(a, p, n, needed);
		p += n ? n : 1;
	}
	return r;
}

/* The bracket that closes what was opened in front of `p`, or where the text or patience ends.
 */
static const char *end_of_call(const char *p)
{
	const char *last = p + CALL_MAX;
	int depth = 1;

	for (; *p && p < last; p++) {
		depth += *p == '(';
		depth -= *p == ')';
		if (depth == 0)
			break;
	}
	return p;
}

/* Each call NAME(...) in the text; `needed` says whether its words make it a must. */
static int each_call(struct asked *a, const char *text, const char *name,
		     bool (*needed)(const char *words, size_t len), int skip, int most)
{
	int r = 0;

	for (const char *p = strstr(text, name); p && r == 0; p = strstr(p, name)) {
		const char *from, *end;
		const char *line = p;

		while (line > text && line[-1] != '\n')
			line--;
		p += strlen(name);
		from = p;
		end = end_of_call(from);
		if (*end != ')')
			continue;
		if (line[strspn(line, " \t")] == '#' || strncmp(line, "dnl", 3) == 0)
			continue;
		bool must = needed(from, end - from);

		for (int i = 0; i < skip && from < end; i++) {
			from += strcspn(from, ", \t\n");
			from += strspn(from, ", \t\n");
		}
		if (from >= end)
			continue;
		r = add_modules(a, from,
				most == 1 ? strcspn(from, ", \t\n)") : (size_t)(end - from), must);
	}
	return r;
}

static bool has_word(const char *words, size_t len, const char *word)
{
	return memmem(words, len, word, strlen(word));
}

static bool cmake_must(const char *words, size_t len)
{
	return has_word(words, len, "REQUIRED");
}

static bool meson_must(const char *words, size_t len)
{
	return !has_word(words, len, "required");
}

/* With a third argument it has something to do when it is there, and perhaps when it is not. */
static bool pkg_must(const char *words, size_t len)
{
	int commas = 0;

	for (size_t i = 0; i < len; i++)
		commas += words[i] == ',';
	return commas == 1;
}

/* When it stops without it. */
static bool lib_must(const char *words, size_t len)
{
	return has_word(words, len, "AC_MSG_ERROR");
}

/* "-lfoo" and "pkg-config --libs foo" of a Makefile: it has no way to do without. */
static int by_makefile(struct asked *a, const char *text)
{
	int r = 0;

	for (const char *p = text; p && r == 0 && (p = strstr(p, "-l")); p += 2) {
		size_t n = strspn(p + 2, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789_+");

		if (p > text && strchr(" \t=", p[-1]))
			r = add(a, p + 2, n, true);
	}
	for (const char *p = text; p && r == 0 && (p = strstr(p, "pkg-config")); p += 10) {
		const char *end = p + strcspn(p, ")`\n");

		for (const char *w = p + 10; w < end && r == 0;) {
			size_t n;

			w += strspn(w, " \t");
			n = strcspn(w, " \t)`\n");
			if (n && *w != '-' && *w != '$')
				r = add(a, w, n, true);
			w += n ? n : 1;
		}
	}
	return r;
}

static int by_file(struct asked *a, const char *dir, const char *file)
{
	autofree char *text = guess_read(dir, file);
	int r = 0;

	if (!text)
		return 0;
	if (strcmp(file, "CMakeLists.txt") == 0) {
		r = each_call(a, text, "find_package(", cmake_must, 0, 1);
		if (r == 0)
			r = each_call(a, text, "pkg_check_modules(", cmake_must, 1, 0);
		if (r == 0)
			r = each_call(a, text, "find_library(", cmake_must, 1, 0);
	} else if (strcmp(file, "meson.build") == 0) {
		r = each_call(a, text, "dependency(", meson_must, 0, 1);
	} else if (strncmp(file, "configure", 9) == 0) {
		r = each_call(a, text, "PKG_CHECK_MODULES(", pkg_must, 1, 1);
		if (r == 0)
			r = each_call(a, text, "AC_CHECK_LIB(", lib_must, 0, 1);
		if (r == 0)
			r = each_call(a, text, "AC_SEARCH_LIBS(", lib_must, 1, 1);
	} else {
		r = by_makefile(a, text);
	}
	return r;
}

int guess_needs(struct guess *g, const char *dir, const struct searchpath *recipes)
{
	static const char *const files[RECIPE_SYSTEMS][3] = {
		[RECIPE_AUTOTOOLS] = { "configure.ac", "configure.in" },
		[RECIPE_CMAKE] = { "CMakeLists.txt" },
		[RECIPE_MESON] = { "meson.build" },
		[RECIPE_MAKE] = { "Makefile", "makefile", "GNUmakefile" },
	};
	struct asked a = { g, recipes, WORDS_MAX };
	autostrv struct strv rest = { 0 };
	int r = 0;

	for (size_t i = 0; i < 3 && files[g->system][i] && r == 0; i++)
		r = by_file(&a, dir, files[g->system][i]);
	strv_sort(&g->needs);
	strv_sort(&g->maybe);
	strv_foreach (name, &g->maybe)
		if (r == 0 && !strv_has(&g->needs, *name))
			r = strv_add(&rest, *name);
	strv_release(&g->maybe);
	g->maybe = rest;
	rest = (struct strv){ 0 };
	return r;
}
