// SPDX-License-Identifier: GPL-2.0-or-later
/* Readers and writers in the views while packages come and go. The sanitizers are the judges. */
#include "fs/xs/xs.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fs/store/install.h"
#include "fs/store/state.h"
#include "tests/unit/engine.h"

enum { ROUNDS = 25, READERS = 3 };

struct stage {
	struct xs *xs;
	pthread_rwlock_t dir;	/* as the kernel holds a directory across LOOKUP, UNLINK, ... */
	bool over;		/* atomic */
	unsigned events, reads; /* atomic */
	int wrong;		/* atomic: the last line that saw what must not be seen */
};

static void count_entry(void *arg, uint64_t dir, const char *name)
{
	struct stage *stage = arg;

	(void)dir;
	(void)name;
	__atomic_add_fetch(&stage->events, 1, __ATOMIC_RELAXED);
}

static int count_node(void *arg, uint64_t id)
{
	count_entry(arg, id, "");
	return 0;
}

static bool is_over(const struct stage *stage)
{
	return __atomic_load_n(&stage->over, __ATOMIC_RELAXED);
}

/* Assertions end a test by longjmp(3), which no other thread may do. */
#define expect(stage, good)                                                            \
	do {                                                                           \
		if (!(good))                                                           \
			__atomic_store_n(&(stage)->wrong, __LINE__, __ATOMIC_RELAXED); \
	} while (0)

static void read_file(struct stage *stage, struct view *view, const char *path)
{
	struct nodes *nodes = &stage->xs->nodes;
	struct node *node = NULL;
	struct file *file = NULL;
	char text[16] = "";
	struct stat st;
	int r;

	pthread_rwlock_rdlock(&stage->dir);
	r = view_walk(view, path, &node, &st);
	pthread_rwlock_unlock(&stage->dir);
	expect(stage, r == 0 || r == -ENOENT);
	if (r < 0)
		return;
	/* who has a file keeps it, whoever unlinks it meanwhile */
	r = view_open(node, false, &file);
	expect(stage, r == 0);
	if (r == 0) {
		expect(stage, pread(file->fd, text, sizeof(text) - 1, 0) >= 0);
		/* whole or not at all */
		expect(stage, strcmp(text, "one") == 0 || strcmp(text, "two") == 0);
		__atomic_add_fetch(&stage->reads, 1, __ATOMIC_RELAXED);
	}
	data_close(file);
	node_unref(nodes, node);
}

static void list_dir(struct stage *stage, struct view *view, const char *path)
{
	autonames struct names *names = NULL;
	struct node *node = NULL;
	int r = view_walk(view, path, &node, NULL);

	expect(stage, r == 0 || r == -ENOENT);
	if (r < 0)
		return;
	r = view_list(node, &names);
	expect(stage, r == 0 || r == -ENOENT);
	for (size_t i = 0; r == 0 && i < names->n; i++) {
		struct node *child = NULL;
		struct stat st;

		/* the kernel looks up with the directory locked against changes */
		pthread_rwlock_rdlock(&stage->dir);
		r = view_lookup(node, names->v[i].text, &child, &st);
		pthread_rwlock_unlock(&stage->dir);
		if (r == 0)
			node_unref(&stage->xs->nodes, child);
		r = 0;
	}
	node_unref(&stage->xs->nodes, node);
}

static void *reader(void *arg)
{
	struct stage *stage = arg;
	struct view *views[] = { stage->xs->root, stage->xs->staging };

	while (!is_over(stage)) {
		for (size_t i = 0; i < ARRAY_SIZE(views); i++) {
			read_file(stage, views[i], "usr/lib/p");
			list_dir(stage, views[i], "usr/lib");
			list_dir(stage, views[i], "usr");
		}
		read_file(stage, stage->xs->root, "usr/lib/base");
	}
	return NULL;
}

static void rename_to(struct stage *stage, struct node *dir, const char *from, const char *to)
{
	pthread_rwlock_wrlock(&stage->dir);
	expect(stage, view_rename(dir, from, dir, to, 0, NULL) == 0);
	pthread_rwlock_unlock(&stage->dir);
}

static void unlink_base(struct stage *stage, struct node *dir)
{
	pthread_rwlock_wrlock(&stage->dir);
	expect(stage, view_unlink(dir, "base") == 0);
	pthread_rwlock_unlock(&stage->dir);
}

/* Who works by hand in the sysroot: copy-up of a file that others read, names that come and go. */
static void *writer(void *arg)
{
	struct stage *stage = arg;
	struct xs *xs = stage->xs;
	struct node *dir = NULL;
	int r = view_walk(xs->root, "usr/lib", &dir, NULL);

	expect(stage, r == 0);
	while (r == 0 && !is_over(stage)) {
		struct node *node = NULL;
		struct file *file = NULL;
		struct stat st, want = { .st_mode = 0600 };

		if (view_make(dir, "t", S_IFREG | 0644, 0, (struct owner){ 0 }, &node, &st) < 0)
			continue;
		expect(stage, view_open(node, true, &file) == 0);
		if (file)
			expect(stage, pwrite(file->fd, "two", 3, 0) == 3);
		data_close(file);
		expect(stage, view_setattr(node, VIEW_SET_MODE, &want, NULL, &st) == 0);
		node_unref(&xs->nodes, node);
		rename_to(stage, dir, "t", "u");
		rename_to(stage, dir, "u", "base");
		node = NULL;
		if (view_lookup(dir, "base", &node, &st) == 0) {
			unlink_base(stage, dir);
			if (view_open(node, true, &file) == 0)
				data_close(file);
			node_unref(&xs->nodes, node);
		}
		node = NULL;
		if (view_make(dir, "d", S_IFDIR | 0755, 0, (struct owner){ 0 }, &node, &st) == 0)
			node_unref(&xs->nodes, node);
		view_rmdir(dir, "d");
	}
	if (r == 0)
		node_unref(&xs->nodes, dir);
	return NULL;
}

