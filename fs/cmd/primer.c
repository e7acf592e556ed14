// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/cmd/primer.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/cleanup.h"

enum {
	BUFFER = 256 * 1024, /* since Linux 6.16 the kernel asks for as much as fits */
	LIST_FROM = 3,	     /* fewer names are as soon asked for one by one */
};

void primer_release(struct primer *primer)
{
	free(primer->buf);
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* How many names there are in what getdents64(2) has said; `*last` is one of them. */
static size_t count(const char *buf, ssize_t size, const char **last)
{
	size_t n = 0;

	for (ssize_t at = 0; at < size;) {
		const struct dirent64 *entry = (const void *)(buf + at);

		if (!is_dots(entry->d_name)) {
			*last = entry->d_name;
			n++;
		}
		at += entry->d_reclen;
	}
	return n;
}

/* Until `n` names have come: the end itself would be another request. */
static void list(int dir, char *buf, size_t n)
{
	for (size_t seen = 0; seen < n;) {
		const char *last = NULL;
		ssize_t size = getdents64(dir, buf, BUFFER);
		struct stat st;

		if (size <= 0)
			return;
		seen += count(buf, size, &last);
		/* but for its beginning, the kernel asks for attributes as well only when
		 * somebody has used those of before (fuse_use_readdirplus) */
		if (last && seen < n && fstatat(dir, last, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue; /* gone meanwhile */
	}
}

void primer_list(struct primer *primer, const char *path, size_t n)
{
	char full[PATH_MAX];
	autofd int dir = -1;

	if (n < LIST_FROM ||
	    snprintf(full, sizeof(full), "%s/%s", primer->root, path) >= (int)sizeof(full))
		return;
	if (!primer->buf && !(primer->buf = malloc(BUFFER)))
		return;
	dir = open(full, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return;
	/* or the list that the kernel has kept would do, which has no attributes */
	posix_fadvise(dir, 0, 0, POSIX_FADV_DONTNEED);
	list(dir, primer->buf, n);
}
