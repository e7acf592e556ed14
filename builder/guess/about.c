// SPDX-License-Identifier: GPL-2.0-or-later
/* What a project says of itself, in the files in which projects do. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/guess/guess.h"
#include "fs/base/cleanup.h"
#include "fs/base/name.h"

#define SUMMARY_MAX 100
#define URL_MAX	    200
#define CALL_MAX    16384

/* A part of a text; NULL: there is none. */
struct part {
	const char *s;
	size_t len;
};

/* ---- taking what was found, unless it is known ---- */

static int take_summary(struct guess *g, struct part p)
{
	if (g->summary || !p.s)
		return 0;
	g->summary = guess_value(p.s, p.len, SUMMARY_MAX);
	if (!g->summary)
		return -ENOMEM;
	size_t len = strlen(g->summary);

	if (len && g->summary[len - 1] == '.')
		g->summary[len - 1] = '\0';
	if (*g->summary && !strpbrk(g->summary, "@$"))
		return 0;
	free(g->summary);
	g->summary = NULL;
	return 0;
}

static int take_homepage(struct guess *g, struct part p)
{
	autofree char *url = p.s ? guess_value(p.s, p.len, URL_MAX) : NULL;

	if (g->homepage || !p.s)
		return 0;
	if (!url)
		return -ENOMEM;
	if ((strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0) &&
	    !strpbrk(url, " @$<>"))
		g->homepage = take_ptr(url);
	return 0;
}

static int take_version(struct guess *g, struct part p)
{
	autofree char *version = p.s ? guess_value(p.s, p.len, 64) : NULL;

	if (version && !g->version && name_is_version(version) && isdigit((unsigned char)*version))
		g->version = take_ptr(version);
	return 0;
}

/* ---- small readers ---- */

/* The words of a call like "project(NAME VERSION 1.2)": from behind the bracket to its end. */
static const char *call_of(const char *text, const char *name, size_t *len)
{
	size_t n = strlen(name);

	for (const char *p = text; p && (p = strstr(p, name)); p += n) {
		const char *open = p + n + strspn(p + n, " \t");
		int depth = 0;

		if ((p > text && (isalnum((unsigned char)p[-1]) || p[-1] == '_')) || *open != '(')
			continue;
		for (const char *end = open; *end && end < open + CALL_MAX; end++) {
			depth += *end == '(';
			depth -= *end == ')';
			if (depth == 0) {
				*len = end - open - 1;
				return open + 1;
			}
		}
	}
	return NULL;
}

/* The string behind the word `key` in the first `len` bytes, in quotes of either kind or bare. */
static struct part value_of(const char *text, size_t len, const char *key)
{
	const char *end = text + len;
	size_t n = strlen(key);

	for (const char *p = text; p && (p = memmem(p, end - p, key, n)); p += n) {
		const char *v = p + n;

		if ((p > text && !isspace((unsigned char)p[-1]) && !strchr(",([", p[-1])) ||
		    v == end || !strchr(" \t\n:=", *v))
			continue;
		v += strspn(v, " \t\n:=");
		if (v >= end)
			break;
		if (*v == '"' || *v == '\'') {
			const char *close = memchr(v + 1, *v, end - v - 1);

			return close ? (struct part){ v + 1, close - v - 1 }
				     : (struct part){ NULL, 0 };
		}
		return (struct part){ v, strcspn(v, " \t\n),") };
	}
	return (struct part){ NULL, 0 };
}

/* The rest of the first line that begins so; lent. */
static struct part line_of(const char *text, const char *begin)
{
	size_t n = strlen(begin);

	for (const char *p = text; p && *p; p += strcspn(p, "\n"), p += *p == '\n') {
		if (strncmp(p, begin, n) != 0)
			continue;
		p += n + strspn(p + n, " \t");
		return (struct part){ p, strcspn(p, "\r\n") };
	}
	return (struct part){ NULL, 0 };
}

/* ---- the files ---- */

static int by_call(struct guess *g, const char *dir, const char *file, const char *const keys[3])
{
	autofree char *text = guess_read(dir, file);
	size_t len = 0;
	const char *words = text ? call_of(text, "project", &len) : NULL;
	int r = 0;

	if (!words)
		return 0;
	if (keys[0])
		r = take_summary(g, value_of(words, len, keys[0]));
	if (r == 0 && keys[1])
		r = take_homepage(g, value_of(words, len, keys[1]));
	return r == 0 ? take_version(g, value_of(words, len, keys[2])) : r;
}

/* AC_INIT([name], [version], [bugs], [tarname], [url]). */
static int by_autoconf(struct guess *g, const char *dir)
{
	autofree char *text = guess_read(dir, "configure.ac");
	size_t len = 0;
	const char *p = text ? call_of(text, "AC_INIT", &len) : NULL;
	const char *end = p ? p + len : NULL;

	for (int i = 0; p && p < end; i++) {
		const char *from = p + strspn(p, " \t\n[");
		size_t n = strcspn(from, "],");

		if (from + n > end)
			n = end - from;
		if (i == 1)
			take_version(g, (struct part){ from, n });
		if (i == 4)
			return take_homepage(g, (struct part){ from, n });
		p = memchr(p, ',', end - p);
		p = p ? p + 1 : NULL;
	}
	return 0;
}

