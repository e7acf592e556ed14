// SPDX-License-Identifier: GPL-2.0-or-later
/* model.c - random operations on the engine and on a plain tree in memory, compared as they go.
 *
 * The input makes a base, up to three packages and what was written by hand, and then operates on
 * the root view and on a build view: everything that a program can do to a file, by path and
 * through handles that outlive names; installs, removals, roll-backs and remounts come in between.
 * In some runs one system call or allocation of an operation fails: then it either has been done or
 * says so and nothing has changed.
 *
 * The caller is the kernel, so what the kernel itself refuses (a directory that moves below itself,
 * say) is not tried.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/install.h"
#include "fs/layer.h"
#include "fs/layerset.h"
#include "fs/meta.h"
#include "fs/names.h"
#include "fs/state.h"
#include "fs/view.h"
#include "fs/xs.h"
#include "tests/fuzz/fault.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/plain.h"

enum { HANDLES = 6, MAX_KIDS = 12, MAX_DEPTH = 4, MAX_STEPS = 300, MAX_SIZE = 40000 };

struct handle {
	struct node *node; /* NULL: unused */
	struct plain *file;
};

/* A view, and what should be in it. */
struct side {
	struct view *view; /* NULL: there is none */
	struct plain *tree;
	struct handle handles[HANDLES];
};

struct model {
	struct choices *c;
	struct xs *xs;
	struct plain *base;
	struct side root, build;
	struct sight *sight; /* of the build view */
	char package[16];
	struct side *now;
	enum fault_kind faults;
	bool struck; /* this operation's fault has happened */
};

static const char *const names[] = { "a", "b", "c", "d", "lib", ".wh.a", "x.h", ".xsysfs" };

static const char *some_name(struct model *m)
{
	static char longest[300];
	unsigned n = choose(m->c, 64);

	if (n < 62)
		return names[n % ARRAY_SIZE(names)];
	memset(longest, 'n', sizeof(longest));
	longest[n == 62 ? 255 : 256] = '\0';
	return longest;
}

/* ---- what is on disk at the start ---- */

static char *some_path(struct choices *c, const char *layer)
{
	unsigned depth = 1 + choose(c, 3);
	char *path = strdup(layer);

	while (depth--) {
		char *longer = NULL;

		if (asprintf(&longer, "%s/%s", path, names[choose(c, ARRAY_SIZE(names))]) < 0)
			fuzz_fail("no memory");
		free(path);
		path = longer;
	}
	return path;
}

static void put_file(struct choices *c, const char *path)
{
	static const mode_t modes[] = { 0644, 0755, 0444, 0600, 04755, 02755, 01644, 0 };
	unsigned size = choose(c, 4) == 0 ? choose(c, 256) * 97 : strlen(path);
	autofree char *data = calloc(1, size + strlen(path) + 1);
	mode_t mode = modes[choose(c, ARRAY_SIZE(modes))];
	struct stat st;

	strcpy(data, path);
	if (lstat(path, &st) == 0)
		return;
	fuzz_put(path, data, size);
	chmod(path, mode);
}

/* One thing in a layer; what does not fit to what is there already is not made. */
static void put_entry(struct choices *c, const char *layer)
{
	autofree char *path = some_path(c, layer);
	autofree char *other = NULL;

	fuzz_parent(path);
	switch (choose(c, 11)) {
	case 0:
	case 1:
		fuzz_dirs(path);
		break;
	case 2:
		symlink(names[choose(c, ARRAY_SIZE(names))], path);
		break;
	case 3:
	case 4:
		other = some_path(c, layer);
		link(other, path);
		break;
	case 5:
		mknod(path, S_IFCHR, makedev(0, 0));
		break;
	case 6:
		fuzz_dirs(path);
		setxattr(path, "user.overlay.opaque", "y", 1, 0);
		break;
	case 7:
		mknod(path, choose(c, 2) ? S_IFIFO | 0640 : S_IFSOCK | 0755, 0);
		break;
	case 8:
		put_file(c, path);
		lsetxattr(path, "user.t", "below", 5, 0);
		break;
	default:
		put_file(c, path);
	}
}

static void put_layer(struct choices *c, const char *path)
{
	unsigned n = choose(c, 16);

	fuzz_dirs(path);
	while (n--)
		put_entry(c, path);
}

