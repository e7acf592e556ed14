// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/base/known.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "builder/base/places.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/text.h"

#define FILE_NAME  "known"
#define OF_VERSION "version "

enum {
	LINES_MAX = 50 * 1000, /* some toolchains; what was not asked for this time goes first */
	BYTES_MAX = 16 << 20,
	YOUNG_SECONDS = 3,
};

void known_open(struct known *k, const char *dir)
{
	autofree char *path = places_join(dir, FILE_NAME);
	autofree char *text = NULL;

	*k = (struct known){ .dir = dir };
	if (path && io_read_file(AT_FDCWD, path, BYTES_MAX, &text, NULL) == 0 &&
	    strv_split(&k->lines, text, "\n") < 0)
		strv_release(&k->lines);
	strv_sort(&k->lines);
}

static void save(const struct known *k)
{
	bool all = k->lines.n + k->fresh.n <= LINES_MAX;
	const struct strv *old = all ? &k->lines : &k->wanted;
	autofree char *before = strv_join(old, "\n");
	autofree char *since = strv_join(&k->fresh, "\n");
	autofree char *text = NULL;

	if (!before || !since || !(text = text_of("%s%s%s\n", before, *before ? "\n" : "", since)))
		return;
	places_write(k->dir, FILE_NAME, text);
}

void known_close(struct known *k)
{
	if (k->fresh.n)
		save(k);
	strv_release(&k->lines);
	strv_release(&k->fresh);
	strv_release(&k->wanted);
}

/* What its line begins with: "KIND DEV INO SIZE MTIME CTIME ". */
static char *name_of(const char *kind, const struct stat *st)
{
	return text_of("%s%jx %ju %jd %jd.%09ld %jd.%09ld ", kind, (uintmax_t)st->st_dev,
		       (uintmax_t)st->st_ino, (intmax_t)st->st_size, (intmax_t)st->st_mtim.tv_sec,
		       st->st_mtim.tv_nsec, (intmax_t)st->st_ctim.tv_sec, st->st_ctim.tv_nsec);
}

/* The first of the sorted lines that is not before `name`. */
static size_t find(const struct known *k, const char *name)
{
	size_t from = 0, to = k->lines.n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (strcmp(k->lines.v[mid], name) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static bool is_digest(const char *value)
{
	return strlen(value) == DIGEST_HEX - 1 &&
	       strspn(value, "0123456789abcdef") == DIGEST_HEX - 1;
}

static bool is_text(const char *value)
{
	return *value;
}

/* The value behind `name` that `fits`, lent; NULL: none. */
static const char *recall(struct known *k, const char *name, bool (*fits)(const char *value))
{
	size_t n = strlen(name);

	for (size_t i = find(k, name); i < k->lines.n; i++) {
		if (strncmp(k->lines.v[i], name, n) != 0)
			break;
		if (fits(k->lines.v[i] + n))
			return strv_add(&k->wanted, k->lines.v[i]) < 0 ? NULL : k->lines.v[i] + n;
	}
	return NULL;
}

/* One that has just changed may change again before the clock goes on. */
static bool is_young(const struct stat *st)
{
	return st->st_ctim.tv_sec + YOUNG_SECONDS >= time(NULL);
}

char *known_inode(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 || is_young(&st) ? NULL : name_of("", &st);
}

static int keep(struct known *k, const char *name, const struct stat *st, const char *value)
{
	if (is_young(st))
		return 0;
	return strv_addf(&k->fresh, "%s%s", name, value);
}

int known_digest(struct known *k, int fd, char hex[static DIGEST_HEX])
{
	autofree char *name = NULL;
	const char *value;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	name = name_of("", &st);
	if (!name)
		return -ENOMEM;
	value = recall(k, name, is_digest);
	if (value) {
		memcpy(hex, value, DIGEST_HEX);
		return 0;
	}
	r = digest_of_fd(fd, hex);
	return r == 0 ? keep(k, name, &st, hex) : r;
}

const char *known_version(struct known *k, int fd)
{
	autofree char *name = NULL;
	struct stat st;

	name = fstat(fd, &st) < 0 ? NULL : name_of(OF_VERSION, &st);
	return name ? recall(k, name, is_text) : NULL;
}

int known_set_version(struct known *k, int fd, const char *version)
{
	autofree char *name = NULL;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	name = name_of(OF_VERSION, &st);
	return name ? keep(k, name, &st, version) : -ENOMEM;
}
