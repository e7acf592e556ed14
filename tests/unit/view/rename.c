// SPDX-License-Identifier: GPL-2.0-or-later
/* rename(2) in a view, of what is above and what is below. */
#include "fs/view/view.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "tests/unit/engine.h"

static void a_lower_directory_moves_whole(void **state)
{
	autofree char *before = NULL;
	struct world w;
	struct stat st;

	(void)state;
	put("base/d/f", "f");
	put("base/d/sub/g", "g");
	put_link("f", "base/d/l");
	put("base/d/dropped", "x");
	put("p/d/h", "h");
	before = fingerprint("base");
	world_open(&w, "p");
	struct node *f = at(&w, "d/f"), *d = at(&w, "d");
	assert_int_equal(rm(&w, "d/dropped"), 0);
	assert_int_equal(mv(&w, "d", "e"), 0);
	assert_int_equal(look(&w, "d", &st), -ENOENT);
	assert_names(&w, "", "e");
	assert_names(&w, "e", "f h l sub");
	assert_text(&w, "e/sub/g", "g");
	assert_node(f, "f");
	struct node *again = at(&w, "e");
	assert_ptr_equal(again, d);
	drop(&w, again);
	assert_int_equal(node_write(f, "new"), 0);
	assert_text(&w, "e/f", "new");
	drop(&w, f);
	drop(&w, d);
	world_reopen(&w, "p");
	assert_names(&w, "", "e");
	assert_names(&w, "e", "f h l sub");
	assert_int_equal(make_dir(&w, "d"), 0); /* and nothing of the old one is in it */
	assert_names(&w, "d", "");
	assert_int_equal(mv(&w, "e", "d"), 0); /* an empty directory is replaced */
	assert_names(&w, "d", "f h l sub");
	world_reopen(&w, "p");
	assert_names(&w, "", "d");
	assert_names(&w, "d", "f h l sub");
	world_close(&w);
	assert_untouched("base", before);
}

static void a_directory_over_a_deleted_name_is_alone_there(void **state)
{
	struct world w;

	(void)state;
	put("base/d/old", "x");
	put("base/e/sub/old", "x");
	world_open(&w, "");
	assert_int_equal(make_dir(&w, "new"), 0);
	assert_int_equal(write_text(&w, "new/f", "x"), 0);
	assert_int_equal(rm(&w, "d/old"), 0);
	assert_int_equal(rm_dir(&w, "d"), 0);
	assert_int_equal(mv(&w, "new", "d"), 0);
	assert_names(&w, "", "d e");
	assert_names(&w, "d", "f");
	assert_int_equal(rm(&w, "e/sub/old"), 0);
	assert_int_equal(mv(&w, "d", "e/sub"), 0); /* over an empty one of the base */
	assert_names(&w, "", "e");
	assert_names(&w, "e/sub", "f");
	world_reopen(&w, "");
	assert_names(&w, "", "e");
	assert_names(&w, "e/sub", "f");
	assert_false(is_there("local/new"));
	world_close(&w);
}

static void what_may_not_be_is_refused(void **state)
{
	struct world w;

	(void)state;
	put("base/f", "f");
	put("base/d/in", "x");
	make_dirs("base/e");
	world_open(&w, "");
	assert_int_equal(mv(&w, "missing", "x"), -ENOENT);
	assert_int_equal(mv(&w, "f", "d"), -EISDIR);
	assert_int_equal(mv(&w, "d", "f"), -ENOTDIR);
	assert_int_equal(mv(&w, "e", "d"), -ENOTEMPTY);
	assert_int_equal(mv_flags(&w, "f", "d", RENAME_NOREPLACE), -EEXIST);
	assert_int_equal(mv_flags(&w, "f", "missing", RENAME_EXCHANGE), -ENOENT);
	assert_int_equal(mv_flags(&w, "f", "g", 1u << 20), -EINVAL);
	assert_names(&w, "", "d e f");
	assert_names(&w, "d", "in");
	assert_int_equal(mv(&w, "f", "f"), 0);
	assert_int_equal(mv_flags(&w, "f", "g", RENAME_NOREPLACE), 0);
	assert_text(&w, "g", "f");
	assert_int_equal(mv_flags(&w, "g", "f", RENAME_NOREPLACE), 0); /* over the whiteout */
	assert_text(&w, "f", "f");
	assert_names(&w, "", "d e f");
	world_close(&w);
}

static void two_names_change_places(void **state)
{
	struct world w;
	struct stat st;

	(void)state;
	put("base/f", "f");
	put("base/g", "g");
	put("base/d/in", "x");
	world_open(&w, "");
	struct node *f = at(&w, "f");
	assert_int_equal(mv_flags(&w, "f", "g", RENAME_EXCHANGE), 0);
	assert_text(&w, "f", "g");
	assert_text(&w, "g", "f");
	assert_node(f, "f");
	assert_int_equal(mv_flags(&w, "f", "d", RENAME_EXCHANGE), 0); /* a file and a directory */
	assert_text(&w, "d", "g");
	assert_names(&w, "f", "in");
	assert_int_equal(write_text(&w, "new", "new"), 0);
	assert_int_equal(make_dir(&w, "e"), 0);
	assert_int_equal(mv_flags(&w, "new", "e", RENAME_EXCHANGE), 0);
	assert_text(&w, "e", "new");
	assert_int_equal(mv_flags(&w, "new", "f", RENAME_EXCHANGE), 0);
	assert_names(&w, "new", "in");
	assert_names(&w, "f", "");
	world_reopen(&w, "");
	assert_names(&w, "", "d e f g new");
	assert_names(&w, "new", "in");
	assert_names(&w, "f", "");
	assert_text(&w, "d", "g");
	assert_int_equal(look(&w, "f/in", &st), -ENOENT);
	world_close(&w);
}