/* Several write to one file of the base at the same time: it is copied once. */
static void *copier(void *arg)
{
	struct stage *stage = arg;
	struct xs *xs = stage->xs;
	struct node *node = NULL;
	struct file *file = NULL;
	char text[8] = "";

	if (view_walk(xs->root, "usr/share/doc", &node, NULL) < 0 ||
	    view_open(node, true, &file) < 0) {
		expect(stage, false);
	} else {
		expect(stage, pread(file->fd, text, 7, 0) == 3 && strcmp(text, "one") == 0);
		data_close(file);
	}
	if (node)
		node_unref(&xs->nodes, node);
	return NULL;
}

static int commit(struct xs *xs, const char *text)
{
	const struct install_request q = {
		.package = "p", .version = "1", .key = "", .needs = "", .replaces = ""
	};
	autostrv struct strv problems = { 0 }, notes = { 0 };
	autofree char *problem = NULL;
	struct sight *sight = NULL;
	struct node *usr = NULL, *lib = NULL, *node = NULL;
	struct file *file = NULL;
	struct owner nobody = { 0 };
	struct stat st;
	int r = xs_begin(xs, &q, &sight, &problem);

	if (r < 0)
		return r;
	assert_int_equal(view_walk(sight->view, "usr", &usr, NULL), 0);
	assert_int_equal(view_walk(sight->view, "usr/lib", &lib, NULL), 0);
	assert_int_equal(view_make(lib, "p", S_IFREG | 0644, 0, nobody, &node, &st), 0);
	assert_int_equal(view_open(node, true, &file), 0);
	assert_int_equal(pwrite(file->fd, text, strlen(text), 0), strlen(text));
	data_close(file);
	node_unref(&xs->nodes, node);
	assert_int_equal(view_make(usr, "include", S_IFDIR | 0755, 0, nobody, &node, &st), 0);
	node_unref(&xs->nodes, node);
	node_unref(&xs->nodes, lib);
	node_unref(&xs->nodes, usr);
	return xs_commit(xs, sight, &problems, &notes);
}

static void packages_change(struct stage *stage)
{
	for (int i = 0; i < ROUNDS; i++) {
		autofree char *problem = NULL;
		autostrv struct strv gone = { 0 };

		assert_int_equal(commit(stage->xs, "one"), 0);
		assert_int_equal(commit(stage->xs, "two"), 0);
		assert_int_equal(xs_rollback(stage->xs, "p", &problem), 0);
		assert_int_equal(xs_remove(stage->xs, "p", &problem), 0);
		if (i % 10 == 9)
			assert_int_equal(xs_gc(stage->xs, &gone), 0);
	}
}

static void open_stage(struct stage *stage)
{
	autofree char *problem = NULL;
	struct state *s = NULL;

	*stage = (struct stage){ .over = false };
	pthread_rwlock_init(&stage->dir, NULL);
	put("base/usr/lib/base", "one");
	put("base/usr/share/doc", "one");
	assert_int_equal(state_open("state", true, &s, &problem), 0);
	assert_int_equal(state_set_base(s, "base", &problem), 0);
	assert_int_equal(xs_new(s, NULL, &stage->xs), 0);
	stage->xs->events = (struct xs_events){ .entry_changed = count_entry,
						.node_changed = count_node,
						.arg = stage };
}

static void everybody_works_while_packages_come_and_go(void **state)
{
	pthread_t threads[READERS + 1];
	autofree char *before = NULL;
	struct stage stage;

	(void)state;
	open_stage(&stage);
	before = fingerprint("base");
	for (size_t i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, reader, &stage), 0);
	assert_int_equal(pthread_create(&threads[READERS], NULL, writer, &stage), 0);
	packages_change(&stage);
	__atomic_store_n(&stage.over, true, __ATOMIC_RELAXED);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(stage.wrong, 0);
	assert_true(stage.events >= 4 * ROUNDS);
	assert_true(stage.reads > 0);
	xs_free(stage.xs);
	pthread_rwlock_destroy(&stage.dir);
	assert_untouched("base", before);
}

static void a_file_that_many_write_to_is_copied_once(void **state)
{
	(void)state;
	for (int round = 0; round < 200; round++) {
		pthread_t threads[4];
		struct stage stage;
		struct node *node = NULL;
		struct stat st;

		open_stage(&stage);
		for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
			assert_int_equal(pthread_create(&threads[i], NULL, copier, &stage), 0);
		for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
			assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(stage.wrong, 0);
		assert_int_equal(view_walk(stage.xs->root, "usr/share/doc", &node, &st), 0);
		assert_int_equal(st.st_nlink, 1);
		node_unref(&stage.xs->nodes, node);
		assert_file("state/layers/local/root/usr/share/doc", "one");
		xs_free(stage.xs);
		pthread_rwlock_destroy(&stage.dir);
		remove_path("state");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(everybody_works_while_packages_come_and_go),
		temp_test(a_file_that_many_write_to_is_copied_once),
	};

	temp_needs_marks();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
