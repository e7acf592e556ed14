// SPDX-License-Identifier: GPL-2.0-or-later
/* model_same.c - comparing. */
#include "tests/fuzz/model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/store/names.h"
#include "fs/view/view.h"
#include "fs/xs/xs.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/plain.h"

void model_same_contents(struct node *node, const struct plain *file, const char *name)
{
	struct file *open_file = NULL;
	autofree char *data = malloc(file->size + 1);
	ssize_t n;
	int r = view_open(node, false, &open_file);

	if (r < 0)
		fuzz_fail("cannot open '%s': %s", name, strerror(-r));
	n = pread(open_file->fd, data, file->size + 1, 0);
	data_close(open_file);
	if (n != (ssize_t)file->size || memcmp(data, file->data ? file->data : "", n) != 0)
		fuzz_fail("'%s' has %zd bytes, and %zu are expected, or others", name, n,
			  file->size);
}

static void same_xattrs(struct node *node, const struct plain *file, const char *name)
{
	char value[300], list[300];
	ssize_t n = view_listxattr(node, list, sizeof(list));
	unsigned listed = 0, expected = 0;

	if (n < 0)
		fuzz_fail("no list of xattrs of '%s': %s", name, strerror(-n));
	for (const char *p = list; p < list + n; p += strlen(p) + 1)
		listed++;
	for (size_t i = 0; i < PLAIN_XATTRS; i++) {
		n = view_getxattr(node, plain_xattr_names[i], value, sizeof(value) - 1);
		value[n > 0 ? n : 0] = '\0';
		expected += !!file->xattr[i];
		if (file->xattr[i] ? n < 0 || strcmp(value, file->xattr[i]) != 0
				   : n != -ENODATA && n != -EOPNOTSUPP)
			fuzz_fail("'%s' has %s = '%s' (%zd), and should have '%s'", name,
				  plain_xattr_names[i], value, n,
				  file->xattr[i] ? file->xattr[i] : "(none)");
	}
	if (listed != expected)
		fuzz_fail("'%s' lists %u xattrs and not %u", name, listed, expected);
}

/* Whether its owner may read a 0:0 device depends on where it is kept: see special.h. */
static bool same_mode(mode_t mode, const struct plain *file)
{
	mode_t any = S_ISCHR(file->mode) && !file->rdev ? S_IRUSR : 0;

	return S_ISLNK(mode) || (mode | any) == (file->mode | any);
}

void model_same_stat(const struct stat *st, struct plain *file, const char *name)
{
	if ((st->st_mode & S_IFMT) != (file->mode & S_IFMT) || !same_mode(st->st_mode, file))
		fuzz_fail("'%s' has mode %o and not %o", name, st->st_mode, file->mode);
	if (file->ino && st->st_ino != file->ino)
		fuzz_fail("'%s' had the inode number %lu and has %lu", name,
			  (unsigned long)file->ino, (unsigned long)st->st_ino);
	if (S_ISDIR(st->st_mode))
		return;
	if (S_ISREG(st->st_mode) && (size_t)st->st_size != file->size)
		fuzz_fail("'%s' has %zu bytes and not %zu", name, (size_t)st->st_size, file->size);
	if ((S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) && st->st_rdev != file->rdev)
		fuzz_fail("'%s' is another device", name);
	if (!file->nlink_unsure && st->st_nlink != file->nlink)
		fuzz_fail("'%s' has %lu links and not %u", name, (unsigned long)st->st_nlink,
			  file->nlink);
	if (file->mtime_known && memcmp(&st->st_mtim, &file->mtime, sizeof(file->mtime)) != 0)
		fuzz_fail("'%s' has another time", name);
}

static void same_file(struct node *node, struct plain *file, const char *name)
{
	autofree char *target = NULL;
	struct stat st;
	int r = view_getattr(node, &st);

	if (r < 0)
		fuzz_fail("no attributes of '%s': %s", name, strerror(-r));
	if (S_ISDIR(file->mode) && file->removed) {
		fuzz_check(S_ISDIR(st.st_mode));
		return;
	}
	model_same_stat(&st, file, name);
	if (S_ISREG(st.st_mode))
		model_same_contents(node, file, name);
	if (S_ISLNK(st.st_mode)) {
		r = view_readlink(node, &target);
		if (r < 0 || strlen(target) != file->size ||
		    memcmp(target, file->data, file->size) != 0)
			fuzz_fail("the link '%s' is '%s'", name, r < 0 ? strerror(-r) : target);
	}
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
		same_xattrs(node, file, name);
}