static void put_meta(const char *package, const char *needs)
{
	struct meta *meta = meta_new(package, "1", "");
	autofree char *path = NULL;
	autofd int fd = -1;

	if (asprintf(&path, "state/layers/%s-1-x", package) < 0)
		fuzz_fail("no memory");
	fd = open(path, O_RDONLY | O_DIRECTORY);
	if (meta_add_names(&meta->needs, needs) < 0 || meta_write(fd, meta) < 0)
		fuzz_fail("no meta");
	meta_free(meta);
}

static void put_state(struct choices *c)
{
	static const char *const packages[] = { "p1", "p2", "p3" };
	unsigned n = choose(c, 4);
	autofree char *stack = strdup("xsysfs-stack 1\n");

	put_layer(c, "base");
	fuzz_text("state/version", "1\n");
	for (unsigned i = 0; i < n; i++) {
		autofree char *root = NULL;
		char *longer = NULL;

		if (asprintf(&root, "state/layers/%s-1-x/root", packages[i]) < 0 ||
		    asprintf(&longer, "%s%s-1-x\n", stack, packages[i]) < 0)
			fuzz_fail("no memory");
		put_layer(c, root);
		put_meta(packages[i], i && choose(c, 2) ? packages[i - 1] : "");
		free(stack);
		stack = longer;
	}
	fuzz_text("state/stack", stack);
	if (choose(c, 2))
		put_layer(c, "state/layers/local/root");
}

/* ---- mounting ---- */

static void mount_xs(struct model *m)
{
	autofree char *problem = NULL;
	struct state *state = NULL;
	int r = state_open("state", true, &state, &problem);

	if (r == 0)
		r = state_set_base(state, "base", &problem);
	if (r == 0)
		r = xs_new(state, NULL, &m->xs);
	if (r < 0)
		fuzz_fail("cannot mount: %s: %s", strerror(-r), problem ? problem : "");
	m->root.view = m->xs->root;
}

static void overlay_layer(struct plain *tree, const struct layer *layer)
{
	autofree char *path = NULL;

	if (asprintf(&path, "state/layers/%s/root", layer->id) < 0)
		fuzz_fail("no memory");
	plain_overlay(tree, path, true);
}

/* The tree that the disk says there should be. */
static struct plain *read_disk(struct model *m, const struct strv *only, bool local)
{
	struct plain *tree = plain_new(S_IFDIR | 0755);
	const struct state *s = m->xs->state;

	plain_overlay(tree, "base", false);
	for (size_t i = 0; i < s->n; i++)
		if (!only || strv_has(only, s->stack[i]->meta->package))
			overlay_layer(tree, s->stack[i]);
	if (local)
		plain_overlay(tree, "state/layers/local/root", true);
	plain_count_links(tree);
	return tree;
}

static void drop_handle(struct model *m, struct handle *h)
{
	if (!h->node)
		return;
	node_unref(&m->xs->nodes, h->node);
	h->file->ino = 0; /* of nodes that are held */
	plain_unref(h->file);
	*h = (struct handle){ 0 };
}

static void drop_handles(struct model *m, struct side *side)
{
	for (size_t i = 0; i < HANDLES; i++)
		drop_handle(m, &side->handles[i]);
}

static void forget(struct model *m, struct side *side)
{
	drop_handles(m, side);
	plain_unref(side->tree);
	side->tree = NULL;
	side->view = NULL;
}

/* ---- comparing ---- */

static struct node *walk(struct side *side, const struct plain *dir);

static void same_contents(struct node *node, const struct plain *file, const char *name)
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

static void same_stat(const struct stat *st, struct plain *file, const char *name)
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
	same_stat(&st, file, name);
	if (S_ISREG(st.st_mode))
		same_contents(node, file, name);
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
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct node *found = NULL;
		int r;

		if (plain_find(dir, names[i]))
			continue;
		r = view_lookup(node, names[i], &found, NULL);
		if (r != -ENOENT)
			fuzz_fail("a look-up of '%s' says %d", names[i], r);
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
		same_stat(&st, kid->file, below);
		same_file(child, kid->file, below);
		for (size_t h = 0; h < HANDLES; h++)
			if (side->handles[h].file == kid->file && side->handles[h].node != child)
				fuzz_fail("'%s' is two nodes", below);
		if (S_ISDIR(st.st_mode))
			same_tree(m, side, child, kid->file, below);
		node_unref(&m->xs->nodes, child);
	}
}

