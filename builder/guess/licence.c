// SPDX-License-Identifier: GPL-2.0-or-later
/* A project's licence, by the texts of well-known ones and by what its sources say. A wrong one is
 * worse than none: wherever two things speak against each other, or a text goes on, it is a note.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/places.h"
#include "builder/guess/guess.h"
#include "fs/base/cleanup.h"
#include "fs/base/text.h"

#define SOURCES_MAX 300
#define TEXTS_MAX   50

struct licence {
	const char *spdx;
	size_t most;	    /* bytes of words that the text has at most, with its copyright lines */
	const char *has[4]; /* words that must be there... */
	const char *lacks[3]; /* ...and that must not */
};

#define MAY_USE "redistribution and use in source and binary forms with or without modification"
#define ORIGIN	"the origin of this software must not be misrepresented"
#define GRANT	"permission is hereby granted free of charge to any person obtaining a copy"
#define ANY_USE                                                                                    \
	"for any purpose with or without fee is hereby granted provided that the above copyright " \
	"notice and this permission notice appear in all copies"

static const struct licence licences[] = {
	{ "MIT",
	  1700,
	  { GRANT " of this software and associated documentation files",
	    "the above copyright notice and this permission notice" },
	  { "except as contained in this notice", "distribute with modifications" } },
	{ "X11-distribute-modifications-variant",
	  2000,
	  { GRANT, "distribute with modifications", "except as contained in this notice" },
	  { NULL } },
	{ "curl",
	  1400,
	  { "permission to use copy modify", ANY_USE, "except as contained" },
	  { NULL } },
	{ "ISC",
	  1200,
	  { "permission to use copy modify", ANY_USE, "the software is provided as is" },
	  { "except as contained" } },
	{ "0BSD",
	  1000,
	  { "permission to use copy modify and or distribute this software for any purpose with or "
	    "without fee is hereby granted the software is provided" },
	  { NULL } },
	{ "BSD-2-Clause",
	  2000,
	  { MAY_USE, "redistributions of source code must retain",
	    "redistributions in binary form" },
	  { "endorse or promote", "all advertising materials", "all derivatives" } },
	{ "BSD-3-Clause",
	  2300,
	  { MAY_USE, "redistributions of source code must retain", "redistributions in binary form",
	    "to endorse or promote products derived" },
	  { "all advertising materials", "patent" } },
	{ "BSD-4-Clause",
	  2700,
	  { MAY_USE, "all advertising materials mentioning features",
	    "to endorse or promote products derived" },
	  { NULL } },
	{ "Zlib",
	  1500,
	  { "provided as is without any express or implied warranty", ORIGIN,
	    "altered source versions must be plainly marked" },
	  { "endorse or promote" } },
	{ "bzip2-1.0.6",
	  2000,
	  { MAY_USE, ORIGIN, "altered source versions must be plainly marked",
	    "may not be used to endorse or promote" },
	  { NULL } },
	{ "libpng-2.0", 7000, { "png reference library license version 2", ORIGIN }, { NULL } },
	{ "Apache-2.0",
	  11800,
	  { "apache license version 2 0 january 2004", "grant of patent license" },
	  { "llvm exceptions" } },
	{ "Apache-2.0 WITH LLVM-exception",
	  13000,
	  { "apache license version 2 0 january 2004",
	    "llvm exceptions to the apache 2 0 license" },
	  { "legacy llvm license" } },
	{ "MPL-2.0",
	  16800,
	  { "mozilla public license version 2 0", "covered software" },
	  { NULL } },
	{ "GPL-2.0", 18500, { "gnu general public license version 2 june 1991" }, { NULL } },
	{ "GPL-3.0", 35500, { "gnu general public license version 3 29 june 2007" }, { NULL } },
	{ "LGPL-2.0",
	  26000,
	  { "gnu library general public license version 2 june 1991" },
	  { NULL } },
	{ "LGPL-2.1",
	  27500,
	  { "gnu lesser general public license version 2 1 february 1999" },
	  { NULL } },
	{ "LGPL-3.0",
	  8500,
	  { "gnu lesser general public license version 3 29 june 2007" },
	  { NULL } },
	{ "AGPL-3.0",
	  35500,
	  { "gnu affero general public license version 3 19 november 2007" },
	  { NULL } },
	{ "Unlicense",
	  1500,
	  { "this is free and unencumbered software released into the public domain" },
	  { NULL } },
	{ "CC0-1.0", 7500, { "cc0 1 0 universal", "statement of purpose" }, { NULL } },
	{ "BSL-1.0", 1500, { "boost software license version 1 0 august 17th 2003" }, { NULL } },
};