static void same_names(const struct names *all, const struct plain *dir, bool top, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct name *e = &all->v[i];
		const struct plain *file;

		if (e->whiteout || (top && strcmp(e->text, VIEW_RESERVED_NAME) == 0))
			continue;
		n++;
		file = plain_find(dir, e->text);
		if (!file)
			fuzz_fail("'%s' lists '%s'", name, e->text);
		if (e->type != IFTODT(file->mode) && !S_ISCHR(file->mode))
			fuzz_fail("'%s' lists '%s' as %u", name, e->text, e->type);
	}
	if (n != dir->n)
		fuzz_fail("'%s' lists %zu names and not %zu", name, n, dir->n);
}

/* Those of the usual names that are not there. */
static void same_absent(struct node *node, const struct plain *dir)
{
	for (size_t i = 0; i < MODEL_NAMES; i++) {
		struct node *found = NULL;
		int r;

		if (plain_find(dir, model_names[i]))
			continue;
		r = view_lookup(node, model_names[i], &found, NULL);
		if (r != -ENOENT)
			fuzz_fail("a look-up of '%s' says %d", model_names[i], r);
	}
}

static void same_tree(struct model *m, struct side *side, struct node *node, struct plain *dir,
		      const char *path)
{
	autonames struct names *all = NULL;
	int r = view_list(node, &all);

	if (r < 0)
		fuzz_fail("cannot list '%s': %s", path, strerror(-r));
	same_names(all, dir, node == side->view->root, path);
	same_absent(node, dir);
	for (size_t i = 0; i < dir->n; i++) {
		struct plain_name *kid = &dir->kids[i];
		autofree char *below = NULL;
		struct node *child = NULL;
		struct stat st;

		if (asprintf(&below, "%s/%s", path, kid->name) < 0)
			fuzz_fail("no memory");
		r = view_lookup(node, kid->name, &child, &st);
		if (r < 0)
			fuzz_fail("'%s' is not there: %s", below, strerror(-r));
		model_same_stat(&st, kid->file, below);
		same_file(child, kid->file, below);
		for (size_t h = 0; h < HANDLES; h++)
			if (side->handles[h].file == kid->file && side->handles[h].node != child)
				fuzz_fail("'%s' is two nodes", below);
		if (S_ISDIR(st.st_mode))
			same_tree(m, side, child, kid->file, below);
		node_unref(&m->xs->nodes, child);
	}
}

void model_same_side(struct model *m, struct side *side)
{
	if (!side->view)
		return;
	same_tree(m, side, side->view->root, side->tree, "");
	for (size_t i = 0; i < HANDLES; i++)
		if (side->handles[i].node)
			same_file(side->handles[i].node, side->handles[i].file, "(a handle)");
}

/* Staging: the same files as in the root view, but for those that the base has. */
void model_same_staging(struct model *m, struct node *node, struct plain *dir,
			const struct plain *base)
{
	for (size_t i = 0; i < dir->n; i++) {
		struct plain_name *kid = &dir->kids[i];
		const struct plain *below = base ? plain_find(base, kid->name) : NULL;
		struct node *child = NULL;
		int r = node ? view_lookup(node, kid->name, &child, NULL) : -ENOENT;

		if (r < 0 && r != -ENOENT)
			fuzz_fail("staging: '%s': %s", kid->name, strerror(-r));
		if (S_ISDIR(kid->file->mode))
			model_same_staging(m, child, kid->file, below);
		else if ((r == 0) == !!below)
			fuzz_fail("staging has '%s': %d, the base: %d", kid->name, r == 0, !!below);
		else if (r == 0 && S_ISREG(kid->file->mode))
			model_same_contents(child, kid->file, kid->name);
		node_unref(&m->xs->nodes, child);
	}
}

void model_same_all(struct model *m)
{
	model_same_side(m, &m->root);
	model_same_side(m, &m->build);
	model_same_seen(m);
}
