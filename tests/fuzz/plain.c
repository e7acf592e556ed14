// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fuzz/plain.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "tests/fuzz/fuzz.h"

const char *const plain_xattr_names[PLAIN_XATTRS] = { "user.t", "user.u" };

struct plain *plain_new(mode_t mode)
{
	struct plain *p = calloc(1, sizeof(*p));

	p->mode = mode;
	p->refs = 1;
	return p;
}

struct plain *plain_ref(struct plain *p)
{
	p->refs++;
	return p;
}

void plain_unref(struct plain *p)
{
	if (!p || --p->refs > 0)
		return;
	for (size_t i = 0; i < p->n; i++) {
		p->kids[i].file->parent = NULL;
		plain_unref(p->kids[i].file);
		free(p->kids[i].name);
	}
	for (size_t i = 0; i < PLAIN_XATTRS; i++)
		free(p->xattr[i]);
	free(p->kids);
	free(p->data);
	free(p);
}

static struct plain_name *find_name(const struct plain *dir, const char *name)
{
	for (size_t i = 0; i < dir->n; i++)
		if (strcmp(dir->kids[i].name, name) == 0)
			return &dir->kids[i];
	return NULL;
}

struct plain *plain_find(const struct plain *dir, const char *name)
{
	struct plain_name *found = find_name(dir, name);

	return found ? found->file : NULL;
}

void plain_add(struct plain *dir, const char *name, struct plain *file)
{
	dir->kids = realloc(dir->kids, (dir->n + 1) * sizeof(*dir->kids));
	dir->kids[dir->n++] = (struct plain_name){ strdup(name), plain_ref(file) };
	file->nlink++;
	file->linkable = false;
	if (S_ISDIR(file->mode)) {
		file->parent = dir;
		file->removed = false;
	}
}

void plain_remove(struct plain *dir, const char *name)
{
	struct plain_name *found = find_name(dir, name);
	struct plain *file;

	if (!found)
		return;
	file = found->file;
	free(found->name);
	*found = dir->kids[--dir->n];
	file->nlink--;
	if (S_ISDIR(file->mode)) {
		file->parent = NULL;
		file->removed = true;
	}
	plain_unref(file);
}

void plain_truncate(struct plain *file, size_t size)
{
	file->data = realloc(file->data, size + 1);
	if (size > file->size)
		memset(file->data + file->size, 0, size - file->size);
	file->size = size;
	file->mtime_known = false;
}

void plain_write(struct plain *file, const void *data, size_t size, size_t at)
{
	if (!size)
		return;
	if (at + size > file->size)
		plain_truncate(file, at + size);
	memcpy(file->data + at, data, size);
	file->mtime_known = false;
}

bool plain_is_in(const struct plain *dir, const struct plain *above)
{
	for (; dir; dir = dir->parent)
		if (dir == above)
			return true;
	return false;
}

/* The files of one layer that have several names. */
struct group {
	struct group *next;
	ino_t ino;
	struct plain *file;
};

struct overlay {
	bool marks;
	struct group *groups;
};

static bool has_xattr(const char *path, const char *name, char *value, size_t size)
{
	ssize_t n = lgetxattr(path, name, value, size - 1);

	value[n > 0 ? n : 0] = '\0';
	return n >= 0;
}

static void read_contents(struct plain *file, const char *path, const struct stat *st)
{
	autofd int fd = open(path, O_RDONLY | O_NOFOLLOW);

	plain_truncate(file, st->st_size);
	if (fd < 0 || pread(fd, file->data, file->size, 0) != (ssize_t)file->size)
		fuzz_fail("cannot read '%s'", path);
}

static void read_attributes(struct plain *file, const char *path, const struct stat *st)
{
	char value[256];

	for (size_t i = 0; i < PLAIN_XATTRS; i++)
		if (!S_ISLNK(st->st_mode) &&
		    has_xattr(path, plain_xattr_names[i], value, sizeof(value))) {
			free(file->xattr[i]);
			file->xattr[i] = strdup(value);
		} else {
			free(file->xattr[i]);
			file->xattr[i] = NULL;
		}
}

static bool is_special(const char *path, const struct stat *st)
{
	char value[16];

	return S_ISREG(st->st_mode) && st->st_mode & S_ISVTX && !st->st_size &&
	       has_xattr(path, "user.xsysfs.special", value, sizeof(value));
}

