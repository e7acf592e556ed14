// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel is told when packages come and go, and who keeps which layer. */
#include "fs/xs/xs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fs/store/install.h"
#include "fs/store/state.h"
#include "tests/unit/xs.h"

static struct strv told;

static void note_entry(void *arg, uint64_t dir, const char *name)
{
	struct xs *xs = arg;
	struct node *node = nodes_by_id(&xs->nodes, dir);
	autofree char *path = NULL;

	assert_non_null(node);
	path = node_child_path(&xs->nodes, node, name);
	assert_int_equal(
		strv_addf(&told, "%s:%s", node->view == xs->staging ? "staging" : "root", path), 0);
	node_unref(&xs->nodes, node);
}

static int note_node(void *arg, uint64_t id)
{
	(void)arg;
	(void)id;
	return 0;
}

static struct xs *open_xs(void)
{
	struct xs *xs = new_xs();

	xs->events = (struct xs_events){ .entry_changed = note_entry,
					 .node_changed = note_node,
					 .arg = xs };
	return xs;
}

static struct sight *begin(struct xs *xs, const char *package, const char *needs)
{
	const struct install_request q = {
		.package = package, .version = "1", .key = "", .needs = needs, .replaces = ""
	};
	autofree char *problem = NULL;
	struct sight *sight = NULL;
	int r = xs_begin(xs, &q, &sight, &problem);

	if (r < 0)
		fail_msg("%s: %s", strerror(-r), problem ? problem : "");
	return sight;
}

/* Write `text` to `path` in the package's layer, as its build would, and commit. */
static int install_over(struct xs *xs, const char *package, const char *needs, const char *path,
			const char *text)
{
	autostrv struct strv problems = { 0 }, notes = { 0 };
	struct sight *sight = begin(xs, package, needs);
	autofree char *file = NULL;

	assert_true(asprintf(&file, "state/pending/%s/root/%s", package, path) > 0);
	put(file, text);
	return xs_commit(xs, sight, &problems, &notes);
}

static int install(struct xs *xs, const char *package, const char *path, const char *text)
{
	return install_over(xs, package, "", path, text);
}

static struct node *walk(struct view *view, const char *path)
{
	struct node *node = NULL;

	assert_int_equal(view_walk(view, path, &node, NULL), 0);
	return node;
}

/* All that the kernel may have in its caches is taken back: a name that was not there too. */
static void known_names_are_taken_back(void **state)
{
	autofree char *problem = NULL;

	(void)state;
	put("base/usr/lib/x", "x");
	struct xs *xs = open_xs();
	struct node *lib = walk(xs->root, "usr/lib"), *node = NULL;
	assert_int_equal(view_lookup(lib, "z", &node, NULL), -ENOENT);
	assert_int_equal(install(xs, "p", "usr/lib/z", "1"), 0);
	assert_true(strv_has(&told, "root:usr/lib/z"));
	assert_false(strv_has(&told, "root:usr")); /* a shell may stand in it */
	assert_true(strv_has(&told, "staging:usr"));
	strv_release(&told);
	node = walk(xs->root, "usr/lib/z");
	assert_node(node, "1");
	assert_int_equal(install(xs, "p", "usr/lib/z", "2"), 0);
	assert_true(strv_has(&told, "root:usr/lib/z"));
	assert_node(node, "1");
	node_unref(&xs->nodes, node);
	node = walk(xs->root, "usr/lib/z");
	assert_node(node, "2");
	strv_release(&told);
	assert_int_equal(xs_remove(xs, "p", &problem), 0);
	assert_true(strv_has(&told, "root:usr/lib/z"));
	strv_release(&told);
	node_unref(&xs->nodes, node);
	assert_int_equal(view_lookup(lib, "z", &node, NULL), -ENOENT);
	node_unref(&xs->nodes, lib);
	xs_free(xs);
}

static void a_refused_commit_tells_nobody(void **state)
{
	(void)state;
	struct xs *xs = open_xs();
	assert_int_equal(install(xs, "p", "f", "1"), 0);
	strv_release(&told);
	assert_int_equal(install(xs, "q", "f", "2"), -EEXIST);
	assert_int_equal(told.n, 0);
	struct node *f = walk(xs->root, "f");
	assert_node(f, "1");
	node_unref(&xs->nodes, f);
	xs_free(xs);
}

static void gc_leaves_what_a_build_reads(void **state)
{
	autostrv struct strv gone = { 0 }, later = { 0 };
	autofree char *problem = NULL;

	(void)state;
	struct xs *xs = open_xs();
	assert_int_equal(install(xs, "p", "f", "1"), 0);
	struct sight *build = begin(xs, "q", "p");
	assert_int_equal(install(xs, "p", "f", "2"), 0);
	assert_int_equal(install(xs, "p", "f", "3"), 0);
	assert_int_equal(xs_gc(xs, &gone), 0);
	assert_int_equal(gone.n, 1); /* "2": nobody has it */
	struct node *f = walk(build->view, "f");
	assert_node(f, "1"); /* a build sees what was there when it began, to its end */
	node_unref(&xs->nodes, f);
	xs_abort(xs, build);
	assert_int_equal(xs_gc(xs, &later), 0);
	assert_int_equal(later.n, 1);
	assert_int_equal(xs_rollback(xs, "p", &problem), -ENOENT);
	assert_non_null(problem);
	strv_release(&told);
	xs_free(xs);
}