static bool matches(const struct licence *l, const char *words)
{
	for (size_t i = 0; i < ARRAY_SIZE(l->has) && l->has[i]; i++)
		if (!strstr(words, l->has[i]))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(l->lacks) && l->lacks[i]; i++)
		if (strstr(words, l->lacks[i]))
			return false;
	return true;
}

const char *guess_licence_text(const char *text, bool *more)
{
	autofree char *words = guess_words(text);
	const struct licence *found = NULL;

	*more = false;
	for (size_t i = 0; i < ARRAY_SIZE(licences) && words; i++) {
		if (!matches(&licences[i], words))
			continue;
		if (found)
			*more = true; /* two in one file */
		else
			found = &licences[i];
	}
	if (found && strlen(words) > found->most)
		*more = true;
	return found ? found->spdx : NULL;
}

static bool is_gnu(const char *spdx)
{
	return strncmp(spdx, "GPL-", 4) == 0 || strncmp(spdx, "LGPL-", 5) == 0 ||
	       strncmp(spdx, "AGPL-", 5) == 0;
}

/* ---- what the sources say ---- */

/* "SPDX-License-Identifier: X" at the head of a file; the caller frees. */
static char *spdx_line(const char *text)
{
	static const char tag[] = "SPDX-License-Identifier:";
	const char *at = strstr(text, tag);
	size_t len;

	if (!at || at - text > 3000)
		return NULL;
	at += strlen(tag);
	at += strspn(at, " \t");
	len = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-+() ");
	while (len && at[len - 1] == ' ')
		len--;
	return len && len < 100 ? strndup(at, len) : NULL;
}

/* The usual notice at the head of a file of the GNU family, as an SPDX identifier; the caller
 * frees. */
static char *gnu_notice(const char *text)
{
	static const char *const families[][2] = {
		{ "gnu lesser general public license", "LGPL" },
		{ "gnu library general public license", "LGPL" },
		{ "gnu affero general public license", "AGPL" },
		{ "gnu general public license", "GPL" },
	};
	autofree char *head = strndup(text, 4000);
	autofree char *words = head ? guess_words(head) : NULL;
	const char *version = words ? strstr(words, "version ") : NULL;
	const char *family = NULL;
	char *spdx;

	for (size_t i = 0; i < ARRAY_SIZE(families) && words && !family; i++)
		if (strstr(words, families[i][0]))
			family = families[i][1];
	if (!family || !version || !strstr(words, "free software foundation"))
		return NULL;
	version += strlen("version ");
	if (!isdigit((unsigned char)version[0]) || version[1] != ' ')
		return NULL;
	if (!(spdx = text_of("%s-%c.%c-%s", family, version[0],
			     isdigit((unsigned char)version[2]) && version[3] == ' ' ? version[2]
										     : '0',
			     strstr(words, "any later version") ? "or-later" : "only")))
		return NULL;
	return spdx;
}

static bool is_source(const char *name)
{
	static const char *const ends[] = {
		".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".py", ".S"
	};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; i < ARRAY_SIZE(ends) && dot; i++)
		if (strcmp(dot, ends[i]) == 0)
			return true;
	return false;
}

/* All that the sources at the top and in src/ say of themselves, each once. */
static int by_sources(const char *dir, const char *below, struct strv *said, int *left)
{
	autofree char *path = places_join(dir, below);
	autostrv struct strv names = { 0 };
	int r = path ? guess_list(path, &names) : -ENOMEM;

	strv_foreach (name, &names) {
		autofree char *text = NULL;
		autofree char *spdx = NULL;

		if (r < 0 || !is_source(*name) || --*left < 0)
			continue;
		text = guess_read(path, *name);
		if (text)
			spdx = spdx_line(text) ?: gnu_notice(text);
		if (spdx && !strv_has(said, spdx))
			r = strv_add(said, spdx);
	}
	return r;
}

/* ---- licence files ---- */

struct found {
	struct strv spdx;   /* whose texts are there */
	struct strv files;  /* the same, with the file's name, for the notes */
	struct strv unsure; /* for the notes too */
};

static void found_release(struct found *f)
{
	strv_release(&f->files);
	strv_release(&f->spdx);
	strv_release(&f->unsure);
}