static struct plain *read_file(struct overlay *o, const char *path, const struct stat *st)
{
	struct plain *file = plain_new(st->st_mode);

	file->rdev = st->st_rdev;
	if (S_ISREG(st->st_mode)) {
		read_contents(file, path, st);
		file->mtime = st->st_mtim;
		file->mtime_known = true;
	} else if (S_ISLNK(st->st_mode)) {
		plain_truncate(file, st->st_size);
		if (readlink(path, file->data, file->size) != (ssize_t)file->size)
			fuzz_fail("cannot read the link '%s'", path);
	}
	read_attributes(file, path, st);
	if (o->marks && is_special(path, st)) {
		file->mode = S_IFCHR | (st->st_mode & 0777);
		file->rdev = makedev(0, 0);
		file->mtime_known = false;
	}
	return file;
}

/* A file of a hard-link group is read once. */
static struct plain *read_linked(struct overlay *o, const char *path, const struct stat *st)
{
	struct group *g;

	for (g = o->groups; g; g = g->next)
		if (g->ino == st->st_ino)
			return plain_ref(g->file);
	g = calloc(1, sizeof(*g));
	g->ino = st->st_ino;
	g->file = read_file(o, path, st);
	g->next = o->groups;
	o->groups = g;
	g->file->ino = st->st_nlink; /* until plain_count_links */
	return plain_ref(g->file);
}

static void overlay_dir(struct overlay *o, struct plain *dir, const char *path, bool top);

static void drop_tree(struct plain *dir)
{
	while (dir->n) {
		if (S_ISDIR(dir->kids[0].file->mode))
			drop_tree(dir->kids[0].file);
		plain_remove(dir, dir->kids[0].name);
	}
}

static void replace(struct plain *dir, const char *name)
{
	struct plain *old = plain_find(dir, name);

	if (old && S_ISDIR(old->mode))
		drop_tree(old);
	plain_remove(dir, name);
}

static void overlay_entry(struct overlay *o, struct plain *dir, const char *name, const char *path)
{
	struct plain *old = plain_find(dir, name), *file;
	char value[16];
	struct stat st;

	if (lstat(path, &st) < 0)
		fuzz_fail("cannot look at '%s'", path);
	if (o->marks && S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0)) {
		replace(dir, name);
		return;
	}
	if (!S_ISDIR(st.st_mode)) {
		replace(dir, name);
		file = read_linked(o, path, &st);
		plain_add(dir, name, file);
		plain_unref(file);
		return;
	}
	if (!old || !S_ISDIR(old->mode) ||
	    (o->marks && has_xattr(path, "user.overlay.opaque", value, sizeof(value)) &&
	     strcmp(value, "y") == 0)) {
		replace(dir, name);
		file = plain_new(st.st_mode);
		plain_add(dir, name, file);
		plain_unref(file);
	}
	file = plain_find(dir, name);
	file->mode = st.st_mode;
	overlay_dir(o, file, path, false);
}

static void overlay_dir(struct overlay *o, struct plain *dir, const char *path, bool top)
{
	autodir DIR *d = opendir(path);
	struct dirent *e;
	struct stat st;

	if (!d || lstat(path, &st) < 0)
		fuzz_fail("cannot read '%s'", path);
	read_attributes(dir, path, &st); /* of the topmost that has the directory */
	while ((e = readdir(d))) {
		autofree char *child = NULL;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    (top && strcmp(e->d_name, ".xsysfs") == 0))
			continue;
		if (asprintf(&child, "%s/%s", path, e->d_name) < 0)
			fuzz_fail("no memory");
		overlay_entry(o, dir, e->d_name, child);
	}
}

void plain_overlay(struct plain *root, const char *path, bool marks)
{
	struct overlay o = { .marks = marks };

	overlay_dir(&o, root, path, true);
	for (struct group *g = o.groups, *next; g; g = next) {
		next = g->next;
		plain_unref(g->file);
		free(g);
	}
}

void plain_count_links(struct plain *root)
{
	for (size_t i = 0; i < root->n; i++) {
		struct plain *file = root->kids[i].file;

		if (S_ISDIR(file->mode)) {
			plain_count_links(file);
		} else if (file->ino) {
			file->nlink_unsure = file->nlink != file->ino;
			file->ino = 0;
		}
	}
}
