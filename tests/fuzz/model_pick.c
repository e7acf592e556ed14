// SPDX-License-Identifier: GPL-2.0-or-later
/* model_pick.c - choosing what to operate on, and how it may go wrong. */
#include "tests/fuzz/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/base/cleanup.h"
#include "fs/view/view.h"
#include "fs/xs/xs.h"
#include "tests/fuzz/fault.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/plain.h"

const char *const model_names[MODEL_NAMES] = {
	"a", "b", "c", "d", "lib", ".wh.a", "x.h", ".xsysfs"
};

const char *model_some_name(struct model *m)
{
	static char longest[300];
	unsigned n = choose(m->c, 64);

	if (n < 62)
		return model_names[n % MODEL_NAMES];
	memset(longest, 'n', sizeof(longest));
	longest[n == 62 ? 255 : 256] = '\0';
	return longest;
}

void model_list_dirs(struct plain *dir, struct plain **v, size_t *n)
{
	if (*n < 64)
		v[(*n)++] = dir;
	for (size_t i = 0; i < dir->n; i++)
		if (S_ISDIR(dir->kids[i].file->mode))
			model_list_dirs(dir->kids[i].file, v, n);
}

struct plain *model_some_dir(struct model *m)
{
	struct plain *v[64];
	size_t n = 0;

	model_list_dirs(m->now->tree, v, &n);
	return v[choose(m->c, n)];
}

/* Mostly one that is there. */
const char *model_some_name_in(struct model *m, const struct plain *dir)
{
	unsigned n = choose(m->c, 4);

	return dir->n && n ? dir->kids[choose(m->c, dir->n)].name : model_some_name(m);
}

unsigned model_depth_of(const struct plain *dir)
{
	unsigned depth = 0;

	for (; dir->parent; dir = dir->parent)
		depth++;
	return depth;
}

const char *model_name_of(const struct plain *dir)
{
	for (size_t i = 0; i < dir->parent->n; i++)
		if (dir->parent->kids[i].file == dir)
			return dir->parent->kids[i].name;
	fuzz_fail("the tree is not one");
}

/* The engine's node of a directory, from the root as the kernel finds it. */
struct node *model_walk(struct side *side, const struct plain *dir)
{
	struct nodes *nodes = side->view->nodes;
	struct node *above, *node = NULL;
	int r;

	if (!dir->parent) {
		node_ref(nodes, side->view->root);
		return side->view->root;
	}
	above = model_walk(side, dir->parent);
	r = view_lookup(above, model_name_of(dir), &node, NULL);
	if (r < 0)
		fuzz_fail("'%s' is not there: %s", model_name_of(dir), strerror(-r));
	node_unref(nodes, above);
	return node;
}

static struct handle *some_handle(struct model *m)
{
	unsigned at = choose(m->c, HANDLES);

	for (unsigned i = 0; m->deep && i < HANDLES && !m->now->handles[at].node; i++)
		at = (at + 1) % HANDLES;
	return &m->now->handles[at];
}

/* A file to do something to, by handle or by path; NULL: none there. */
struct plain *model_some_file(struct model *m, struct node **node)
{
	struct handle *h = some_handle(m);
	struct plain *dir, *file;
	struct node *parent;
	const char *name;
	int r;

	if (h->node && choose(m->c, 2)) {
		node_ref(&m->xs->nodes, h->node);
		*node = h->node;
		return h->file;
	}
	dir = model_some_dir(m);
	name = model_some_name_in(m, dir);
	file = plain_find(dir, name);
	if (!file)
		return NULL;
	model_about(m, CHANGE_FILE, dir, name);
	parent = model_walk(m->now, dir);
	r = view_lookup(parent, name, node, NULL);
	if (r < 0)
		fuzz_fail("'%s' is not there: %s", name, strerror(-r));
	node_unref(&m->xs->nodes, parent);
	return file;
}

void model_keep_handle(struct model *m, struct node *node, struct plain *file)
{
	struct handle *h = &m->now->handles[choose(m->c, HANDLES)];
	struct stat st;

	plain_ref(file);
	model_drop_handle(m, h);
	node_ref(&m->xs->nodes, node);
	*h = (struct handle){ node, file };
	if (view_getattr(node, &st) == 0)
		file->ino = st.st_ino;
}

void model_arm(struct model *m)
{
	static const int errors[] = { ENOSPC, EIO, EMFILE, EDQUOT };

	if (m->doomed) {
		model_taken(m, m->start);
		fault_arm(FAULT_DEATH, m->doomed, 0);
		return;
	}
	if (m->faults && choose(m->c, 3) == 0)
		fault_arm(m->faults, 1 + choose(m->c, 40),
			  errors[choose(m->c, ARRAY_SIZE(errors))]);
}

/* Has it been done? Ends the program when it ended otherwise than expected. */
bool model_done(struct model *m, const char *what, int r, int expected)
{
	m->struck = fault_disarm();
	fuzz_trace("  %s: %d", what, r);
	if (m->struck && r < 0)
		return false;
	if (r != expected && !(r == -ENOTEMPTY && expected == -EEXIST))
		fuzz_fail("%s: %d (%s) and not %d", what, r, strerror(r < 0 ? -r : 0), expected);
	return r == 0;
}

int model_check_new(const struct model *m, const struct plain *dir, const char *name)
{
	if (strlen(name) > 255)
		return -ENAMETOOLONG;
	if (dir == m->now->tree && strcmp(name, VIEW_RESERVED_NAME) == 0)
		return -EPERM;
	return plain_find(dir, name) ? -EEXIST : 0;
}

bool model_is_full(const struct plain *dir, mode_t mode)
{
	return dir->n >= MAX_KIDS || (S_ISDIR(mode) && model_depth_of(dir) >= MAX_DEPTH);
}