/* "NAME='value'" as configure has it. */
static struct part setting(const char *text, const char *name)
{
	struct part p = line_of(text, name);

	if (p.s)
		p.len = strcspn(p.s, "'");
	return p;
}

static int by_configure(struct guess *g, const char *dir)
{
	autofree char *text = guess_read(dir, "configure");
	int r = text ? take_homepage(g, setting(text, "PACKAGE_URL='")) : 0;

	return r == 0 && text ? take_version(g, setting(text, "PACKAGE_VERSION='")) : r;
}

/* The section [project] of pyproject.toml up to the next one. */
static int by_pyproject(struct guess *g, const char *dir)
{
	autofree char *text = guess_read(dir, "pyproject.toml");
	const char *project = text ? strstr(text, "[project]") : NULL;
	const char *urls = text ? strstr(text, "[project.urls]") : NULL;
	static const char *const homes[] = { "Homepage", "homepage", "\"Homepage\"",
					     "Home",	 "Source",   "Repository" };
	int r = 0;

	if (project) {
		const char *end = strstr(project, "\n[");
		size_t len = end ? (size_t)(end - project) : strlen(project);

		r = take_summary(g, value_of(project, len, "description"));
		if (r == 0)
			r = take_version(g, value_of(project, len, "version"));
	}
	for (size_t i = 0; i < ARRAY_SIZE(homes) && urls && r == 0; i++)
		r = take_homepage(g, value_of(urls, strlen(urls), homes[i]));
	return r;
}

/* A .pc file, or what one is made from, has a line for people. */
static int by_pc(struct guess *g, const char *dir)
{
	autostrv struct strv names = { 0 };
	int r = guess_list(dir, &names);

	strv_foreach (name, &names) {
		size_t len = strlen(*name);
		autofree char *text = NULL;

		if (r < 0 || len < 4 ||
		    (strcmp(*name + len - 3, ".pc") != 0 &&
		     (len < 7 || strcmp(*name + len - 6, ".pc.in") != 0)))
			continue;
		text = guess_read(dir, *name);
		if (!text)
			continue;
		r = take_summary(g, line_of(text, "Description:"));
		if (r == 0)
			r = take_homepage(g, line_of(text, "URL:"));
	}
	return r;
}

/* Whether a line of a README is for show: a badge, markup, a rule, or the project's name alone. */
static bool says_nothing(const struct guess *g, const char *line, size_t len)
{
	size_t letters = 0;

	if (strchr("<[!|", *line) || strncmp(line, "..", 2) == 0 || strncmp(line, "http", 4) == 0)
		return true;
	for (size_t i = 0; i < len; i++)
		letters += isalpha((unsigned char)line[i]) || (unsigned char)line[i] >= 0x80;
	if (letters < 3 || !memchr(line, ' ', len))
		return true;
	/* "zlib 1.2", "The zlib README" */
	return g->name && strncasecmp(line, g->name, strlen(g->name)) == 0 &&
	       len < strlen(g->name) + 12;
}

/* Whether it is about the text, and not about the project. */
static bool is_about_itself(const char *line)
{
	static const char *const begins[] = { "Please",
					      "This is the README",
					      "This file",
					      "This version",
					      "This directory",
					      "This document",
					      "Copyright",
					      "If you",
					      "You " };

	for (size_t i = 0; i < ARRAY_SIZE(begins); i++)
		if (strncasecmp(line, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

static int by_readme(struct guess *g, const char *dir)
{
	static const char *const files[] = { "README.md", "README", "README.rst", "README.txt",
					     "Readme.md" };
	autofree char *text = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(files) && !text; i++)
		text = guess_read(dir, files[i]);
	for (const char *p = text; p && *p && !g->summary; p += strcspn(p, "\n"), p += *p == '\n') {
		const char *line = p + strspn(p, "#=*- \t");
		size_t len = strcspn(line, "\r\n");
		const char *end = memmem(line, len, ". ", 2);

		if (is_about_itself(line))
			return 0;
		if (says_nothing(g, line, len))
			continue;
		return take_summary(g, (struct part){ line, end ? (size_t)(end - line) : len });
	}
	return 0;
}

int guess_about(struct guess *g, const char *dir)
{
	static const char *const cmake[] = { "DESCRIPTION", "HOMEPAGE_URL", "VERSION" };
	static const char *const meson[] = { NULL, NULL, "version" };
	int r = by_call(g, dir, "CMakeLists.txt", cmake);

	if (r == 0)
		r = by_call(g, dir, "meson.build", meson);
	if (r == 0)
		r = by_pyproject(g, dir);
	if (r == 0)
		r = by_autoconf(g, dir);
	if (r == 0)
		r = by_configure(g, dir);
	if (r == 0)
		r = by_pc(g, dir);
	return r == 0 ? by_readme(g, dir) : r;
}
