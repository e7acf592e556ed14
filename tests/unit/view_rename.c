// SPDX-License-Identifier: GPL-2.0-or-later
/* rename(2) in a view, of what is above and what is below. */
#include "fs/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(a_lower_directory_moves_whole),
		temp_test(a_directory_over_a_deleted_name_is_alone_there),
		temp_test(what_may_not_be_is_refused),
		temp_test(two_names_change_places),
		temp_test(a_replaced_file_lives_on),
		temp_test(two_names_of_one_file_stay),
	};

	temp_needs_marks();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