static void same_side(struct model *m, struct side *side)
{
	if (!side->view)
		return;
	same_tree(m, side, side->view->root, side->tree, "");
	for (size_t i = 0; i < HANDLES; i++)
		if (side->handles[i].node)
			same_file(side->handles[i].node, side->handles[i].file, "(a handle)");
}

/* Staging: the same files as in the root view, but for those that the base has. */
static void same_staging(struct model *m, struct node *node, struct plain *dir,
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
			same_staging(m, child, kid->file, below);
		else if ((r == 0) == !!below)
			fuzz_fail("staging has '%s': %d, the base: %d", kid->name, r == 0, !!below);
		else if (r == 0 && S_ISREG(kid->file->mode))
			same_contents(child, kid->file, kid->name);
		node_unref(&m->xs->nodes, child);
	}
}

static void same_all(struct model *m)
{
	same_side(m, &m->root);
	same_side(m, &m->build);
}

/* ---- choosing ---- */

static void list_dirs(struct plain *dir, struct plain **v, size_t *n)
{
	if (*n < 64)
		v[(*n)++] = dir;
	for (size_t i = 0; i < dir->n; i++)
		if (S_ISDIR(dir->kids[i].file->mode))
			list_dirs(dir->kids[i].file, v, n);
}

static struct plain *some_dir(struct model *m)
{
	struct plain *v[64];
	size_t n = 0;

	list_dirs(m->now->tree, v, &n);
	return v[choose(m->c, n)];
}

/* Mostly one that is there. */
static const char *some_name_in(struct model *m, const struct plain *dir)
{
	unsigned n = choose(m->c, 4);

	return dir->n && n ? dir->kids[choose(m->c, dir->n)].name : some_name(m);
}

static unsigned depth_of(const struct plain *dir)
{
	unsigned depth = 0;

	for (; dir->parent; dir = dir->parent)
		depth++;
	return depth;
}

static const char *name_of(const struct plain *dir)
{
	for (size_t i = 0; i < dir->parent->n; i++)
		if (dir->parent->kids[i].file == dir)
			return dir->parent->kids[i].name;
	fuzz_fail("the tree is not one");
}

/* The engine's node of a directory, from the root as the kernel finds it. */
static struct node *walk(struct side *side, const struct plain *dir)
{
	struct nodes *nodes = side->view->nodes;
	struct node *above, *node = NULL;
	int r;

	if (!dir->parent) {
		node_ref(nodes, side->view->root);
		return side->view->root;
	}
	above = walk(side, dir->parent);
	r = view_lookup(above, name_of(dir), &node, NULL);
	if (r < 0)
		fuzz_fail("'%s' is not there: %s", name_of(dir), strerror(-r));
	node_unref(nodes, above);
	return node;
}

/* A file to do something to, by handle or by path; NULL: none there. */
static struct plain *some_file(struct model *m, struct node **node)
{
	struct handle *h = &m->now->handles[choose(m->c, HANDLES)];
	struct plain *dir, *file;
	struct node *parent;
	const char *name;
	int r;

	if (h->node && choose(m->c, 2)) {
		node_ref(&m->xs->nodes, h->node);
		*node = h->node;
		return h->file;
	}
	dir = some_dir(m);
	name = some_name_in(m, dir);
	file = plain_find(dir, name);
	if (!file)
		return NULL;
	parent = walk(m->now, dir);
	r = view_lookup(parent, name, node, NULL);
	if (r < 0)
		fuzz_fail("'%s' is not there: %s", name, strerror(-r));
	node_unref(&m->xs->nodes, parent);
	return file;
}

static void keep_handle(struct model *m, struct node *node, struct plain *file)
{
	struct handle *h = &m->now->handles[choose(m->c, HANDLES)];
	struct stat st;

	plain_ref(file);
	drop_handle(m, h);
	node_ref(&m->xs->nodes, node);
	*h = (struct handle){ node, file };
	if (view_getattr(node, &st) == 0)
		file->ino = st.st_ino;
}

/* ---- operations ---- */

