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
#include "tests/fuzz/model.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/store/layer.h"
#include "fs/store/meta.h"
#include "fs/store/state.h"
#include "fs/view/view.h"
#include "fs/xs/xs.h"
#include "tests/fuzz/fault.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/plain.h"

void model_mount(struct model *m)
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

struct plain *model_read_layer(const struct layer *layer)
{
	struct plain *tree = plain_new(S_IFDIR | 0755);

	overlay_layer(tree, layer);
	return tree;
}

char *model_stack_text(void)
{
	autofd int fd = open("state/stack", O_RDONLY | O_CLOEXEC);
	char text[4096];
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return strdup(text);
}

/* The tree that the disk says there should be. */
struct plain *model_read_disk(struct model *m, const struct strv *only, bool local)
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

void model_drop_handle(struct model *m, struct handle *h)
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
		model_drop_handle(m, &side->handles[i]);
}

void model_forget(struct model *m, struct side *side)
{
	drop_handles(m, side);
	plain_unref(side->tree);
	side->tree = NULL;
	side->view = NULL;
}

/* What inputs of before mean stays what it was: new operations go into the second table. */
static void (*const operations[])(struct model *m) = {
	model_op_make,
	model_op_make,
	model_op_make,
	model_op_symlink,
	model_op_link,
	model_op_link,
	model_op_tmpfile,
	model_op_remove,
	model_op_remove,
	model_op_remove,
	model_op_rename,
	model_op_rename,
	model_op_rename,
	model_op_rename,
	model_op_write,
	model_op_write,
	model_op_setattr,
	model_op_setattr,
	model_op_xattr,
	model_op_keep,
	model_op_keep,
	model_op_forget,
	model_op_compare,
	model_op_begin,
	model_op_in_removed,
	model_op_commit,
	model_op_stack,
	model_op_remount,
	model_op_exchange_linked,
};

/* Weighted for what has gone wrong: files open across a change of the stack, exchanges of names of
 * one file. */
static void (*const deep[])(struct model *m) = {
	model_op_make,	     model_op_make,	model_op_symlink,  model_op_link,
	model_op_link,	     model_op_link,	model_op_tmpfile,  model_op_remove,
	model_op_remove,     model_op_rename,	model_op_rename,   model_op_rename,
	model_op_exchange,   model_op_exchange, model_op_exchange, model_op_exchange_linked,
	model_op_write,	     model_op_write,	model_op_write,	   model_op_write,
	model_op_setattr,    model_op_setattr,	model_op_xattr,	   model_op_keep,
	model_op_keep,	     model_op_keep,	model_op_forget,   model_op_compare,
	model_op_begin,	     model_op_begin,	model_op_commit,   model_op_commit,
	model_op_in_removed, model_op_install,	model_op_install,  model_op_stack,
	model_op_stack,	     model_op_outlive,	model_op_outlive,  model_op_outlive,
	model_op_look,	     model_op_look,
};

/* The end at any moment: what is open does not last, so only some inputs have that. */
static void (*const ends[])(struct model *m) = { model_op_remount, model_op_kill, model_op_die };

static void (*some_operation(struct model *m, unsigned what))(struct model *m)
{
	if (m->mortal && what % 16 == 0)
		return ends[choose(m->c, ARRAY_SIZE(ends))];
	if (m->deep)
		return deep[what % 64 % ARRAY_SIZE(deep)];
	return operations[what % 64 % ARRAY_SIZE(operations)];
}

static void run(struct model *m)
{
	unsigned steps = 0;

	while (choices_left(m->c) && steps++ < MAX_STEPS) {
		unsigned what = choose(m->c, 128);

		m->now = m->build.view && what & 64 ? &m->build : &m->root;
		m->struck = false;
		some_operation(m, what)(m);
		fault_disarm();
		if (m->struck || steps % 16 == 0)
			model_same_all(m);
	}
	model_op_compare(m);
	model_op_remount(m);
	model_drop_seen(m);
	model_forget(m, &m->root);
	xs_free(m->xs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct choices c = { data, data + size };
	struct model m = { .c = &c };
	uint64_t before;
	unsigned kind = choose(&c, 256);

	fuzz_enter();
	m.faults = kind % 3;
	m.deep = kind >= 3;
	m.mortal = m.deep && kind / 3 % 2;
	m.nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (getenv("NOFAULT"))
		m.faults = 0;
	model_put_state(&c, m.deep);
	before = fuzz_hash("base");
	m.base = plain_new(S_IFDIR | 0755);
	plain_overlay(m.base, "base", false);
	model_mount(&m);
	m.now = &m.root;
	m.root.tree = model_read_disk(&m, NULL, true);
	model_same_all(&m);
	run(&m);
	if (fuzz_hash("base") != before)
		fuzz_fail("the base is not what it was");
	plain_unref(m.base);
	close(m.nowhere);
	fuzz_leave();
	return 0;
}

/* From one of before, most often one of now is made. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	size = LLVMFuzzerMutate(data, size, max_size);
	if (size && data[0] < 3 && seed % 8)
		data[0] += 3 * (1 + seed / 8 % 80);
	return size;
}
