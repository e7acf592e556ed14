// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/text.h"
#include "fs/store/layer.h"
#include "fs/store/sparse.h"
#include "fs/store/traits.h"
#include "fs/store/whiteout.h"

char *tree_join(const char *path, const char *name)
{
	char *joined = NULL;

	if (!(joined = text_of("%s%s%s", path, *path ? "/" : "", name)))
		return NULL;
	return joined;
}

int tree_names(const struct layer *layer, const char *path, struct strv *ret)
{
	autofd int fd = layer_open(layer, path, O_RDONLY | O_DIRECTORY);
	autodir DIR *d = NULL;
	struct dirent *e;

	if (fd < 0)
		return fd == -ENOENT || fd == -ENOTDIR ? 0 : fd;
	d = fdopendir(fd);
	if (!d)
		return -errno;
	take_fd(&fd);
	while ((errno = 0, e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    strv_add(ret, e->d_name) < 0)
			return -ENOMEM;
	if (errno)
		return -errno;
	strv_sort(ret);
	return 0;
}

/* What there is at e->path. */
static int read_entry(const struct layer *layer, struct tree_entry *e)
{
	int r = note_stat(layer, e->path, &e->st, &e->note);

	if (r < 0)
		return r;
	e->whiteout = whiteout_is(&e->st);
	if (e->whiteout) { /* in whichever format */
		e->st.st_mode = S_IFCHR;
		e->st.st_rdev = 0;
	}
	if (S_ISDIR(e->st.st_mode)) {
		autofd int fd = layer_open(layer, e->path, O_PATH | O_DIRECTORY);

		r = fd < 0 ? fd : opaque_is(fd);
		e->opaque = r > 0;
	}
	return r < 0 ? r : 0;
}

static int walk(const struct layer *layer, const char *path,
		int (*visit)(const struct tree_entry *e, void *arg), void *arg)
{
	autostrv struct strv names = { 0 };
	int r = tree_names(layer, path, &names);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		autofree char *child = tree_join(path, names.v[i]);
		struct tree_entry e = { .path = child };

		r = child ? read_entry(layer, &e) : -ENOMEM;
		if (r == -ENOENT || r == -ENOTDIR) { /* gone meanwhile */
			r = 0;
			continue;
		}
		if (r == 0)
			r = visit(&e, arg);
		if (r == 0 && S_ISDIR(e.st.st_mode))
			r = walk(layer, child, visit, arg);
	}
	return r;
}

int tree_walk(const struct layer *layer, int (*visit)(const struct tree_entry *e, void *arg),
	      void *arg)
{
	return walk(layer, "", visit, arg);
}

int tree_readlink(const struct layer *layer, const char *path, char **ret)
{
	autofd int fd = layer_open(layer, path, O_PATH);

	return fd < 0 ? fd : io_readlink(fd, ret);
}

/* Without directories and whiteouts. */
struct counting {
	uint64_t files, bytes;
};

static int count_entry(const struct tree_entry *e, void *arg)
{
	struct counting *c = arg;

	if (S_ISDIR(e->st.st_mode) || e->whiteout)
		return 0;
	c->files++;
	c->bytes += S_ISREG(e->st.st_mode) ? e->st.st_size : 0;
	return 0;
}

int tree_count(const struct layer *layer, uint64_t *files, uint64_t *bytes)
{
	struct counting c = { 0 };
	int r = tree_walk(layer, count_entry, &c);

	*files = c.files;
	*bytes = c.bytes;
	return r;
}

struct hashing {
	const struct layer *layer;
	struct digest *digest;
	struct counting counting;
};

static int hash_file(const struct layer *layer, const char *path, char text[static SPARSE_HASH])
{
	autofd int fd = layer_open(layer, path, O_RDONLY | O_NONBLOCK);

	return fd < 0 ? fd : sparse_hash(fd, text);
}

static int hash_traits(const struct layer *layer, const char *path, char hex[static DIGEST_HEX])
{
	autofd int fd = layer_open(layer, path, O_PATH);

	return fd < 0 ? fd : traits_hash(fd, hex);
}

