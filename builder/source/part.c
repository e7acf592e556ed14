// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/source/part.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/base/places.h"
#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/text.h"

int part_init(struct part *p, const char *dir, const char *name, const char *sha256, uint64_t size,
	      uint64_t most)
{
	*p = (struct part){ .size = size, .most = size ?: most ?: PART_MOST, .fd = -1 };
	snprintf(p->sha256, sizeof(p->sha256), "%s", sha256 ?: "");
	p->dir = strdup(dir);
	p->name = strdup(name);
	p->path = places_join(dir, name);
	p->part_path = text_of("%s/%s.part", dir, name);
	p->bad_path = text_of("%s/%s.bad", dir, name);
	return p->dir && p->name && p->path && p->part_path && p->bad_path ? 0 : -ENOMEM;
}

void part_drop(struct part *p)
{
	if (p->fd < 0)
		return;
	if (part_have(p) == 0)
		unlink(p->part_path);
	close(p->fd);
	p->fd = -1;
}

void part_release(struct part *p)
{
	if (p->fd >= 0)
		close(p->fd);
	free(p->dir);
	free(p->name);
	free(p->path);
	free(p->part_path);
	free(p->bad_path);
	*p = (struct part){ .fd = -1 };
}

int part_take(struct part *p)
{
	autofd int fd = open(p->part_path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	struct stat ours, there;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 0 : -errno;
	/* who had it may have moved it away meanwhile */
	if (fstat(fd, &ours) < 0 || stat(p->part_path, &there) < 0 || there.st_ino != ours.st_ino ||
	    there.st_dev != ours.st_dev)
		return 0;
	if ((!*p->sha256 || (uint64_t)ours.st_size > p->most) && ftruncate(fd, 0) < 0)
		return -errno;
	p->fd = take_fd(&fd);
	return 1;
}

off_t part_have(const struct part *p)
{
	struct stat st;

	return fstat(p->fd, &st) < 0 ? -errno : st.st_size;
}

int part_expect(const struct part *p, uint64_t total, char **why)
{
	if (p->size && total != p->size)
		return why_set(why, -EBADMSG,
			       "'%s' is %" PRIu64 " bytes there, and should be %" PRIu64, p->name,
			       total, p->size);
	if (total > p->most)
		return why_set(why, -EFBIG, "'%s' is %" PRIu64 " bytes, and the most is %" PRIu64,
			       p->name, total, p->most);
	return 0;
}

int part_empty(struct part *p, char **why)
{
	return ftruncate(p->fd, 0) < 0 ? why_errno(why, -errno, "cannot write '%s'", p->part_path)
				       : 0;
}

int part_add(struct part *p, const void *data, size_t len, char **why)
{
	off_t have = part_have(p);
	int r;

	if (have < 0)
		return why_errno(why, have, "cannot read '%s'", p->part_path);
	if ((uint64_t)have + len > p->most) {
		r = part_empty(p, why);
		return r < 0 ? r
			     : why_set(why, -EFBIG, "more than %" PRIu64 " bytes came for '%s'",
				       p->most, p->name);
	}
	r = io_write_all(p->fd, data, len);
	return r < 0 ? why_errno(why, r, "cannot write '%s'", p->part_path) : 0;
}

bool part_may_be_whole(const struct part *p)
{
	off_t have = part_have(p);

	return *p->sha256 && have > 0 && (!p->size || (uint64_t)have == p->size);
}

int part_check(struct part *p, char **why)
{
	off_t have = part_have(p);
	char hex[DIGEST_HEX];
	int r = have < 0 ? (int)have : 0;

	if (r == 0 && p->size && (uint64_t)have != p->size)
		return why_set(why, -EBADMSG,
			       "'%s' has %" PRIu64 " bytes, and should have %" PRIu64, p->name,
			       (uint64_t)have, p->size);
	if (r == 0 && lseek(p->fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		r = digest_of_fd(p->fd, hex);
	if (r < 0)
		return why_errno(why, r, "cannot read '%s'", p->name);
	if (*p->sha256 && strcmp(hex, p->sha256) != 0)
		return why_set(why, -EBADMSG, "sha256 of '%s' is %s, and should be %s", p->name,
			       hex, p->sha256);
	return 0;
}

int part_keep(struct part *p, char **why)
{
	if (fsync(p->fd) < 0)
		return why_errno(why, -errno, "cannot write '%s'", p->name);
	return rename(p->part_path, p->path) < 0
		       ? why_errno(why, -errno, "cannot rename to '%s'", p->path)
		       : 0;
}

void part_put_aside(struct part *p, char **why)
{
	autofree char *wrong = *why;

	if (rename(p->part_path, p->bad_path) == 0)
		why_set(why, -EBADMSG, "%s (kept as '%s')", wrong ? wrong : "", p->bad_path);
	else
		*why = take_ptr(wrong);
}