static void arm(struct model *m)
{
	static const int errors[] = { ENOSPC, EIO, EMFILE, EDQUOT };

	if (m->faults && choose(m->c, 3) == 0)
		fault_arm(m->faults, 1 + choose(m->c, 40),
			  errors[choose(m->c, ARRAY_SIZE(errors))]);
}

/* Has it been done? Ends the program when it ended otherwise than expected. */
static bool done(struct model *m, const char *what, int r, int expected)
{
	m->struck = fault_disarm();
	fuzz_trace("  %s: %d", what, r);
	if (m->struck && r < 0)
		return false;
	if (r != expected && !(r == -ENOTEMPTY && expected == -EEXIST))
		fuzz_fail("%s: %d (%s) and not %d", what, r, strerror(r < 0 ? -r : 0), expected);
	return r == 0;
}

static int check_new(const struct model *m, const struct plain *dir, const char *name)
{
	if (strlen(name) > 255)
		return -ENAMETOOLONG;
	if (dir == m->now->tree && strcmp(name, VIEW_RESERVED_NAME) == 0)
		return -EPERM;
	return plain_find(dir, name) ? -EEXIST : 0;
}

static bool is_full(const struct plain *dir, mode_t mode)
{
	return dir->n >= MAX_KIDS || (S_ISDIR(mode) && depth_of(dir) >= MAX_DEPTH);
}

static void op_make(struct model *m)
{
	static const mode_t modes[] = { S_IFREG | 0644, S_IFREG | 0600, S_IFDIR | 0755,
					S_IFDIR | 0700, S_IFIFO | 0644, S_IFCHR | 0600,
					S_IFREG | 0,	S_IFSOCK | 0755 };
	mode_t mode = modes[choose(m->c, ARRAY_SIZE(modes))];
	struct plain *dir = some_dir(m), *file;
	const char *name = some_name(m);
	int expected = check_new(m, dir, name), r;
	struct node *parent, *node = NULL;
	struct stat st;

	if (is_full(dir, mode))
		return;
	parent = walk(m->now, dir);
	fuzz_trace("make '%.20s' %o", name, mode);
	arm(m);
	r = view_make(parent, name, mode, 0, (struct owner){ 0 }, &node, &st);
	if (done(m, "make", r, expected)) {
		file = plain_new(mode);
		plain_add(dir, name, file);
		same_stat(&st, file, name);
		if (choose(m->c, 2))
			keep_handle(m, node, file);
		plain_unref(file);
		node_unref(&m->xs->nodes, node);
	}
	node_unref(&m->xs->nodes, parent);
}

static void op_symlink(struct model *m)
{
	struct plain *dir = some_dir(m), *file;
	const char *name = some_name(m), *target = names[choose(m->c, ARRAY_SIZE(names))];
	int expected = check_new(m, dir, name), r;
	struct node *parent, *node = NULL;
	struct stat st;

	if (is_full(dir, S_IFLNK))
		return;
	parent = walk(m->now, dir);
	fuzz_trace("symlink '%.20s'", name);
	arm(m);
	r = view_symlink(parent, name, target, (struct owner){ 0 }, &node, &st);
	if (done(m, "symlink", r, expected)) {
		file = plain_new(S_IFLNK | 0777);
		plain_write(file, target, strlen(target), 0);
		plain_add(dir, name, file);
		plain_unref(file);
		node_unref(&m->xs->nodes, node);
	}
	node_unref(&m->xs->nodes, parent);
}

static void op_link(struct model *m)
{
	struct plain *dir = some_dir(m), *file;
	const char *name = some_name(m);
	struct node *parent, *node = NULL;
	struct stat st;
	int expected, r;

	file = some_file(m, &node);
	if (!file || is_full(dir, file->mode) || (!file->nlink && !file->linkable) ||
	    S_ISDIR(file->mode)) {
		node_unref(&m->xs->nodes, node);
		return;
	}
	expected = check_new(m, dir, name);
	parent = walk(m->now, dir);
	fuzz_trace("link '%.20s'%s", name, file->nlink ? "" : " (had none)");
	arm(m);
	r = view_link(node, parent, name, &st);
	if (done(m, "link", r, expected)) {
		plain_add(dir, name, file);
		same_stat(&st, file, name);
	}
	node_unref(&m->xs->nodes, parent);
	node_unref(&m->xs->nodes, node);
}