/* Its numbers: type and permissions, device, opaque, and the owner if it is not root. */
static void format_stat(const struct tree_entry *e, char *line, size_t size)
{
	size_t len = snprintf(line, size, "%o %" PRIu64 " %d", e->st.st_mode,
			      (uint64_t)e->st.st_rdev, e->opaque);
	uid_t uid;
	gid_t gid;

	note_owner(&e->note, &uid, &gid);
	if (uid || gid)
		snprintf(line + len, size - len, " %u:%u", uid, gid);
}

/* One line a thing; what is in it can hold no NUL, so NUL ends its fields. Those that few have come
 * only where there is something to say: no field of the next thing looks like them. */
static int hash_entry(const struct tree_entry *e, void *arg)
{
	struct hashing *h = arg;
	char contents[SPARSE_HASH] = "", traits[DIGEST_HEX] = "", line[96];
	autofree char *target = NULL;
	int r = count_entry(e, &h->counting);

	if (S_ISREG(e->st.st_mode))
		r = hash_file(h->layer, e->path, contents);
	else if (S_ISLNK(e->st.st_mode))
		r = tree_readlink(h->layer, e->path, &target);
	if (r == 0 && !e->whiteout)
		r = hash_traits(h->layer, e->path, traits);
	if (r < 0)
		return r;
	format_stat(e, line, sizeof(line));
	if ((r = digest_add(h->digest, line, strlen(line) + 1)) < 0 ||
	    (r = digest_add(h->digest, e->path, strlen(e->path) + 1)) < 0 ||
	    (r = digest_add(h->digest, contents, strlen(contents) + 1)) < 0)
		return r;
	if (target && (r = digest_add(h->digest, target, strlen(target) + 1)) < 0)
		return r;
	return *traits ? digest_add(h->digest, traits, strlen(traits) + 1) : 0;
}

int tree_hash(const struct layer *layer, char hex[static DIGEST_HEX], uint64_t *files,
	      uint64_t *bytes)
{
	struct hashing h = { .layer = layer, .digest = digest_new() };
	int r = h.digest ? tree_walk(layer, hash_entry, &h) : -ENOMEM;

	if (r == 0)
		r = digest_hex(h.digest, hex);
	digest_free(h.digest);
	*files = h.counting.files;
	*bytes = h.counting.bytes;
	return r;
}

static int same_file(const struct layer *a, const struct layer *b, const char *path)
{
	autofd int fa = layer_open(a, path, O_RDONLY | O_NONBLOCK);
	autofd int fb = layer_open(b, path, O_RDONLY | O_NONBLOCK);

	if (fa < 0 || fb < 0)
		return fa < 0 ? fa : fb;
	return sparse_same(fa, fb);
}

static bool same_owner(const struct note *a, const struct note *b)
{
	uid_t uid_a, uid_b;
	gid_t gid_a, gid_b;

	note_owner(a, &uid_a, &gid_a);
	note_owner(b, &uid_b, &gid_b);
	return uid_a == uid_b && gid_a == gid_b;
}

static int same_traits(const struct layer *a, const struct layer *b, const char *path)
{
	autofd int fa = layer_open(a, path, O_PATH);
	autofd int fb = layer_open(b, path, O_PATH);

	if (fa < 0 || fb < 0)
		return fa < 0 ? fa : fb;
	return traits_same(fa, fb);
}

int tree_same(const struct layer *a, const struct layer *b, const char *path)
{
	autofree char *ta = NULL;
	autofree char *tb = NULL;
	struct stat sa, sb;
	struct note na, nb;
	int r;

	if ((r = note_stat(a, path, &sa, &na)) < 0 || (r = note_stat(b, path, &sb, &nb)) < 0)
		return r;
	if ((sa.st_mode & S_IFMT) != (sb.st_mode & S_IFMT))
		return 0;
	if (S_ISDIR(sa.st_mode))
		return 1;
	if (sa.st_mode != sb.st_mode || !same_owner(&na, &nb))
		return 0;
	r = same_traits(a, b, path);
	if (r <= 0)
		return r;
	if (S_ISREG(sa.st_mode))
		return same_file(a, b, path);
	if (!S_ISLNK(sa.st_mode))
		return sa.st_rdev == sb.st_rdev;
	if ((r = tree_readlink(a, path, &ta)) < 0 || (r = tree_readlink(b, path, &tb)) < 0)
		return r;
	return strcmp(ta, tb) == 0;
}

const char *tree_type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "link";
	case S_IFCHR:
	case S_IFBLK:
		return "device";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	}
	return "";
}
