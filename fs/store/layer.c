// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/layer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/text.h"
#include "fs/store/meta.h"
#include "fs/store/note.h"

/* The hard-link groups of a layer: parallel lists, one pair a name. */
struct links {
	struct strv paths;
	ino_t *inodes;
};

static pthread_mutex_t links_lock = PTHREAD_MUTEX_INITIALIZER;

/* Since Linux 5.8. */
static uint64_t mount_of(int fd)
{
	struct statx x;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &x) < 0)
		return 0;
	return x.stx_mask & STATX_MNT_ID ? x.stx_mnt_id : 0;
}

int layer_new(enum origin origin, const char *id, int fd, struct meta *meta, struct layer **ret)
{
	autofree struct layer *layer = calloc(1, sizeof(*layer));
	enum note_state notes = NOTE_NONE;
	int r = !layer ? -ENOMEM : fd < 0 ? 0 : note_state_of(fd, &notes);

	if (r < 0)
		return r;
	layer->id = strdup(id);
	if (!layer->id)
		return -ENOMEM;
	layer->refs = 1;
	layer->fd = fd;
	layer->empty = -1;
	layer->origin = origin;
	layer->notes = notes;
	layer->mount = mount_of(fd);
	layer->meta = meta;
	*ret = take_ptr(layer);
	return 0;
}

struct layer *layer_ref(struct layer *layer)
{
	__atomic_fetch_add(&layer->refs, 1, __ATOMIC_RELAXED);
	return layer;
}

static void links_free(struct links *links)
{
	if (!links)
		return;
	strv_release(&links->paths);
	free(links->inodes);
	free(links);
}