/* A NOTICE names exceptions that the licence's own text does not. */
static int look_at_notice(struct found *f, const char *dir)
{
	autofree char *text = guess_read(dir, "NOTICE");
	autofree char *words = text ? guess_words(text) : NULL;

	return words && strstr(words, "exception")
		       ? strv_add(&f->unsure, "'NOTICE' speaks of an exception")
		       : 0;
}

static bool is_licence_file(const char *name)
{
	static const char *const begins[] = { "LICENSE", "LICENCE", "COPYING", "COPYRIGHT",
					      "UNLICENSE" };

	for (size_t i = 0; i < ARRAY_SIZE(begins); i++)
		if (strncasecmp(name, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

static int look_at(struct found *f, const char *dir, const char *name)
{
	autofree char *text = guess_read(dir, name);
	bool more = false;
	const char *spdx = text ? guess_licence_text(text, &more) : NULL;
	int r;

	if (!text)
		return 0;
	if (!spdx)
		return strv_addf(&f->unsure, "'%.100s' has a text that is not known", name);
	if (more)
		return strv_addf(&f->unsure, "'%.100s' has the text of %s, and more", name, spdx);
	r = strv_addf(&f->files, "%s ('%.100s')", spdx, name);
	return r == 0 && !strv_has(&f->spdx, spdx) ? strv_add(&f->spdx, spdx) : r;
}

static int look_through(struct found *f, const char *dir, bool all)
{
	autostrv struct strv names = { 0 };
	int r = guess_list(dir, &names);
	int left = TEXTS_MAX;

	strv_foreach (name, &names)
		if (r == 0 && (all || is_licence_file(*name)) && left-- > 0)
			r = look_at(f, dir, *name);
	/* the Lesser licence is written as an addition to the other, which comes with it */
	if (f->spdx.n == 2 && strv_has(&f->spdx, "LGPL-3.0") && strv_has(&f->spdx, "GPL-3.0")) {
		strv_release(&f->spdx);
		r = r == 0 ? strv_add(&f->spdx, "LGPL-3.0") : r;
	}
	return r;
}

/* ---- the verdict ---- */

static int unknown(struct guess *g, const struct found *f, const struct strv *said)
{
	autofree char *texts = strv_join(&f->files, ", ");
	autofree char *unsure = strv_join(&f->unsure, ", ");
	autofree char *sources = strv_join(said, ", ");

	if (!texts || !unsure || !sources)
		return -ENOMEM;
	if (!f->spdx.n && !f->unsure.n && !said->n)
		return strv_add(&g->notes, "license: no file says it");
	return strv_addf(&g->notes, "license: not sure%s%s%s%s%s%s", f->spdx.n ? "; texts of " : "",
			 texts, f->unsure.n ? "; " : "", unsure, said->n ? "; sources say " : "",
			 sources);
}

/* What the sources say has to be the licence whose text is there, for a GNU one with "only" or "or
 * later". */
static bool agrees(const char *text, const char *source)
{
	size_t n = strlen(text);

	if (strncmp(text, source, n) != 0)
		return false;
	return is_gnu(text)
		       ? strcmp(source + n, "-only") == 0 || strcmp(source + n, "-or-later") == 0
		       : source[n] == '\0';
}

int guess_licence(struct guess *g, const char *dir)
{
	cleanup(found_release) struct found f = { 0 };
	autofree char *reuse = places_join(dir, "LICENSES");
	autostrv struct strv said = { 0 };
	int left = SOURCES_MAX;
	int r = reuse ? look_through(&f, dir, false) : -ENOMEM;
	const char *licence = NULL;

	if (r == 0)
		r = look_through(&f, reuse, true);
	if (r == 0)
		r = look_at_notice(&f, dir);
	if (r == 0)
		r = by_sources(dir, ".", &said, &left);
	if (r == 0)
		r = by_sources(dir, "src", &said, &left);
	if (r < 0)
		return r;
	if (f.unsure.n || f.spdx.n > 1 || said.n > 1)
		return unknown(g, &f, &said);
	if (f.spdx.n && said.n)
		licence = agrees(f.spdx.v[0], said.v[0]) ? said.v[0] : NULL;
	else if (f.spdx.n)
		licence = is_gnu(f.spdx.v[0]) ? NULL : f.spdx.v[0];
	else if (said.n)
		licence = said.v[0];
	if (!licence)
		return unknown(g, &f, &said);
	g->license = strdup(licence);
	return g->license ? 0 : -ENOMEM;
}
