// SPDX-License-Identifier: GPL-2.0-or-later
/* Files of text that remember how they were built. */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/elf.h"
#include "builder/fixup.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"

#define TEXT_MAX (8 << 20) /* larger ones are no text that anybody reads */

struct kind {
	enum fixup_rule rule;
	const char *pattern;
};

static const struct kind kinds[] = {
	{ FIXUP_PC, "*/pkgconfig/*.pc" },	  { FIXUP_CONFIG, "*bin/*-config" },
	{ FIXUP_CONFIG, "*bin/*-config-*" },	  { FIXUP_CONFIG, "*lib/*Config.sh" },
	{ FIXUP_PYTHON, "*/_sysconfigdata*.py" }, { FIXUP_PYTHON, "*/config-*/Makefile" },
	{ FIXUP_PYTHON, "*bin/python*-config" },
};

static const struct kind *kind_of(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (fnmatch(kinds[i].pattern, path, 0) == 0)
			return &kinds[i];
	return NULL;
}

static char *read_all(int fd, size_t *len)
{
	struct stat st;
	char *text;
	ssize_t n;

	if (fstat(fd, &st) < 0 || st.st_size > TEXT_MAX)
		return NULL;
	text = malloc(st.st_size + 1);
	n = text ? pread(fd, text, st.st_size, 0) : -1;
	if (n < 0) {
		free(text);
		return NULL;
	}
	text[n] = '\0';
	*len = n;
	return text;
}

/* Whether what stands behind a path ends it: "/xsysfs/sysroot2" is another. */
static bool ends_there(char c)
{
	return c == '\0' ||
	       !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.", c);
}

/* Take `word` out of `text`, up to the next blank or quote when `to_blank`. Returns whether it was
 * there. */
static bool take_out(char *text, const char *word, bool to_blank)
{
	size_t n = strlen(word);
	bool found = false;

	for (char *at = text; (at = strstr(at, word));) {
		size_t more = to_blank ? strcspn(at + n, " \t\n\"';,)") : 0;

		if (!to_blank && !ends_there(at[n])) {
			at += n;
			continue;
		}
		memmove(at, at + n + more, strlen(at + n + more) + 1);
		found = true;
	}
	return found;
}

/* The words that phase_env.c puts into CC, and the paths themselves. */
static bool mend(const struct fixup *f, char *text)
{
	static const char *const words[] = { " -Wno-builtin-macro-redefined", NULL };
	autofree char *sysroot = NULL, *imacros = NULL, *link = NULL, *bin = NULL;
	bool found = false;

	if (asprintf(&sysroot, " --sysroot=%s", f->sysroot) < 0 ||
	    asprintf(&imacros, " -imacros %s", f->work) < 0 ||
	    asprintf(&link, " -Wl,-rpath-link,%s", f->sysroot) < 0 ||
	    asprintf(&bin, "%s/bin/", f->toolchain) < 0)
		return false;
	found |= take_out(text, imacros, true);
	found |= take_out(text, link, true);
	found |= take_out(text, sysroot, false);
	for (size_t i = 0; words[i] && found; i++)
		take_out(text, words[i], false);
	for (char *at; (at = strstr(text, bin)); found = true)
		memmove(at, at + strlen(bin), strlen(at + strlen(bin)) + 1);
	return found | take_out(text, f->sysroot, false);
}

/* As the file was, but for its contents. */
static int replace(const struct fixup *f, const char *path, const char *text)
{
	autofree char *full = fixup_path(f, path);
	autofd int fd = full ? open(full, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC) : -1;
	int r;

	r = fd < 0 ? -errno : io_write_all(fd, text, strlen(text));
	return r < 0 ? log_errno(r, "cannot mend '%s'", path) : 0;
}

static bool names(const char *text, size_t len, const char *path)
{
	size_t n = strlen(path);

	for (const char *at = text; (at = memmem(at, len - (at - text), path, n)); at++)
		if (ends_there(at[n]))
			return true;
	return false;
}

static void report_leak(struct fixup *f, const char *path, const char *text, size_t len)
{
	const char *const paths[] = { f->sysroot, f->toolchain, f->work };
	bool binary = memchr(text, '\0', len);

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		autofree char *what = NULL;

		if (!names(text, len, paths[i]))
			continue;
		if (asprintf(&what, "%s names '%s'", binary ? "binary" : "text", paths[i]) >= 0)
			fixup_note(f, FIXUP_LEAKS, path, what);
	}
}

int fixup_text(struct fixup *f, const struct fixup_file *file)
{
	const struct kind *kind = kind_of(file->path);
	autofree char *full = fixup_path(f, file->path);
	/* as it is by now: stripped, say */
	autofd int fd = full ? open(full, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
	size_t len = 0;
	autofree char *text = fd < 0 ? NULL : read_all(fd, &len);
	int r = 0;

	if (!text || strstr(file->path, "/debug/.build-id/"))
		return 0;
	if (kind && f->on[kind->rule] && !memchr(text, '\0', len) && mend(f, text)) {
		r = replace(f, file->path, text);
		if (r == 0)
			fixup_note(f, kind->rule, file->path, "paths of the build taken out");
		len = strlen(text);
	}
	if (r == 0 && f->on[FIXUP_LEAKS]) {
		size_t loaded = elf_loaded_size(fd);

		report_leak(f, file->path, text, loaded && loaded < len ? loaded : len);
	}
	return r;
}
