// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/known.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "builder/places.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"

#define FILE_NAME "known"

enum {
	LINES_MAX = 200,
	BYTES_MAX = 64 * 1024,
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
}

void known_close(struct known *k)
{
	size_t first = k->lines.n > LINES_MAX ? k->lines.n - LINES_MAX : 0;
	const struct strv kept = { k->lines.v + first, k->lines.n - first };
	autofree char *text = k->changed ? strv_join(&kept, "\n") : NULL;

	if (text)
		places_write(k->dir, FILE_NAME, text);
	strv_release(&k->lines);
}

/* "DEV INO SIZE MTIME CTIME " */
static char *name_of(const struct stat *st)
{
	char *name;

	return asprintf(&name, "%jx %ju %jd %jd.%09ld %jd.%09ld ", (uintmax_t)st->st_dev,
			(uintmax_t)st->st_ino, (intmax_t)st->st_size, (intmax_t)st->st_mtim.tv_sec,
			st->st_mtim.tv_nsec, (intmax_t)st->st_ctim.tv_sec, st->st_ctim.tv_nsec) < 0
		       ? NULL
		       : name;
}

static bool recall(const struct known *k, const char *name, char hex[static DIGEST_HEX])
{
	size_t n = strlen(name);

	strv_foreach (line, &k->lines) {
		if (strncmp(*line, name, n) != 0 || strlen(*line + n) != DIGEST_HEX - 1 ||
		    strspn(*line + n, "0123456789abcdef") != DIGEST_HEX - 1)
			continue;
		memcpy(hex, *line + n, DIGEST_HEX);
		return true;
	}
	return false;
}

int known_digest(struct known *k, int fd, char hex[static DIGEST_HEX])
{
	autofree char *name = NULL;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	name = name_of(&st);
	if (!name)
		return -ENOMEM;
	if (recall(k, name, hex))
		return 0;
	r = digest_of_fd(fd, hex);
	if (r == 0 && st.st_ctim.tv_sec + YOUNG_SECONDS < time(NULL)) {
		r = strv_addf(&k->lines, "%s%s", name, hex);
		k->changed = true;
	}
	return r;
}
