// SPDX-License-Identifier: GPL-2.0-or-later
/* Search paths: whose folder comes first, what hides what, and which is never the user's own. */
#include "builder/base/searchpath.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "tests/unit/scratch.h"

static int make_folders(void **state)
{
	if (scratch_setup(state) != 0)
		return -1;
	scratch_text("recipes/zlib/recipe.ini", "");
	scratch_text("recipes/half/build.sh", "");
	scratch_text("more/zlib/recipe.ini", "");
	scratch_text("more/own/recipe.ini", "");
	scratch_text("installed/zlib/recipe.ini", "");
	scratch_text("installed/half/recipe.ini", "");
	return symlink("installed", "other-name");
}

static void expect(const struct searchpath *p, const char *said, size_t n_own)
{
	autofree char *got = searchpath_said(p);

	assert_string_equal(got, said);
	assert_int_equal(p->n_own, n_own);
}

static void the_current_folder_then_the_installed_one(void **state)
{
	cleanup(searchpath_release) struct searchpath p = { 0 };

	(void)state;
	assert_int_equal(searchpath_finish(&p, "recipes", "installed"), 0);
	expect(&p, "'recipes', 'installed'", 1);
	assert_string_equal(searchpath_find(&p, "zlib", "recipe.ini"), "recipes");
	assert_string_equal(searchpath_hidden(&p, "recipes", "zlib", "recipe.ini"), "installed");
	assert_null(searchpath_hidden(&p, "installed", "zlib", "recipe.ini"));
	/* a folder without the file hides nothing */
	assert_string_equal(searchpath_find(&p, "half", "recipe.ini"), "installed");
	assert_string_equal(searchpath_find(&p, "half", NULL), "recipes");
	assert_null(searchpath_find(&p, "nobody", NULL));
	assert_true(searchpath_is_own(&p, "recipes"));
	assert_false(searchpath_is_own(&p, "installed"));
	assert_int_equal(searchpath_some(&p), 1);
}

static void named_folders_take_the_place_of_the_current_one(void **state)
{
	cleanup(searchpath_release) struct searchpath p = { 0 };

	(void)state;
	assert_int_equal(searchpath_add(&p, "more"), 0);
	assert_int_equal(searchpath_add(&p, "recipes"), 0);
	assert_int_equal(searchpath_finish(&p, "recipes", "installed"), 0);
	expect(&p, "'more', 'recipes', 'installed'", 2);
	assert_string_equal(searchpath_find(&p, "zlib", "recipe.ini"), "more");
	assert_string_equal(searchpath_find(&p, "half", "recipe.ini"), "installed");
	assert_int_equal(searchpath_some(&p), 2);
}

static void the_installed_one_is_nobody_s_own(void **state)
{
	static const char *const names[] = { "installed", "./installed", "other-name" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup(searchpath_release) struct searchpath p = { 0 }, q = { 0 };

		assert_int_equal(searchpath_add(&p, names[i]), 0);
		assert_int_equal(searchpath_finish(&p, "recipes", "installed"), 0);
		expect(&p, "'installed'", 0);
		assert_int_equal(searchpath_some(&p), 1);
		assert_int_equal(searchpath_finish(&q, names[i], "installed"), 0);
		expect(&q, "'installed'", 0);
	}
}

static void what_is_not_installed_is_not_looked_at(void **state)
{
	cleanup(searchpath_release) struct searchpath p = { 0 }, q = { 0 };

	(void)state;
	assert_int_equal(searchpath_finish(&p, "recipes", "nowhere"), 0);
	expect(&p, "'recipes'", 1);
	assert_int_equal(searchpath_finish(&q, "no-recipes", "nowhere"), 0);
	expect(&q, "'nowhere'", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_current_folder_then_the_installed_one),
		cmocka_unit_test(named_folders_take_the_place_of_the_current_one),
		cmocka_unit_test(the_installed_one_is_nobody_s_own),
		cmocka_unit_test(what_is_not_installed_is_not_looked_at),
	};

	return cmocka_run_group_tests(tests, make_folders, scratch_teardown);
}
