// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/fixup/words.h"

#include <fnmatch.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+~@%"
#define BLANKS	" \t\n"
#define QUOTES	"\"'`"

/* What is written so far. It is never longer than what was read, but for GROWTH bytes a path. */
struct out {
	char *text;
	size_t len;
};

#define GROWTH 256

/* A path of the build in the text, and the word that it stands in. */
struct found {
	const char *root;	 /* "/xsysfs/sysroot" */
	const char *word, *path; /* "-L/xsysfs/...", "/xsysfs/..." */
	const char *tail, *end;	 /* "/usr/lib" and what is behind it */
	const char *word_end;
};

bool words_end_path(char c)
{
	return c == '\0' || !strchr(LETTERS, c);
}

static void put(struct out *o, const char *s, size_t n)
{
	memcpy(o->text + o->len, s, n);
	o->len += n;
	o->text[o->len] = '\0';
}

static void put_text(struct out *o, const char *s)
{
	put(o, s, strlen(s));
}

/* ---- finding ---- */

static const char *next_root(const char *text, const char *root, const char *best)
{
	size_t n = strlen(root);
	const char *at = text;

	while ((at = strstr(at, root)) && !words_end_path(at[n]))
		at++;
	return at && (!best || at < best) ? at : best;
}

static bool find(const struct words_build *b, const char *from, const char *text, struct found *f)
{
	const char *const roots[] = { b->sysroot, b->toolchain, b->work };
	const char *at = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		const char *next = next_root(text, roots[i], at);

		if (next != at)
			f->root = roots[i];
		at = next;
	}
	if (!at)
		return false;
	f->path = f->word = at;
	while (f->word > from && !strchr(BLANKS QUOTES "(;{[", f->word[-1]))
		f->word--;
	f->tail = at + strlen(f->root);
	f->end = f->tail + strcspn(f->tail, BLANKS QUOTES ",:;()<>{}[]|&\\");
	f->word_end = f->end + strcspn(f->end, BLANKS QUOTES ";()<>{}[]|&");
	return true;
}

/* ---- what becomes of it ---- */

static bool starts(const struct found *f, const char *with)
{
	return strncmp(f->word, with, strlen(with)) == 0 && f->word + strlen(with) <= f->path;
}

static bool is_option(const struct found *f, const char *option)
{
	return starts(f, option) && f->word + strlen(option) == f->path;
}

static bool is_bare(const struct found *f)
{
	return f->tail == f->end || (f->tail[0] == '/' && f->tail + 1 == f->end);
}

/* Whether the word is of no use, or does harm, without the path. */
static bool is_useless(const struct words_build *b, const struct found *f)
{
	bool folder = is_option(f, "-L") || is_option(f, "-I");

	if (starts(f, "--sysroot") || starts(f, "-isysroot") || starts(f, "-Wl,-rpath-link"))
		return true;
	if (f->root == b->sysroot)
		return folder && is_bare(f);
	return folder || starts(f, "-Wl,-rpath") || starts(f, "-ffile-prefix-map") ||
	       starts(f, "-fdebug-prefix-map") || starts(f, "-fmacro-prefix-map");
}

/* Without a blank beside it, and where the quotes hold nothing else, without these. Returns where
 * to go on. */
static const char *drop(struct out *o, enum words_kind kind, const struct found *f)
{
	const char *end = f->word_end;

	o->len -= f->path - f->word;
	if (kind == WORDS_PLAIN && o->len && strchr(QUOTES, o->text[o->len - 1]) &&
	    *end == o->text[o->len - 1]) {
		o->len--;
		end++;
	}
	if (o->len && o->text[o->len - 1] == ' ')
		o->len--;
	else if (*end == ' ')
		end++;
	o->text[o->len] = '\0';
	return end;
}