static void op_tmpfile(struct model *m)
{
	struct plain *dir = some_dir(m), *file;
	struct node *parent = walk(m->now, dir), *node = NULL;
	struct stat st;
	int r;

	fuzz_trace("tmpfile");
	arm(m);
	r = view_tmpfile(parent, S_IFREG | 0644, (struct owner){ 0 }, &node, &st);
	if (done(m, "tmpfile", r, 0)) {
		file = plain_new(S_IFREG | 0644);
		file->linkable = true;
		keep_handle(m, node, file);
		plain_unref(file);
		node_unref(&m->xs->nodes, node);
	}
	node_unref(&m->xs->nodes, parent);
}

static void op_remove(struct model *m)
{
	struct plain *dir = some_dir(m), *file;
	const char *name = some_name_in(m, dir);
	bool directory = choose(m->c, 2);
	struct node *parent;
	int expected = 0, r;

	file = plain_find(dir, name);
	if (strlen(name) > 255) /* the kernel has looked it up before */
		return;
	if (!file)
		expected = -ENOENT;
	else if (!directory && S_ISDIR(file->mode))
		expected = -EISDIR;
	else if (directory && !S_ISDIR(file->mode))
		expected = -ENOTDIR;
	else if (directory && file->n)
		expected = -ENOTEMPTY;
	parent = walk(m->now, dir);
	fuzz_trace("%s '%.20s'", directory ? "rmdir" : "unlink", name);
	arm(m);
	r = directory ? view_rmdir(parent, name) : view_unlink(parent, name);
	if (done(m, "remove", r, expected))
		plain_remove(dir, name);
	node_unref(&m->xs->nodes, parent);
}

static int expect_rename(const struct model *m, const struct plain *from, const struct plain *dir,
			 const char *name, unsigned flags)
{
	const struct plain *to = plain_find(dir, name);
	int r = check_new(m, dir, name);

	if (r < 0 && r != -EEXIST)
		return r;
	if (!from)
		return -ENOENT;
	if (to && flags & RENAME_NOREPLACE)
		return -EEXIST;
	if (from == to)
		return 0;
	if (flags & RENAME_EXCHANGE)
		return to ? 0 : -ENOENT;
	if (to && S_ISDIR(to->mode) && !S_ISDIR(from->mode))
		return -EISDIR;
	if (to && !S_ISDIR(to->mode) && S_ISDIR(from->mode))
		return -ENOTDIR;
	return to && to->n ? -ENOTEMPTY : 0;
}

static void plain_rename(struct plain *dir, const char *name, struct plain *to_dir,
			 const char *to_name, unsigned flags)
{
	struct plain *from = plain_ref(plain_find(dir, name)), *to = plain_find(to_dir, to_name);
	struct plain *device;

	if (from != to) {
		if (to)
			plain_ref(to);
		plain_remove(dir, name);
		plain_remove(to_dir, to_name);
		plain_add(to_dir, to_name, from);
		if (flags & RENAME_EXCHANGE)
			plain_add(dir, name, to);
		plain_unref(to);
		if (flags & RENAME_WHITEOUT) {
			device = plain_new(S_IFCHR | 0600);
			device->mode = 0; /* any */
			plain_add(dir, name, device);
			plain_unref(device);
		}
	}
	plain_unref(from);
}

