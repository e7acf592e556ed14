// SPDX-License-Identifier: GPL-2.0-or-later
/* model_stack.c - the stack changes, and what shows it goes on. */
#include "tests/fuzz/model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/store/install.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/store/meta.h"
#include "fs/store/state.h"
#include "fs/view/view.h"
#include "fs/xs/xs.h"
#include "tests/fuzz/fault.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/plain.h"

/* The file of a name is now what the disk says, also for who has it open. */
static void find_handles(struct model *m, struct node *node, struct plain *dir)
{
	for (size_t i = 0; i < dir->n; i++) {
		struct plain *file = dir->kids[i].file;
		struct node *child = NULL;

		if (view_lookup(node, dir->kids[i].name, &child, NULL) < 0)
			fuzz_fail("'%s' is not there", dir->kids[i].name);
		for (size_t h = 0; h < HANDLES; h++) {
			struct handle *handle = &m->root.handles[h];

			if (handle->node == child && handle->file != file) {
				file->ino = handle->file->ino;
				plain_unref(handle->file);
				handle->file = plain_ref(file);
			}
		}
		if (S_ISDIR(file->mode))
			find_handles(m, child, file);
		node_unref(&m->xs->nodes, child);
	}
}

/* What is open stays what it is, with or without a name: another stack changes no file. */
void model_reread_root(struct model *m)
{
	struct side *root = &m->root;
	struct plain *old = root->tree;

	for (size_t i = 0; i < HANDLES; i++) {
		struct handle *h = &root->handles[i];

		if (h->node && !S_ISREG(h->file->mode))
			model_drop_handle(m, h);
		else if (h->node)
			h->file->nlink_unsure = true;
	}
	root->tree = model_read_disk(m, NULL, true);
	find_handles(m, root->view->root, root->tree);
	plain_unref(old);
	model_same_side(m, root);
}

void model_op_begin(struct model *m)
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
	model_arm(m);
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
	m->build.tree = model_read_disk(m, &below, false);
}

void model_end_build(struct model *m)
{
	m->sight = NULL;
	m->now = &m->root;
}

void model_op_commit(struct model *m)
{
	autostrv struct strv problems = { 0 }, notes = { 0 };
	int r;

	if (!m->sight)
		return;
	model_forget(m, &m->build);
	model_arm(m);
	if (choose(m->c, 5) == 0) {
		xs_abort(m->xs, m->sight);
		r = -ECANCELED;
	} else {
		r = xs_commit(m->xs, m->sight, &problems, &notes);
	}
	fault_disarm();
	fuzz_trace("commit: %d", r);
	model_end_build(m);
	model_reread_root(m);
}

/* Begun, written, committed: the last of it may fail. */
void model_op_install(struct model *m)
{
	unsigned n = 1 + choose(m->c, 4);

	if (m->sight)
		return;
	model_about(m, CHANGE_ANY, m->root.tree, "a");
	model_op_begin(m);
	if (!m->sight)
		return;
	m->now = &m->build;
	while (n--)
		choose(m->c, 2) ? model_op_make(m) : model_op_write(m);
	model_op_commit(m);
}

void model_op_stack(struct model *m)
{
	static const char *const packages[] = { "p1", "p2", "p3", "p4" };
	const char *package = packages[choose(m->c, ARRAY_SIZE(packages))];
	autofree char *problem = NULL;
	autostrv struct strv gone = { 0 };
	unsigned what = choose(m->c, 3);
	int r;

	model_about(m, CHANGE_ANY, m->root.tree, "a");
	model_arm(m);
	r = what == 0	? xs_remove(m->xs, package, &problem)
	    : what == 1 ? xs_rollback(m->xs, package, &problem)
			: xs_gc(m->xs, &gone);
	fault_disarm();
	fuzz_trace("stack %u %s: %d", what, package, r);
	model_reread_root(m);
}

void model_op_outlive(struct model *m)
{
	m->now = &m->root;
	model_op_keep(m);
	model_op_keep(m);
	choose(m->c, 2) ? model_op_stack(m) : model_op_install(m);
	m->now = &m->root;
	choose(m->c, 2) ? model_op_write(m) : model_op_setattr(m);
	model_op_write(m);
}

/* What is on disk alone makes the same tree again. */
void model_op_remount(struct model *m)
{
	struct plain *tree = plain_ref(m->root.tree);

	fuzz_trace("remount");
	if (m->sight) {
		model_forget(m, &m->build);
		if (choose(m->c, 2))
			xs_abort(m->xs, m->sight);
		model_end_build(m);
	}
	model_drop_seen(m);
	model_forget(m, &m->root);
	xs_free(m->xs);
	model_mount(m);
	m->root.tree = tree;
	model_same_side(m, &m->root);
	if (choose(m->c, 2))
		model_reread_root(m);
}

void model_op_compare(struct model *m)
{
	model_same_all(m);
	model_same_staging(m, m->xs->staging->root, m->root.tree, m->base);
}
