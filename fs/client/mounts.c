// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/client/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"

void mounts_release(struct mounts *mounts)
{
	strv_release(&mounts->points);
	strv_release(&mounts->states);
	free(mounts->facts);
	mounts->facts = NULL;
}

/* Blanks, backslashes and the like are written as \OOO. */
static void undo_escapes(char *s)
{
	char *to = s;

	for (; *s; s++) {
		unsigned code;

		if (*s == '\\' && sscanf(s + 1, "%3o", &code) == 1) {
			*to++ = (char)code;
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/* `options` begins with what the kernel says itself, before any text that was given. */
static uid_t user_of(const char *options)
{
	const char *at = strstr(options, "user_id=");

	return at ? (uid_t)strtoul(at + strlen("user_id="), NULL, 10) : (uid_t)-1;
}

static int add(struct mounts *mounts, char *point, char *state, const struct mount_facts *facts)
{
	size_t n = mounts->points.n;
	struct mount_facts *more = realloc(mounts->facts, (n + 1) * sizeof(*more));
	int r;

	if (!more)
		return -ENOMEM;
	mounts->facts = more;
	more[n] = *facts;
	undo_escapes(point);
	undo_escapes(state);
	r = strv_add(&mounts->states, state);
	return r == 0 ? strv_add(&mounts->points, point) : r;
}

/* proc(5): "id parent major:minor root point options [field...] - type source options". */
static int take_line(struct mounts *mounts, const char *line)
{
	enum { ID, ROOT = 3, POINT, FIRST_OPTIONAL = 6 };
	autostrv struct strv words = { 0 };
	size_t dash = FIRST_OPTIONAL;
	int r = strv_split(&words, line, " \n");

	while (dash < words.n && strcmp(words.v[dash], "-") != 0)
		dash++;
	if (r < 0 || dash + 3 >= words.n || strcmp(words.v[dash + 1], MOUNT_TYPE) != 0)
		return r;
	return add(mounts, words.v[POINT], words.v[dash + 2],
		   &(struct mount_facts){ .id = atoi(words.v[ID]),
					  .user = user_of(words.v[dash + 3]),
					  .whole = strcmp(words.v[ROOT], "/") == 0 });
}

int mounts_read(struct mounts *mounts)
{
	autoclose FILE *f = fopen("/proc/self/mountinfo", "re");
	autofree char *line = NULL;
	size_t size = 0;
	int r = 0;

	if (!f)
		return -errno;
	while (r == 0 && getline(&line, &size, f) > 0)
		r = take_line(mounts, line);
	return r;
}

const char *mounts_point_of(const struct mounts *mounts, const char *state)
{
	const char *part = NULL;

	for (size_t i = 0; i < mounts->points.n; i++) {
		if (strcmp(mounts->states.v[i], state) != 0)
			continue;
		if (mounts->facts[i].whole)
			return mounts->points.v[i];
		part = mounts->points.v[i];
	}
	return part;
}

static const struct mount_facts *topmost(const struct mounts *mounts, const char *point)
{
	for (size_t i = mounts->points.n; i-- > 0;)
		if (strcmp(mounts->points.v[i], point) == 0)
			return &mounts->facts[i];
	return NULL;
}

const char *mounts_state_of(const struct mounts *mounts, const char *point)
{
	const struct mount_facts *facts = topmost(mounts, point);

	return facts ? mounts->states.v[facts - mounts->facts] : NULL;
}

uid_t mounts_user_of(const struct mounts *mounts, const char *point)
{
	const struct mount_facts *facts = topmost(mounts, point);

	return facts ? facts->user : (uid_t)-1;
}

/* Of the mount that an open file lies on. */
static int mount_id_of(int fd)
{
	autoclose FILE *f = NULL;
	char path[64], line[256];
	int id = -1;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "mnt_id: %d", &id) == 1)
			break;
	return id;
}

/* O_PATH asks no daemon for the root of its mount: that of a dead one opens, too. */
static int open_nearest(const char *path, bool follow)
{
	autofree char *copy = strdup(path);
	int fd = open(path, O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW));

	while (fd < 0 && copy && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) {
		char *slash = strrchr(copy, '/');

		if (slash == copy || !*copy)
			return open("/", O_PATH | O_CLOEXEC);
		if (!slash)
			return open(".", O_PATH | O_CLOEXEC);
		*slash = '\0';
		fd = open(copy, O_PATH | O_CLOEXEC);
	}
	return fd;
}

int mounts_at(const struct mounts *mounts, const char *path, bool follow)
{
	autofd int fd = open_nearest(path, follow);
	int id = fd < 0 ? -1 : mount_id_of(fd);

	for (size_t i = 0; id >= 0 && i < mounts->points.n; i++)
		if (mounts->facts[i].id == id)
			return (int)i;
	return -ENOENT;
}

char *mounts_real_path(const char *given)
{
	autofd int fd = open(given, O_PATH | O_CLOEXEC);
	char link[32], path[PATH_MAX + 1];
	ssize_t n;

	if (fd < 0)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	return n < 0 ? NULL : strndup(path, n);
}