static void op_rename(struct model *m)
{
	static const unsigned all[] = { 0,
					0,
					RENAME_NOREPLACE,
					RENAME_EXCHANGE,
					RENAME_WHITEOUT,
					RENAME_WHITEOUT | RENAME_NOREPLACE };
	unsigned flags = all[choose(m->c, ARRAY_SIZE(all))];
	struct plain *dir = some_dir(m), *to_dir = some_dir(m), *from, *to;
	autofree char *name = strdup(some_name_in(m, dir));
	autofree char *to_name = strdup(some_name_in(m, to_dir));
	struct node *parent, *to_parent;
	int r;

	from = plain_find(dir, name);
	to = plain_find(to_dir, to_name);
	if (strlen(name) > 255 || (from && plain_is_in(to_dir, from)) ||
	    (to && plain_is_in(dir, to)) || (from && is_full(to_dir, from->mode)) ||
	    (to && flags & RENAME_EXCHANGE && is_full(dir, to->mode)))
		return;
	/* the kernel finds names that are one file equal before it asks */
	if (from && from == to && flags & RENAME_WHITEOUT)
		return;
	parent = walk(m->now, dir);
	to_parent = walk(m->now, to_dir);
	fuzz_trace("rename '%.20s' '%.20s' %u", name, to_name, flags);
	/* what goes wrong behind the rename itself cannot be taken back */
	if (!(flags & RENAME_WHITEOUT))
		arm(m);
	r = view_rename(parent, name, to_parent, to_name, flags);
	if (done(m, "rename", r, expect_rename(m, from, to_dir, to_name, flags))) {
		plain_rename(dir, name, to_dir, to_name, flags);
		from = plain_find(dir, name);
		if (from && !from->mode) { /* the device that was left */
			struct node *left = NULL;
			struct stat st;

			fuzz_check(view_lookup(parent, name, &left, &st) == 0);
			fuzz_check(S_ISCHR(st.st_mode) && !st.st_rdev);
			from->mode = st.st_mode;
			node_unref(&m->xs->nodes, left);
		}
	}
	node_unref(&m->xs->nodes, parent);
	node_unref(&m->xs->nodes, to_parent);
}

static void op_write(struct model *m)
{
	struct node *node = NULL;
	struct plain *file = some_file(m, &node);
	size_t at = choose(m->c, 4) ? choose(m->c, 64) : choose(m->c, 256) * 100;
	struct file *open_file = NULL;
	char data[8];
	int r;

	snprintf(data, sizeof(data), "%07u", choose(m->c, 256));
	if (!file)
		return;
	fuzz_trace("write at %zu", at);
	arm(m);
	r = view_open(node, true, &open_file);
	if (done(m, "write", r,
		 S_ISDIR(file->mode)   ? -EISDIR
		 : S_ISREG(file->mode) ? 0
				       : -EINVAL)) {
		fuzz_check(pwrite(open_file->fd, data, 7, at) == 7);
		data_close(open_file);
		plain_write(file, data, 7, at);
	}
	node_unref(&m->xs->nodes, node);
}

static void op_setattr(struct model *m)
{
	static const mode_t modes[] = { 0644, 0600, 0755, 0400, 01755, 0 };
	struct node *node = NULL;
	struct plain *file = some_file(m, &node);
	struct stat st, want = { 0 };
	struct timespec times[2] = { { .tv_sec = 5, .tv_nsec = 7 } };
	unsigned what = 1u << choose(m->c, 5);
	int r;

	if (!file)
		return;
	want.st_mode = modes[choose(m->c, ARRAY_SIZE(modes))];
	want.st_size = choose(m->c, 256) * 90;
	times[1] = (struct timespec){ .tv_sec = choose_number(m->c), .tv_nsec = 999999999 };
	/* nothing keeps the attributes of what has no name and no contents */
	if ((what == VIEW_SET_MODE && S_ISLNK(file->mode)) ||
	    (what == VIEW_SET_SIZE && !S_ISREG(file->mode)) ||
	    (!S_ISREG(file->mode) && (S_ISDIR(file->mode) ? file->removed : !file->nlink))) {
		node_unref(&m->xs->nodes, node);
		return;
	}
	fuzz_trace("setattr %u", what);
	arm(m);
	r = view_setattr(node, what, &want, times, &st);
	if (done(m, "setattr", r, 0)) {
		if (what == VIEW_SET_MODE)
			file->mode = (file->mode & S_IFMT) | want.st_mode;
		if (what == VIEW_SET_SIZE)
			plain_truncate(file, want.st_size);
		if (what & (VIEW_SET_UID | VIEW_SET_GID) && S_ISREG(file->mode) &&
		    file->mode & (S_ISUID | S_ISGID))
			file->mode &= ~S_ISUID & (file->mode & S_IXGRP ? ~S_ISGID : ~0);
		if (what == VIEW_SET_TIMES && S_ISREG(file->mode)) {
			file->mtime = times[1];
			file->mtime_known = true;
		}
		if (S_ISCHR(file->mode))
			file->mode = st.st_mode; /* as much of it as is kept */
		same_stat(&st, file, "(set)");
	} else if (m->struck && view_getattr(node, &st) == 0) { /* it may have failed behind it */
		if (!S_ISLNK(file->mode))
			file->mode = st.st_mode;
		file->mtime_known = false;
		if (S_ISREG(file->mode))
			plain_truncate(file, st.st_size);
	}
	node_unref(&m->xs->nodes, node);
}

