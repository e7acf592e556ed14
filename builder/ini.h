// SPDX-License-Identifier: GPL-2.0-or-later
/* ini.h - a file of sections and "key = value" lines. The one door to iniparser.
 *
 * iniparser forgives what a recipe must not be forgiven: it cuts an unquoted value at ';' or '#',
 * takes the last of two equal keys, cannot tell two keys apart that differ in case, and knows no
 * line numbers. So the file is read twice: by a scan of our own, which refuses all of these with
 * file and line and remembers where every key stands, and by iniparser. Should the two ever read
 * different values, the file is refused as well.
 *
 * A value in double quotes may hold ';' and '#'. A line that ends in a backslash goes on in the
 * next. Sections and keys are lower-cased in what is looked up; `key` keeps the case that was
 * written.
 */
#pragma once

#include <stddef.h>

#include "fs/base/strv.h"

#define INI_LINE_MAX 1000 /* bytes of a line with its continuations: iniparser takes 1,024 */

struct ini_entry {
	char *section; /* lower case */
	char *key;     /* as written */
	char *value;
	unsigned line;
};

struct ini {
	char *path;
	struct ini_entry *entries; /* in the order of the file */
	size_t n;
};

#define autoini cleanup(ini_release)
void ini_release(struct ini *ini);

/* Returns 0, or -errno with `*why` naming file and line (see why.h). */
int ini_load(struct ini *ini, const char *path, char **why);

/* Lent; NULL when it is not there. Key and section in lower case. */
const struct ini_entry *ini_find(const struct ini *ini, const char *section, const char *key);
/* The value, or `missing`. */
const char *ini_get(const struct ini *ini, const char *section, const char *key,
		    const char *missing);

/* What a kind of file may hold. A section "source:*" stands for "source" and every "source:WORD",
 * a key "*" for any key. A table ends with a NULL section. */
struct ini_allowed {
	const char *section;
	const char *key;
};

/* 0, or -EINVAL with `*why` for the first key or section that is not in the table. */
int ini_check(const struct ini *ini, const struct ini_allowed *allowed, char **why);

/* Put what stands in [SECTION:WORD] into [SECTION], for each of the `sections` (NULL-terminated)
 * and those of `words` that there are: "key = x" in the place of what was there, "key+ = x" behind
 * it. Words that come later win. 0, or -errno with `*why`. */
int ini_overlay(struct ini *ini, const char *const *sections, const struct strv *words, char **why);
