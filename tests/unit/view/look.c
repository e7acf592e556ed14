// SPDX-License-Identifier: GPL-2.0-or-later
/* What a view shows: layers as one tree, tags, other stacks under open files, the filter. */
#include "fs/view/view.h"

#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fs/store/tag.h"
#include "tests/unit/engine.h"

static void layers_are_one_tree(void **state)
{
	struct world w;
	struct stat st;

	(void)state;
	put("base/usr/include/a.h", "base");
	put("base/usr/include/b.h", "base");
	put("base/usr/lib/x", "base");
	put("base/gone", "base");
	put("base/dir/old", "base");
	put("base/hidden/f", "base");
	put("p/usr/include/b.h", "p");
	put("p/usr/include/c.h", "p");
	put_whiteout("p/gone");
	put_opaque("p/dir");
	put("p/dir/new", "p");
	put("p/hidden", "a file now");
	put("q/usr/include/c.h", "q");
	put("q/dir/more", "q");
	put_whiteout("q/usr/lib/x");
	world_open(&w, "p q");
	assert_names(&w, "", "dir hidden usr");
	assert_names(&w, "usr/include", "a.h b.h c.h");
	assert_names(&w, "usr/lib", "");
	assert_names(&w, "dir", "more new");
	assert_text(&w, "usr/include/a.h", "base");
	assert_text(&w, "usr/include/b.h", "p");
	assert_text(&w, "usr/include/c.h", "q");
	assert_text(&w, "hidden", "a file now");
	assert_int_equal(look(&w, "usr/lib/x", &st), -ENOENT);
	assert_int_equal(look(&w, "gone", &st), -ENOENT);
	assert_int_equal(look(&w, "dir/old", &st), -ENOENT);
	assert_int_equal(look(&w, "hidden/f", &st), -ENOTDIR);
	assert_int_equal(look(&w, "usr/../usr", &st), -EINVAL);
	assert_int_equal(look(&w, "./usr//lib/.", &st), 0);
	assert_int_equal(look(&w, "", &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	world_close(&w);
}

/* ls -i, find and fts believe in them. */
static void numbers_in_listings_are_those_of_stat(void **state)
{
	struct world w;

	(void)state;
	put("base/usr/f", "x");
	put("base/opaque/f", "x");
	put("base/lower", "x");
	put("p/usr/g", "x");
	put_opaque("p/opaque");
	put("p/file", "x");
	world_open(&w, "p");
	assert_int_equal(make_dir(&w, "new"), 0);
	assert_int_equal(write_text(&w, "lower", "y"), 0);
	autonames struct names *names = NULL;
	assert_int_equal(view_list(w.view->root, &names), 0);
	for (size_t i = 0; i < names->n; i++) {
		struct stat st;

		if (strcmp(names->v[i].text, "lower") == 0)
			continue; /* a copied file keeps the number it was first seen with */
		assert_int_equal(look(&w, names->v[i].text, &st), 0);
		if (names->v[i].ino != st.st_ino)
			fail_msg("'%s'", names->v[i].text);
	}
	world_close(&w);
}

static void fifty_layers_are_as_good_as_two(void **state)
{
	autostrv struct strv packages = { 0 };
	autofree char *all = NULL;
	char path[64], text[16];
	struct world w;
	struct stat st;

	(void)state;
	make_dirs("base/usr/lib");
	for (int i = 10; i < 60; i++) {
		assert_int_equal(strv_addf(&packages, "p%d", i), 0);
		snprintf(text, sizeof(text), "%d", i);
		snprintf(path, sizeof(path), "p%d/usr/lib/lib%d", i, i);
		put(path, text);
		snprintf(path, sizeof(path), "p%d/usr/lib/all", i);
		put(path, text);
		snprintf(path, sizeof(path), "p%d/usr/dir%d/f", i, i % 5);
		put(path, text);
	}
	put_whiteout("p40/usr/lib/lib20");
	all = strv_join(&packages, " ");
	world_open(&w, all);
	assert_text(&w, "usr/lib/lib10", "10");
	assert_text(&w, "usr/lib/lib59", "59");
	assert_text(&w, "usr/lib/all", "59");
	assert_text(&w, "usr/dir0/f", "55");
	assert_int_equal(look(&w, "usr/lib/lib20", &st), -ENOENT);
	assert_int_equal(look(&w, "usr/lib/missing", &st), -ENOENT);
	assert_names(&w, "usr", "dir0 dir1 dir2 dir3 dir4 lib");
	assert_int_equal(write_text(&w, "usr/lib/lib30", "new"), 0);
	assert_text(&w, "usr/lib/lib30", "new");
	assert_int_equal(rm(&w, "usr/lib/all"), 0);
	assert_int_equal(look(&w, "usr/lib/all", &st), -ENOENT);
	autonames struct names *names = NULL;
	struct node *lib = at(&w, "usr/lib");
	assert_int_equal(view_list(lib, &names), 0);
	size_t shown = 0;
	for (size_t i = 0; i < names->n; i++)
		shown += !names->v[i].whiteout;
	assert_int_equal(shown, 49);
	drop(&w, lib);
	world_close(&w);
}

static void tags_say_who_wrote_it(void **state)
{
	char list[256], value[4];
	struct world w;

	(void)state;
	put("base/usr/b", "x");
	put("p/usr/lib/f", "x");
	put("q/usr/lib/g", "x");
	assert_int_equal(setxattr("p/usr/lib/f", "user.color", "red", 3, 0), 0);
	assert_int_equal(setxattr("p/usr/lib/f", "user.overlay.x", "1", 1, 0), 0);
	assert_int_equal(setxattr("p/usr/lib/f", "user.xsysfs.package", "liar", 4, 0), 0);
	world_open(&w, "p q");
	assert_int_equal(write_text(&w, "hand", "x"), 0);
	assert_string_equal(xattr_of(&w, "usr/lib/f", "user.xsysfs.package"), "p");
	assert_string_equal(xattr_of(&w, "usr/lib/f", "user.xsysfs.version"), "1");
	assert_string_equal(xattr_of(&w, "usr/lib/f", "user.xsysfs.layer"), "p");
	assert_string_equal(xattr_of(&w, "usr/lib/f", "user.xsysfs.origin"), "package");
	assert_string_equal(xattr_of(&w, "usr/lib/f", "user.xsysfs.color"), "");
	assert_string_equal(xattr_of(&w, "usr/lib/g", "user.xsysfs.package"), "q");
	assert_string_equal(xattr_of(&w, "usr/lib", "user.xsysfs.package"), "p"); /* the lowest */
	assert_string_equal(xattr_of(&w, "usr", "user.xsysfs.origin"), "base");
	assert_string_equal(xattr_of(&w, "usr/b", "user.xsysfs.package"), "");
	assert_string_equal(xattr_of(&w, "usr/b", "user.xsysfs.origin"), "base");
	assert_string_equal(xattr_of(&w, "hand", "user.xsysfs.package"), "local");
	assert_string_equal(xattr_of(&w, "hand", "user.xsysfs.origin"), "local");
	struct node *f = at(&w, "usr/lib/f");
	ssize_t n = view_listxattr(f, list, sizeof(list));
	assert_int_equal(n, sizeof("user.color"));
	assert_string_equal(list, "user.color");
	assert_int_equal(view_listxattr(f, NULL, 0), n);
	assert_int_equal(view_listxattr(f, list, 3), -ERANGE);
	assert_int_equal(view_getxattr(f, "user.xsysfs.origin", NULL, 0), 7);
	assert_int_equal(view_getxattr(f, "user.xsysfs.origin", value, sizeof(value)), -ERANGE);
	assert_int_equal(view_getxattr(f, "user.overlay.x", value, sizeof(value)), -ENODATA);
	assert_int_equal(view_getxattr(f, "user.missing", value, sizeof(value)), -ENODATA);
	assert_true(view_setxattr(f, "user.xsysfs.package", "x", 1, 0) < 0);
	assert_true(view_setxattr(f, "user.overlay.opaque", "y", 1, 0) < 0);
	assert_true(view_removexattr(f, "user.overlay.x") < 0);
	assert_false(is_there("local/usr")); /* no copy for what was refused */
	drop(&w, f);
	assert_string_equal(tag_of_layer(w.base, "origin"), "base");
	assert_null(tag_of_layer(w.base, "size"));
	world_close(&w);
}

static void another_stack_shows_under_who_is_in_it(void **state)
{
	struct world w;
	struct stat st;

	(void)state;
	put("base/usr/lib/f", "base");
	put("p/usr/lib/f", "p");
	put("p/usr/lib/only", "p");
	put("p/opt/x", "p");
	put("q/usr/lib/f", "q");
	put("q/usr/new/y", "q");
	world_open(&w, "p q");
	autolayerset struct layerset *none = world_below(&w, 0, true);
	autolayerset struct layerset *one = world_below(&w, 1, true);
	autolayerset struct layerset *both = world_below(&w, 2, true);
	view_set_below(w.view, one);
	struct node *lib = at(&w, "usr/lib"), *f = at(&w, "usr/lib/f"), *opt = at(&w, "opt");
	assert_node(f, "p");
	view_set_below(w.view, both);
	assert_text(&w, "usr/lib/f", "q");
	assert_node(f, "p"); /* he who has it open keeps it */
	assert_names(&w, "usr", "lib new");
	view_set_below(w.view, none);
	assert_text(&w, "usr/lib/f", "base");
	assert_node(f, "p");
	autofree char *in_lib = node_names(lib);
	autofree char *in_opt = node_names(opt);
	assert_string_equal(in_lib, "f");
	assert_string_equal(in_opt, "");
	assert_int_equal(look(&w, "opt", &st), -ENOENT);
	assert_int_equal(look(&w, "usr/lib/only", &st), -ENOENT);
	assert_int_equal(view_getattr(f, &st), 0);
	assert_int_equal(view_getattr(opt, &st), 0);
	struct node *again = at(&w, "usr/lib");
	assert_ptr_equal(again, lib); /* a directory stays the same one */
	drop(&w, again);
	view_set_below(w.view, one);
	assert_names(&w, "", "opt usr");
	assert_text(&w, "opt/x", "p");
	drop(&w, lib);
	drop(&w, f);
	drop(&w, opt);
	world_close(&w);
}

static void what_was_written_stays_over_another_stack(void **state)
{
	struct world w;

	(void)state;
	put("base/f", "base");
	put("p/d/f", "p");
	put("q/d/f", "q");
	put("q/d/g", "q");
	world_open(&w, "p q");
	autolayerset struct layerset *one = world_below(&w, 1, true);
	autolayerset struct layerset *both = world_below(&w, 2, true);
	view_set_below(w.view, one);
	assert_int_equal(write_text(&w, "d/f", "mine"), 0);
	view_set_below(w.view, both);
	assert_text(&w, "d/f", "mine");
	assert_names(&w, "d", "f g");
	assert_int_equal(rm(&w, "d/g"), 0);
	view_set_below(w.view, one);
	assert_names(&w, "d", "f");
	view_set_below(w.view, both);
	assert_names(&w, "d", "f");
	world_close(&w);
}

static void files_of_the_hidden_layer_do_not_show(void **state)
{
	struct world w;
	struct stat st;

	(void)state;
	put("base/usr/lib/libc.so", "base");
	put("base/was-file", "base");
	make_dirs("base/was-dir");
	put("p/usr/lib/libc.so", "copied up");
	put("p/usr/lib/libz.so", "p");
	put("p/was-file/in", "p");
	put("p/was-dir", "p");
	world_layers(&w, "p");
	autolayerset struct layerset *below = world_below(&w, 1, false);
	struct view_options options = { .upper = w.upper,
					.below = below,
					.hide = w.base,
					.work = -1,
					.read_only = true,
					.staging = true,
					.shared = true };
	put("local/usr/hand", "local");
	assert_int_equal(view_new(&w.nodes, &w.files, &options, &w.view), 0);
	assert_names(&w, "usr/lib", "libz.so");
	assert_int_equal(look(&w, "usr/lib/libc.so", &st), -ENOENT);
	assert_int_equal(look(&w, "usr/lib/libz.so", &st), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(st.st_gid, 0);
	assert_text(&w, "usr/hand", "local");
	put("local/usr/later", "local"); /* through the other view */
	assert_text(&w, "usr/later", "local");
	assert_names(&w, "usr", "hand later lib");
	struct node *usr = at(&w, "usr");
	assert_int_equal(view_unlink(usr, "hand"), -EROFS);
	drop(&w, usr);
	world_close(&w);
}

/* `ret`, with a reference, is what is that deep in folders of one name. */
static void descend(struct world *w, int depth, struct node **ret)
{
	node_ref(&w->nodes, w->view->root);
	*ret = w->view->root;
	for (int i = 0; i < depth; i++) {
		struct node *next = NULL;
		struct stat st;

		assert_int_equal(view_lookup(*ret, "d", &next, &st), 0);
		drop(w, *ret);
		*ret = next;
	}
}

static void *stat_it(void *node)
{
	struct stat st;

	return view_getattr(node, &st) == 0 ? NULL : node;
}

/* Each folder asks the one above, and that must neither take the stack nor ask again and again. */
static void a_chain_of_folders_is_no_matter(void **state)
{
	enum { DEPTH = 200 };
	autofree char *path = calloc(1, 2 * DEPTH + 16);
	struct node *deep = NULL;
	pthread_attr_t small;
	pthread_t thread;
	void *failed;
	struct world w;

	(void)state;
	strcpy(path, "p");
	for (int i = 0; i < DEPTH; i++)
		strcat(path, "/d");
	make_dirs(path);
	make_dirs("q");
	world_layers(&w, "p q");
	autolayerset struct layerset *below = world_below(&w, 1, false);
	autolayerset struct layerset *more = world_below(&w, 2, false);
	struct view_options options = {
		.upper = w.upper, .below = below, .work = -1, .read_only = true, .shared = true
	};
	assert_int_equal(view_new(&w.nodes, &w.files, &options, &w.view), 0);
	descend(&w, DEPTH, &deep);
	view_set_below(w.view, more);
	assert_int_equal(pthread_attr_init(&small), 0);
	assert_int_equal(pthread_attr_setstacksize(&small, 128 * 1024), 0);
	assert_int_equal(pthread_create(&thread, &small, stat_it, deep), 0);
	assert_int_equal(pthread_join(thread, &failed), 0);
	assert_null(failed);
	pthread_attr_destroy(&small);
	drop(&w, deep);
	world_close(&w);
}

static void descriptors_are_few(void **state)
{
	struct world w;
	struct node *nodes[200];
	char path[32];

	(void)state;
	for (int i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "base/f%d", i);
		put(path, path + 5);
	}
	world_open(&w, "");
	for (int i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "f%d", i);
		nodes[i] = at(&w, path);
		assert_node(nodes[i], path);
	}
	assert_true(w.files.n <= 64);
	for (int i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "f%d", i);
		assert_node(nodes[i], path);
		drop(&w, nodes[i]);
	}
	assert_int_equal(w.files.n, 0);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(layers_are_one_tree),
		temp_test(numbers_in_listings_are_those_of_stat),
		temp_test(fifty_layers_are_as_good_as_two),
		temp_test(tags_say_who_wrote_it),
		temp_test(another_stack_shows_under_who_is_in_it),
		temp_test(what_was_written_stays_over_another_stack),
		temp_test(files_of_the_hidden_layer_do_not_show),
		temp_test(a_chain_of_folders_is_no_matter),
		temp_test(descriptors_are_few),
	};

	temp_needs_marks();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