static void op_xattr(struct model *m)
{
	struct node *node = NULL;
	struct plain *file = some_file(m, &node);
	unsigned i = choose(m->c, PLAIN_XATTRS), how = choose(m->c, 4);
	char value[16];
	int expected = 0, r;

	snprintf(value, sizeof(value), "v%u", choose(m->c, 256));
	if (!file)
		return;
	if ((!S_ISREG(file->mode) && !S_ISDIR(file->mode)) ||
	    (S_ISDIR(file->mode) && file->removed)) {
		node_unref(&m->xs->nodes, node);
		return;
	}
	if (how == 3)
		expected = file->xattr[i] ? 0 : -ENODATA;
	else if (how == XATTR_CREATE)
		expected = file->xattr[i] ? -EEXIST : 0;
	else if (how == XATTR_REPLACE)
		expected = file->xattr[i] ? 0 : -ENODATA;
	fuzz_trace("xattr %u %u", i, how);
	arm(m);
	if (how == 3)
		r = view_removexattr(node, plain_xattr_names[i]);
	else
		r = view_setxattr(node, plain_xattr_names[i], value, strlen(value), how);
	if (done(m, "xattr", r, expected)) {
		free(file->xattr[i]);
		file->xattr[i] = how == 3 ? NULL : strdup(value);
	}
	fuzz_check(view_setxattr(node, "user.overlay.opaque", "y", 1, 0) == -EPERM);
	fuzz_check(view_setxattr(node, "user.xsysfs.special", "c 0 0", 5, 0) == -EPERM);
	node_unref(&m->xs->nodes, node);
}

static void op_keep(struct model *m)
{
	struct node *node = NULL;
	struct plain *file = some_file(m, &node);

	if (file)
		keep_handle(m, node, file);
	node_unref(&m->xs->nodes, node);
}

/* A directory that is gone, by its handle: nothing can be made in it. */
static void op_in_removed(struct model *m)
{
	struct handle *h = &m->now->handles[choose(m->c, HANDLES)];
	autonames struct names *list = NULL;
	struct node *node = NULL;
	struct stat st;

	if (!h->node || !S_ISDIR(h->file->mode) || !h->file->removed)
		return;
	fuzz_check(view_make(h->node, "a", S_IFREG | 0644, 0, (struct owner){ 0 }, &node, &st) < 0);
	fuzz_check(view_lookup(h->node, "a", &node, NULL) == -ENOENT);
	fuzz_check(view_unlink(h->node, "a") == -ENOENT);
	fuzz_check(view_list(h->node, &list) == 0);
	for (size_t i = 0; i < list->n; i++)
		fuzz_check(list->v[i].whiteout);
}

static void op_forget(struct model *m)
{
	drop_handle(m, &m->now->handles[choose(m->c, HANDLES)]);
}

/* ---- installs ---- */

static void reread_root(struct model *m)
{
	struct view *view = m->root.view;

	forget(m, &m->root);
	m->root.view = view;
	m->root.tree = read_disk(m, NULL, true);
	same_side(m, &m->root);
}

static void op_begin(struct model *m)
{
	static const char *const needs[] = { "", "p1", "p2", "p1 p2", "p3" };
	static const char *const packages[] = { "p1", "p2", "p3", "p4" };
	struct install_request q = { .package = packages[choose(m->c, ARRAY_SIZE(packages))],
				     .version = choose(m->c, 2) ? "1" : "2",
				     .key = "",
				     .needs = needs[choose(m->c, ARRAY_SIZE(needs))],
				     .replaces = choose(m->c, 2) ? "" : "p1 p2 p3 p4" };
	autofree char *problem = NULL;
	autostrv struct strv below = { 0 };
	int r;

	if (m->sight)
		return;
	if (!strstr(q.replaces, q.package) || choose(m->c, 2))
		q.replaces = "";
	fuzz_trace("begin %s needs '%s'", q.package, q.needs);
	arm(m);
	r = xs_begin(m->xs, &q, &m->sight, &problem);
	fault_disarm();
	fuzz_trace("  begin: %d", r);
	if (r < 0) {
		m->sight = NULL;
		return;
	}
	for (size_t i = 0; i < m->sight->install->below->n; i++)
		if (m->sight->install->below->v[i]->meta)
			strv_add(&below, m->sight->install->below->v[i]->meta->package);
	strcpy(m->package, q.package);
	m->build.view = m->sight->view;
	m->build.tree = read_disk(m, &below, false);
}