static void gc_leaves_what_somebody_has_open(void **state)
{
	autostrv struct strv gone = { 0 }, later = { 0 };

	(void)state;
	struct xs *xs = open_xs();
	assert_int_equal(install(xs, "p", "f", "1"), 0);
	struct node *f = walk(xs->root, "f");
	assert_int_equal(install(xs, "p", "f", "2"), 0);
	assert_int_equal(xs_gc(xs, &gone), 0);
	assert_int_equal(gone.n, 0);
	assert_node(f, "1");
	node_unref(&xs->nodes, f);
	assert_int_equal(xs_gc(xs, &later), 0);
	assert_int_equal(later.n, 1);
	strv_release(&told);
	xs_free(xs);
}

/* Two builds write the same name at the same time, and the second one to commit hears of it. */
static void builds_do_not_see_each_other(void **state)
{
	autostrv struct strv problems = { 0 }, notes = { 0 };
	struct stat st;
	struct node *node = NULL;

	(void)state;
	put("base/usr/x", "x");
	struct xs *xs = open_xs();
	struct sight *a = begin(xs, "a", ""), *b = begin(xs, "b", "");
	struct node *usr_a = walk(a->view, "usr"), *usr_b = walk(b->view, "usr");
	const struct owner nobody = { 0 };
	assert_int_equal(view_make(usr_a, "f", S_IFREG | 0644, 0, nobody, &node, &st), 0);
	assert_int_equal(node_write(node, "a"), 0);
	node_unref(&xs->nodes, node);
	assert_int_equal(view_lookup(usr_b, "f", &node, &st), -ENOENT);
	assert_int_equal(view_make(usr_b, "f", S_IFREG | 0644, 0, nobody, &node, &st), 0);
	assert_int_equal(node_write(node, "b"), 0);
	node_unref(&xs->nodes, node);
	assert_int_equal(view_walk(xs->root, "usr/f", &node, &st), -ENOENT);
	assert_int_equal(view_rename(usr_a, "f", usr_b, "g", 0, NULL), -EXDEV);
	assert_int_equal(xs_commit(xs, a, &problems, &notes), 0);
	assert_int_equal(view_getattr(usr_a, &st), -ESTALE);
	assert_int_equal(view_getattr(usr_b, &st), 0);
	assert_int_equal(view_lookup(usr_b, "f", &node, &st), 0);
	assert_node(node, "b");
	node_unref(&xs->nodes, node);
	assert_int_equal(xs_commit(xs, b, &problems, &notes), -EEXIST);
	assert_int_equal(problems.n, 1);
	node = walk(xs->root, "usr/f");
	assert_node(node, "a");
	node_unref(&xs->nodes, node);
	node_unref(&xs->nodes, usr_a);
	node_unref(&xs->nodes, usr_b);
	strv_release(&told);
	xs_free(xs);
}

static void read_file(struct sight *sight, const char *path)
{
	struct node *node = walk(sight->view, path);

	assert_node(node, "x");
	node_unref(node->view->nodes, node);
}

/* A build that sees more layers than are watched: of the rest, what it has declared is taken for
 * read, and not all that this needs. */
static void of_many_packages_what_is_declared_is_taken_for_read(void **state)
{
	autostrv struct strv problems = { 0 }, notes = { 0 };
	autostrv struct strv all = { 0 };
	autofree char *needs = NULL;
	char name[16], path[32];
	struct xs *xs = open_xs();
	struct sight *sight;
	struct state *s = xs->state;

	(void)state;
	for (int i = 0; i < ROSTER_READ * 64 + 40; i++) {
		snprintf(name, sizeof(name), "p%03d", i);
		snprintf(path, sizeof(path), "usr/%s", name);
		assert_int_equal(install(xs, name, path, "x"), 0);
		assert_int_equal(strv_add(&all, name), 0);
	}
	needs = strv_join(&all, " ");
	assert_int_equal(install_over(xs, "hub", needs, "usr/hub", "x"), 0);
	strv_release(&told);
	sight = begin(xs, "top", "hub p001 p530");
	read_file(sight, "usr/p549");
	read_file(sight, "usr/p003"); /* at the bottom, where nobody looks */
	assert_int_equal(xs_commit(xs, sight, &problems, &notes), 0);
	const struct strv *uses = &state_find(s, "top")->meta->uses;
	assert_int_equal(uses->n, 2);
	assert_string_equal(uses->v[0], "p001");
	assert_string_equal(uses->v[1], "p549");
	strv_release(&told);
	xs_free(xs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(known_names_are_taken_back),
		temp_test(a_refused_commit_tells_nobody),
		temp_test(gc_leaves_what_a_build_reads),
		temp_test(gc_leaves_what_somebody_has_open),
		temp_test(builds_do_not_see_each_other),
		temp_test(of_many_packages_what_is_declared_is_taken_for_read),
	};

	temp_needs_marks();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