/* A file of two names is known by the one that was looked up first, which may be the other. */
static void a_linked_file_changes_places_by_any_name(void **state)
{
	struct world w;

	(void)state;
	put("base/x/f", "file");
	put_hard_link("base/x/f", "base/g");
	put("base/h", "other");
	put_hard_link("base/h", "base/x/i");
	world_open(&w, "");
	struct node *file = at(&w, "x/f"), *other = at(&w, "x/i");
	assert_int_equal(mv_flags(&w, "g", "x", RENAME_EXCHANGE), 0); /* with its own directory */
	assert_names(&w, "", "g h x");
	assert_names(&w, "g", "f i");
	assert_text(&w, "x", "file");
	assert_node(file, "file");
	assert_int_equal(mv_flags(&w, "h", "x", RENAME_EXCHANGE), 0);
	assert_text(&w, "h", "file");
	assert_text(&w, "x", "other");
	assert_text(&w, "g/f", "file");
	assert_text(&w, "g/i", "other");
	assert_int_equal(node_write(file, "new"), 0);
	assert_int_equal(node_write(other, "changed"), 0);
	assert_text(&w, "h", "new");
	assert_text(&w, "g/i", "changed");
	struct node *again = at(&w, "g/f");
	assert_ptr_equal(again, file);
	drop(&w, again);
	drop(&w, file);
	drop(&w, other);
	world_reopen(&w, "");
	assert_names(&w, "", "g h x");
	assert_text(&w, "x", "changed");
	assert_text(&w, "g/f", "new");
	world_close(&w);
}

static void a_replaced_file_lives_on(void **state)
{
	struct world w;
	struct stat st;

	(void)state;
	put("base/old", "old");
	put("base/pair", "pair");
	put_hard_link("base/pair", "base/twin");
	world_open(&w, "");
	struct node *old = at(&w, "old");
	assert_int_equal(write_text(&w, "t", "new"), 0);
	assert_int_equal(mv(&w, "t", "old"), 0);
	assert_node(old, "old");
	assert_text(&w, "old", "new");
	drop(&w, old);
	assert_int_equal(write_text(&w, "t", "new"), 0);
	assert_int_equal(mv(&w, "t", "pair"), 0);
	assert_text(&w, "twin", "pair");
	assert_int_equal(look(&w, "twin", &st), 0);
	assert_int_equal(st.st_nlink, 1);
	assert_text(&w, "pair", "new");
	assert_names(&w, "", "old pair twin");
	world_close(&w);
}

static void two_names_of_one_file_stay(void **state)
{
	struct world w;

	(void)state;
	put("base/a", "x");
	put_hard_link("base/a", "base/b");
	world_open(&w, "");
	assert_int_equal(mv(&w, "a", "b"), 0); /* rename(2): does nothing */
	assert_names(&w, "", "a b");
	assert_int_equal(mv(&w, "a", "c"), 0);
	assert_names(&w, "", "b c");
	assert_int_equal(write_text(&w, "c", "new"), 0);
	assert_text(&w, "b", "new");
	assert_file("base/a", "x");
	world_close(&w);
}

struct readers {
	struct world *w;
	bool over; /* atomic */
};

/* Until `over`, or until nobody would wait any longer. */
static void *look_all_the_time(void *arg)
{
	struct readers *readers = arg;
	time_t until = time(NULL) + 30;
	struct stat st;

	while (!__atomic_load_n(&readers->over, __ATOMIC_RELAXED)) {
		if (time(NULL) > until)
			return arg;
		look(readers->w, "d/f", &st);
	}
	return NULL;
}

static void a_rename_gets_in_among_look_ups(void **state)
{
	struct readers readers = { 0 };
	pthread_t threads[4];
	struct world w;

	(void)state;
	put("base/d/f", "f");
	put("base/a", "a");
	world_open(&w, "");
	readers.w = &w;
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, look_all_the_time, &readers), 0);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(mv(&w, "a", "b"), 0);
		assert_int_equal(mv(&w, "b", "a"), 0);
	}
	__atomic_store_n(&readers.over, true, __ATOMIC_RELAXED);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		void *gave_up;

		assert_int_equal(pthread_join(threads[i], &gave_up), 0);
		assert_null(gave_up);
	}
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(a_rename_gets_in_among_look_ups),
		temp_test(a_lower_directory_moves_whole),
		temp_test(a_directory_over_a_deleted_name_is_alone_there),
		temp_test(what_may_not_be_is_refused),
		temp_test(two_names_change_places),
		temp_test(a_linked_file_changes_places_by_any_name),
		temp_test(a_replaced_file_lives_on),
		temp_test(two_names_of_one_file_stay),
	};

	temp_needs_marks();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