void layer_unref(struct layer *layer)
{
	if (!layer || __atomic_sub_fetch(&layer->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	close(layer->fd);
	if (layer->empty >= 0)
		close(layer->empty);
	meta_free(layer->meta);
	links_free(layer->links);
	free(layer->id);
	free(layer);
}

const char *origin_name(enum origin origin)
{
	static const char *const names[] = {
		[ORIGIN_BASE] = "base",
		[ORIGIN_PACKAGE] = "package",
		[ORIGIN_LOCAL] = "local",
	};

	return names[origin];
}

const char *layer_package(const struct layer *layer)
{
	return layer->meta ? layer->meta->package : layer->origin == ORIGIN_LOCAL ? "local" : "";
}

const char *layer_version(const struct layer *layer)
{
	return layer->meta ? layer->meta->version : "";
}

const struct parts *layer_parts(const struct layer *layer)
{
	static const struct parts none;

	return layer->meta ? &layer->meta->parts : &none;
}

static int open_beneath(int dir, const char *path, int flags)
{
	struct open_how how = {
		.flags = flags | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
			   RESOLVE_NO_XDEV,
	};
	int fd;

	do
		fd = syscall(SYS_openat2, dir, *path ? path : ".", &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN); /* somebody's lease is being broken (fcntl(2)) */
	return fd < 0 ? -errno : fd;
}

/* A path that one system call does not take: step by step, each step whole components. */
static int open_long(int dir, const char *path, int flags)
{
	autofd int here = -1;

	while (strlen(path) >= PATH_MAX) {
		const char *cut = path + PATH_MAX - 1;
		autofree char *head = NULL;
		int next;

		while (cut > path && *cut != '/')
			cut--;
		if (cut == path)
			return -ENAMETOOLONG;
		head = strndup(path, cut - path);
		if (!head)
			return -ENOMEM;
		next = open_beneath(here >= 0 ? here : dir, head, O_PATH | O_DIRECTORY);
		if (next < 0)
			return next;
		if (here >= 0)
			close(here);
		here = next;
		path = cut + 1;
	}
	return open_beneath(here >= 0 ? here : dir, path, flags);
}

int layer_open_at(int dir, const char *path, int flags)
{
	return strlen(path) < PATH_MAX ? open_beneath(dir, path, flags)
				       : open_long(dir, path, flags);
}

static bool is_one_name(const char *name)
{
	return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !strchr(name, '/');
}

/* Of a path that leads to a mount or below it. */
static int open_mount_point(const struct layer *layer, const char *path, int flags)
{
	const char *name;
	autofd int dir = layer_open_dir_of(layer, path, &name);
	struct stat st;
	int r = dir < 0 ? dir : layer_open_at(dir, name, flags);

	if (r != -EXDEV || !is_one_name(name)) /* it may have been unmounted since */
		return r;
	r = layer_stat_at(layer, dir, name, &st);
	if (r < 0)
		return r;
	r = openat(layer->empty, ".", flags | O_DIRECTORY | O_CLOEXEC);
	return r < 0 ? -errno : r;
}

int layer_open(const struct layer *layer, const char *path, int flags)
{
	int fd = layer_open_at(layer->fd, path, flags);

	return fd == -EXDEV && layer->empty >= 0 && *path != '/'
		       ? open_mount_point(layer, path, flags)
		       : fd;
}

int layer_open_dir_of(const struct layer *layer, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	autofree char *dir = strndup(path, slash ? slash - path : 0);

	*name = slash ? slash + 1 : path;
	return dir ? layer_open(layer, dir, O_PATH | O_DIRECTORY) : -ENOMEM;
}

int layer_stat(const struct layer *layer, const char *path, struct stat *st)
{
	autofd int fd = layer_open(layer, path, O_PATH);

	if (fd < 0)
		return fd;
	return fstat(fd, st) < 0 ? -errno : 0;
}

/* A name alone is not followed; what is mounted on it is told by its number, and not asked: it may
 * be ours. */
int layer_stat_at(const struct layer *layer, int dir, const char *name, struct stat *st)
{
	struct statx x;

	if (!layer->mount || !is_one_name(name)) {
		autofd int fd = layer_open_at(dir, name, O_PATH);

		return fd < 0 ? fd : fstat(fd, st) < 0 ? -errno : 0;
	}
	if (statx(dir, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
		  STATX_BASIC_STATS | STATX_MNT_ID, &x) < 0)
		return -errno;
	if (x.stx_mnt_id != layer->mount) {
		if (!S_ISDIR(x.stx_mode) || layer->empty < 0)
			return -EXDEV;
		return fstat(layer->empty, st) < 0 ? -errno : 0;
	}
	*st = (struct stat){
		.st_dev = makedev(x.stx_dev_major, x.stx_dev_minor),
		.st_ino = x.stx_ino,
		.st_mode = x.stx_mode,
		.st_nlink = x.stx_nlink,
		.st_uid = x.stx_uid,
		.st_gid = x.stx_gid,
		.st_rdev = makedev(x.stx_rdev_major, x.stx_rdev_minor),
		.st_size = x.stx_size,
		.st_blksize = x.stx_blksize,
		.st_blocks = x.stx_blocks,
		.st_atim = { x.stx_atime.tv_sec, x.stx_atime.tv_nsec },
		.st_mtim = { x.stx_mtime.tv_sec, x.stx_mtime.tv_nsec },
		.st_ctim = { x.stx_ctime.tv_sec, x.stx_ctime.tv_nsec },
	};
	return 0;
}

static int links_add(struct links *links, const char *path, ino_t ino)
{
	ino_t *inodes = reallocarray(links->inodes, links->paths.n + 1, sizeof(*inodes));

	if (!inodes)
		return -ENOMEM;
	links->inodes = inodes;
	inodes[links->paths.n] = ino;
	return strv_add(&links->paths, path);
}

/* The names in a directory, read and closed again: a walk of any depth holds no descriptor. */
static int read_names(const struct layer *layer, const char *path, struct strv *ret)
{
	int fd = layer_open(layer, path, O_RDONLY | O_DIRECTORY);
	autodir DIR *d = NULL;
	struct dirent *e;

	if (fd == -EXDEV || fd == -EACCES) /* nobody can have got a file from there */
		return 0;
	if (fd < 0)
		return fd;
	d = fdopendir(fd); /* has the descriptor from here on */
	if (!d) {
		close(fd);
		return -errno;
	}
	while ((errno = 0, e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    strv_add(ret, e->d_name) < 0)
			return -ENOMEM;
	return -errno;
}

static int links_walk(const struct layer *layer, struct links *links, const char *path)
{
	autostrv struct strv names = { 0 };
	int r = read_names(layer, path, &names);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		autofree char *child = NULL;
		struct stat st;

		child = text_of("%s%s%s", path, *path ? "/" : "", names.v[i]);
		if (!child)
			return -ENOMEM;
		r = layer_stat(layer, child, &st);
		if (r == 0 && S_ISDIR(st.st_mode))
			r = links_walk(layer, links, child);
		else if (r == 0 && st.st_nlink > 1)
			r = links_add(links, child, st.st_ino);
		else if (r == -EXDEV)
			r = 0;
	}
	return r;
}

static int links_load(struct layer *layer)
{
	struct links *links;
	int r;

	if (layer->links)
		return 0;
	links = calloc(1, sizeof(*links));
	if (!links)
		return -ENOMEM;
	r = links_walk(layer, links, "");
	if (r < 0) {
		links_free(links);
		return r;
	}
	layer->links = links;
	return 0;
}

int layer_other_names(struct layer *layer, const char *path, ino_t ino, struct strv *ret)
{
	int r;

	pthread_mutex_lock(&links_lock);
	r = links_load(layer);
	for (size_t i = 0; r == 0 && i < layer->links->paths.n; i++)
		if (layer->links->inodes[i] == ino && strcmp(layer->links->paths.v[i], path) != 0)
			r = strv_add(ret, layer->links->paths.v[i]);
	pthread_mutex_unlock(&links_lock);
	return r;
}
