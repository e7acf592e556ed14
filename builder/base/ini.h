// SPDX-License-Identifier: GPL-2.0-or-later
/* ini.h - a file of sections and "key = value" lines. The one door to iniparser.
 *
 * The form of these files is iniparser's, and iniparser reads them; but it forgives, without a
 * word, what a recipe must not be forgiven (tests/unit/base/ini.c shows each):
 *   - an unquoted value is cut at ';' or '#': "cd src; make" is "cd src";
 *   - of two equal keys the last counts, also of a section that comes twice;
 *   - two keys that differ in case are one;
 *   - a comment that ends in a backslash swallows the next line;
 *   - a value that begins with a quote ends at its twin: '"$SOURCE_DIR/Configure" linux' is
 *     "$SOURCE_DIR/Configure";
 *   - a line of more than 1,024 bytes is no error that can be told from others.
 * What it gives back has neither lines nor order, and no way to ask for them: from it alone none of
 * these could be refused with file and line, nor "unknown key" say where. So the file is read
 * twice: by a scan, which refuses all of these and remembers where every key stands, and by
 * iniparser. Neither is trusted alone: should the two ever read different values, the file is
 * refused as well. The scan's word alone counts of a value that goes on behind a quote's twin, and
 * of key b in [a] where there is a section [a:b] too, since iniparser keeps both under one name.
 *
 * A value in quotes may hold ';' and '#', and comes without them. One that goes on behind the twin
 * of its first quote is a command, and comes as it is written. A line that ends in a backslash goes
 * on in the next. Sections and keys are lower-cased in what is looked up; `key` keeps the case that
 * was written.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/base/strv.h"

#define INI_LINE_MAX 1000 /* bytes of a line with its continuations: iniparser takes 1,024 */

struct ini_entry {
	char *section; /* lower case */
	char *key;     /* as written */
	char *value;
	unsigned line;
	bool goes_on; /* behind the twin of its first quote */
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

/* A yes or no; `*ret` stays as it is when nothing is said. 0; -EINVAL with `*why` for another
 * word. */
int ini_switch(const struct ini *ini, const char *section, const char *key, bool *ret, char **why);

/* A value in line `line` is not what it has to be: -EINVAL with `*why`, "FILE:LINE: ...". Who calls
 * includes why.h. */
#define ini_refuse(why, ini, line, fmt, ...) \
	why_set(why, -EINVAL, "%s:%u: " fmt, (ini)->path, (line), ##__VA_ARGS__)

/* Whether a value is a number of bytes, from 1 to 15 digits; then `*ret`. */
bool ini_bytes(const char *value, uint64_t *ret);

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
 * it; in [env], where nothing was there, it stays "key+". Words that come later win. 0, or -errno
 * with `*why`. */
int ini_overlay(struct ini *ini, const char *const *sections, const struct strv *words, char **why);