/* "/usr/lib/libm.so" gives "m", and whether it ends so that -lm finds it. */
static size_t library_name(const struct found *f, const char **name, bool *versioned)
{
	const char *slash = f->end, *dot;

	while (slash > f->tail && slash[-1] != '/')
		slash--;
	if (slash == f->tail || f->end - slash < 6 || strncmp(slash, "lib", 3) != 0)
		return 0;
	for (dot = slash; dot < f->end; dot++)
		if (strncmp(dot, ".so", 3) == 0 ||
		    (dot[0] == '.' && dot[1] == 'a' && dot + 2 == f->end))
			break;
	if (dot == f->end || dot == slash + 3)
		return 0;
	*versioned = dot[1] == 's' && dot + 3 != f->end;
	*name = slash;
	return dot - slash - 3;
}

bool words_is_searched(const char *dir, size_t n)
{
	static const char *const patterns[] = {
		"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/lib/*-linux-*", "/usr/lib/*-linux-*"
	};
	autofree char *path = strndup(dir, n);

	for (size_t i = 0; i < ARRAY_SIZE(patterns) && path; i++)
		if (fnmatch(patterns[i], path, FNM_PATHNAME) == 0)
			return true;
	return false;
}

static bool is_imported(const char *from, const struct found *f)
{
	const char *line = f->path;

	while (line > from && line[-1] != '\n')
		line--;
	return memmem(line, f->path - line, "IMPORTED_LOCATION", 17);
}

/* A library by its file: "-L/usr/local/lib -lz". False: it is none. */
static bool put_library(struct out *o, enum words_kind kind, const char *from,
			const struct found *f)
{
	const char *name;
	bool versioned;
	size_t n = library_name(f, &name, &versioned), dir;

	if (!n)
		return false;
	dir = name - f->tail - 1;
	if (kind == WORDS_CMAKE && (is_imported(from, f) || !words_is_searched(f->tail, dir)))
		return false;
	if (kind != WORDS_CMAKE && f->word != f->path)
		return false;
	if (!words_is_searched(f->tail, dir)) {
		put_text(o, "-L");
		put(o, f->tail, dir);
		put_text(o, " ");
	}
	put_text(o, versioned ? "-l:" : "-l");
	if (versioned)
		put(o, name, f->end - name);
	else
		put(o, name + 3, n);
	return true;
}

/* Returns where to go on. */
static const char *mend_sysroot(struct out *o, enum words_kind kind, const char *from,
				const struct found *f)
{
	if (put_library(o, kind, from, f))
		return f->end;
	if (kind == WORDS_CMAKE)
		put_text(o, "${CMAKE_SYSROOT}");
	return f->tail;
}

/* Its programs are found in PATH. */
static const char *mend_toolchain(struct out *o, const struct found *f)
{
	if (strncmp(f->tail, "/bin/", 5) == 0)
		return f->tail + 5;
	put_text(o, f->root);
	return f->tail;
}

static const char *mend_work(struct out *o, enum words_kind kind, const struct words_build *b,
			     const struct found *f)
{
	if (kind == WORDS_PYTHON && strlen(b->package) < GROWTH / 2) {
		put_text(o, "/usr/src/");
		put_text(o, b->package);
	} else {
		put_text(o, f->root);
	}
	return f->tail;
}

static size_t count(const struct words_build *b, const char *text)
{
	struct found f = { 0 };
	const char *at = text;
	size_t n = 0;

	for (; find(b, text, at, &f); at = f.tail)
		n++;
	return n;
}

char *words_mend(const struct words_build *b, enum words_kind kind, const char *text)
{
	struct out o = { malloc(strlen(text) + count(b, text) * GROWTH + 1), 0 };
	struct found f = { 0 };
	const char *at = text;

	while (o.text && find(b, at, at, &f)) {
		put(&o, at, f.path - at);
		if (is_useless(b, &f))
			at = drop(&o, kind, &f);
		else if (f.root == b->sysroot)
			at = mend_sysroot(&o, kind, text, &f);
		else if (f.root == b->toolchain)
			at = mend_toolchain(&o, &f);
		else
			at = mend_work(&o, kind, b, &f);
	}
	if (o.text)
		put_text(&o, at);
	return o.text;
}
