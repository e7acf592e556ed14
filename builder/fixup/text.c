// SPDX-License-Identifier: GPL-2.0-or-later
/* Files of text that remember how they were built, and all that name where. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/fixup/fixup.h"
#include "builder/fixup/words.h"
#include "fs/base/cleanup.h"
#include "fs/base/elf.h"
#include "fs/base/io.h"
#include "fs/base/log.h"
#include "fs/base/text.h"

#define TEXT_MAX (8 << 20) /* larger ones are no text that anybody reads */
#define CHUNK	 (1 << 20)

static const struct kind {
	enum fixup_rule rule;
	const char *pattern;
	enum words_kind words;
} kinds[] = {
	{ FIXUP_PC, "*/pkgconfig/*.pc", WORDS_PLAIN },
	{ FIXUP_CONFIG, "*bin/*-config", WORDS_PLAIN },
	{ FIXUP_CONFIG, "*bin/*-config-*", WORDS_PLAIN },
	{ FIXUP_CONFIG, "*lib/*Config.sh", WORDS_PLAIN },
	{ FIXUP_CMAKE, "*.cmake", WORDS_CMAKE },
	{ FIXUP_PYTHON, "*/_sysconfigdata*.py", WORDS_PYTHON },
	{ FIXUP_PYTHON, "*/config-*/Makefile", WORDS_PYTHON },
};

static const struct kind *kind_of(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (fnmatch(kinds[i].pattern, path, 0) == 0)
			return &kinds[i];
	return NULL;
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

/* ---- what Python has compiled of a file that was mended ---- */

static int remove_compiled(struct fixup *f, const char *path)
{
	const char *slash = strrchr(path, '/');
	int dir = slash ? (int)(slash - path) : 0;
	autofree char *below = NULL, *full = NULL, *pattern = NULL;
	autodir DIR *d = NULL;
	struct dirent *e;

	below = text_of("%.*s/__pycache__", dir, path);
	full = below ? fixup_path(f, below) : NULL;
	if (!full || !(pattern = text_of("%.*s.*.pyc", (int)strlen(path + dir + !!slash) - 3,
					 path + dir + !!slash)))
		return log_errno(-ENOMEM, "%s", path);
	d = opendir(full);
	while (d && (e = readdir(d))) {
		if (fnmatch(pattern, e->d_name, 0) != 0)
			continue;
		if (unlinkat(dirfd(d), e->d_name, 0) < 0)
			return log_errno(-errno, "cannot remove '%s/%s'", below, e->d_name);
		fixup_note(f, FIXUP_PYTHON, path, "what was compiled of it is removed");
	}
	return 0;
}

/* ---- mending ---- */

/* -EFBIG when it is too large for a text; the caller frees. */
static int read_all(int fd, char **text, size_t *len)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size > TEXT_MAX)
		return -EFBIG;
	*text = malloc(st.st_size + 1);
	if (!*text)
		return -ENOMEM;
	n = pread(fd, *text, st.st_size, 0);
	if (n < 0)
		return -errno;
	(*text)[n] = '\0';
	*len = n;
	return 0;
}

static int mend(struct fixup *f, const struct kind *kind, const char *path, int fd)
{
	const struct words_build build = { .sysroot = f->sysroot,
					   .toolchain = f->toolchain,
					   .work = f->work,
					   .prefix = f->prefix,
					   .package = f->package };
	autofree char *text = NULL, *mended = NULL;
	size_t len = 0;
	int r = read_all(fd, &text, &len);

	if (r == -EFBIG || (r == 0 && memchr(text, '\0', len)))
		return 0;
	if (r < 0)
		return log_errno(r, "cannot read '%s'", path);
	mended = words_mend(&build, kind->words, text);
	if (!mended)
		return log_errno(-ENOMEM, "%s", path);
	if (strcmp(mended, text) == 0)
		return 0;
	r = replace(f, path, mended);
	if (r == 0)
		fixup_note(f, kind->rule, path, "paths of the build taken out");
	return r == 0 && fnmatch("*.py", path, 0) == 0 ? remove_compiled(f, path) : r;
}

/* ---- leaks ---- */

/* `last`: nothing comes behind it. */
static bool names(const char *text, size_t len, const char *path, bool last)
{
	size_t n = strlen(path);

	for (const char *at = text; (at = memmem(at, len - (at - text), path, n)); at++)
		if (at + n == text + len ? last : words_end_path(at[n]))
			return true;
	return false;
}

/* Where there is something from `at` on: what a path does not go across need not be read. */
static off_t next_data(int fd, off_t at, off_t size, bool *hole)
{
	off_t data = lseek(fd, at, SEEK_DATA);

	if (data < 0)
		data = errno == ENXIO ? size : at;
	*hole |= data > at;
	return data;
}

/* Which of the `paths` the first `size` bytes name, a chunk at a time: each begins with the end of
 * the one before. */
static int look_for(int fd, off_t size, const char *const *paths, size_t n, bool *found,
		    bool *binary)
{
	autofree char *chunk = malloc(CHUNK);
	size_t overlap = 0;

	for (size_t i = 0; i < n; i++)
		if (strlen(paths[i]) >= overlap)
			overlap = strlen(paths[i]) + 1;
	if (!chunk || overlap >= CHUNK)
		return -ENOMEM;
	for (off_t at = 0; at < size;) {
		size_t want;
		ssize_t len;

		at = next_data(fd, at, size, binary);
		if (at >= size)
			break;
		want = size - at < CHUNK ? size - at : CHUNK;
		len = pread(fd, chunk, want, at);
		if (len <= 0)
			return len < 0 ? -errno : 0;
		*binary |= memchr(chunk, '\0', len) != NULL;
		for (size_t i = 0; i < n; i++)
			found[i] |= names(chunk, len, paths[i], at + len >= size);
		at += (size_t)len <= overlap || at + len >= size ? len : len - (ssize_t)overlap;
	}
	return 0;
}

static int report_leaks(struct fixup *f, const char *path, int fd)
{
	const char *const paths[] = { f->sysroot, f->toolchain, f->work };
	bool found[ARRAY_SIZE(paths)] = { false }, binary = false;
	off_t loaded = elf_loaded_size(fd);
	struct stat st;
	int r = fstat(fd, &st) < 0 ? -errno : 0;

	if (r == 0)
		r = look_for(fd, loaded && loaded < st.st_size ? loaded : st.st_size, paths,
			     ARRAY_SIZE(paths), found, &binary);
	if (r < 0)
		return log_errno(r, "cannot read '%s'", path);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		autofree char *what = NULL;

		if (found[i] &&
		    (what = text_of("%s names '%s'", binary ? "binary" : "text", paths[i])))
			fixup_note(f, FIXUP_LEAKS, path, what);
	}
	return 0;
}

/* The file as it is by now: stripped, say, or mended by its rule. */
int fixup_text(struct fixup *f, const struct fixup_file *file)
{
	const struct kind *kind = kind_of(file->path);
	autofree char *full = fixup_path(f, file->path);
	autofd int fd = full ? open(full, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
	int r = 0;

	if (!full)
		return log_errno(-ENOMEM, "%s", file->path);
	if (fd < 0 || fixup_is_debug(file->path))
		return 0;
	if (kind && f->on[kind->rule])
		r = mend(f, kind, file->path, fd);
	return r == 0 && f->on[FIXUP_LEAKS] ? report_leaks(f, file->path, fd) : r;
}
