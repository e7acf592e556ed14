// SPDX-License-Identifier: GPL-2.0-or-later
/* parts.h - which part of a package a file is, and whether staging shows it.
 *
 * A package is installed once and has everything; the target rarely wants the headers. So a package
 * may come with rules, a line each, the first that fits decides:
 *
 *   PART PATTERN        files that match are of that part ("dev", "doc", "debug"); all others are
 *                       "runtime"
 *   leave-out PATTERN   files that match are not staged
 *   without PART        files of that part are not staged
 *
 * A pattern is one of fnmatch(3) without flags, as dpkg's path-exclude has it (dpkg(1)): '*' also
 * matches '/'. It is relative to the root, "usr/local/include" and the star. With "@" at its end it
 * matches symlinks only, as in "lib" star ".so@".
 *
 * Rules are what we know of a layer, not what is in it: other rules are no other build.
 */
#pragma once

#include <stdbool.h>

#include "fs/base/kv.h"
#include "fs/base/strv.h"

#define PARTS_RUNTIME	"runtime"
#define PARTS_LEAVE_OUT "leave-out"
#define PARTS_WITHOUT	"without"

enum {
	PARTS_MAX_RULES = 200,
	PARTS_MAX_LINE = 255,
};

struct parts {
	struct strv rules; /* as above, with one blank each, in order */
};

void parts_release(struct parts *parts);

/* Add a line, blanks folded. -EINVAL: it is no rule; -E2BIG: there are too many. */
int parts_add(struct parts *parts, const char *line);
/* Every line of a text; empty ones and those that start with '#' are passed over. `*line` is the
 * number of one that is no rule. */
int parts_parse(struct parts *parts, const char *text, unsigned *line);
int parts_copy(struct parts *to, const struct parts *from);

/* The rules as lines of a layer's meta or of a message: "part", "part.1", ... */
void parts_to_kv(const struct parts *parts, struct kv *kv);
/* -EBADMSG: there is one that is no rule. */
int parts_from_kv(struct parts *parts, const struct kv *kv);

/* The part of the file at `path`, for the caller to free; NULL: no memory. And: is it that one? */
char *parts_of(const struct parts *parts, const char *path, bool is_link);
bool parts_is(const struct parts *parts, const char *path, bool is_link, const char *part);
/* The names of all parts that there are rules for, and runtime, sorted. 0 or -ENOMEM. */
int parts_names(const struct parts *parts, struct strv *ret);

/* Does staging show the file at `path`? */
bool parts_stages(const struct parts *parts, const char *path, bool is_link);
/* May there be something below the directory that staging shows, or would it be there for nothing?
 */
bool parts_stages_below(const struct parts *parts, const char *path);