static void end_build(struct model *m)
{
	m->sight = NULL;
	m->now = &m->root;
}

static void op_commit(struct model *m)
{
	autostrv struct strv problems = { 0 }, notes = { 0 };
	int r;

	if (!m->sight)
		return;
	forget(m, &m->build);
	arm(m);
	if (choose(m->c, 5) == 0) {
		xs_abort(m->xs, m->sight);
		r = -ECANCELED;
	} else {
		r = xs_commit(m->xs, m->sight, &problems, &notes);
	}
	fault_disarm();
	fuzz_trace("commit: %d", r);
	end_build(m);
	reread_root(m);
}

static void op_stack(struct model *m)
{
	static const char *const packages[] = { "p1", "p2", "p3", "p4" };
	const char *package = packages[choose(m->c, ARRAY_SIZE(packages))];
	autofree char *problem = NULL;
	autostrv struct strv gone = { 0 };
	unsigned what = choose(m->c, 3);
	int r;

	arm(m);
	r = what == 0	? xs_remove(m->xs, package, &problem)
	    : what == 1 ? xs_rollback(m->xs, package, &problem)
			: xs_gc(m->xs, &gone);
	fault_disarm();
	fuzz_trace("stack %u %s: %d", what, package, r);
	reread_root(m);
}

/* What is on disk alone makes the same tree again. */
static void op_remount(struct model *m)
{
	struct plain *tree = plain_ref(m->root.tree);

	fuzz_trace("remount");
	if (m->sight) {
		forget(m, &m->build);
		if (choose(m->c, 2))
			xs_abort(m->xs, m->sight);
		end_build(m);
	}
	forget(m, &m->root);
	xs_free(m->xs);
	mount_xs(m);
	m->root.tree = tree;
	same_side(m, &m->root);
	if (choose(m->c, 2))
		reread_root(m);
}

static void op_compare(struct model *m)
{
	same_all(m);
	same_staging(m, m->xs->staging->root, m->root.tree, m->base);
}

static void (*const operations[])(struct model *m) = {
	op_make,   op_make,    op_make,	   op_symlink,	  op_link,   op_link,	op_tmpfile,
	op_remove, op_remove,  op_remove,  op_rename,	  op_rename, op_rename, op_rename,
	op_write,  op_write,   op_setattr, op_setattr,	  op_xattr,  op_keep,	op_keep,
	op_forget, op_compare, op_begin,   op_in_removed, op_commit, op_stack,	op_remount,
};

static void run(struct model *m)
{
	unsigned steps = 0;

	while (choices_left(m->c) && steps++ < MAX_STEPS) {
		unsigned what = choose(m->c, 128);

		m->now = m->build.view && what & 64 ? &m->build : &m->root;
		m->struck = false;
		operations[what % 64 % ARRAY_SIZE(operations)](m);
		fault_disarm();
		if (m->struck || steps % 16 == 0)
			same_all(m);
	}
	op_compare(m);
	op_remount(m);
	forget(m, &m->root);
	xs_free(m->xs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct choices c = { data, data + size };
	struct model m = { .c = &c };
	uint64_t before;

	fuzz_enter();
	m.faults = choose(&c, 3);
	if (getenv("NOFAULT"))
		m.faults = 0;
	put_state(&c);
	before = fuzz_hash("base");
	m.base = plain_new(S_IFDIR | 0755);
	plain_overlay(m.base, "base", false);
	mount_xs(&m);
	m.now = &m.root;
	m.root.tree = read_disk(&m, NULL, true);
	same_all(&m);
	run(&m);
	if (fuzz_hash("base") != before)
		fuzz_fail("the base is not what it was");
	plain_unref(m.base);
	fuzz_leave();
	return 0;
}
