// SPDX-License-Identifier: GPL-2.0-or-later
/* Versions in URLs, and recipes of which some words are changed and no other byte. */
#include "builder/recipe/recipetext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "tests/unit/scratch.h"

static const struct {
	const char *text, *from, *to, *want;
} bumps[] = {
	{ "https://h/x-1.2.3.tar.gz", "1.2.3", "1.3", "https://h/x-1.3.tar.gz" },
	{ "https://h/v1.2.3/x-1.2.3.tar.gz", "1.2.3", "2.0.0", "https://h/v2.0.0/x-2.0.0.tar.gz" },
	{ "https://h/x/1.2/x-1.2.3.tar.gz", "1.2.3", "1.3.0", "https://h/x/1.3/x-1.3.0.tar.gz" },
	{ "https://h/x/v1.2/x-1.2.3.tar.gz", "1.2.3", "1.2.4", "https://h/x/v1.2/x-1.2.4.tar.gz" },
	{ "https://h/x-1.2/y-1.2.3.tgz", "1.2.3", "1.3.1", "https://h/x-1.3/y-1.3.1.tgz" },
	{ "https://h/x_1_2_3.tgz", "1.2.3", "1.3.0", "https://h/x_1_3_0.tgz" },
	{ "https://h/R-1-2-3.tgz", "1.2.3", "1.3.0", "https://h/R-1-3-0.tgz" },
	{ "https://1.2.3.h/x-1.2.3.tgz", "1.2.3", "9", "https://1.2.3.h/x-9.tgz" },
	{ "https://h/lua5.4.6-1.2.tgz", "5.4.6", "5.4.7", "https://h/lua5.4.7-1.2.tgz" },
	{ "https://h/x-11.2.3-1.2.3.4-1.2.3a-1.2.31.tgz", "1.2.3", "9",
	  "https://h/x-11.2.3-1.2.3.4-1.2.3a-1.2.31.tgz" },
	{ "https://h/x2/v2/x-2.tar.gz", "2", "3", "https://h/x2/v3/x-3.tar.gz" },
	{ "https://h/jpegsrc.v9e.tar.gz", "9e", "9f", "https://h/jpegsrc.v9f.tar.gz" },
	{ "https://h/latest.tgz", "1.2", "1.3", "https://h/latest.tgz" },
	{ "x_1.2.3.orig.tar.gz", "1.2.3", "1.2.3.4", "x_1.2.3.4.orig.tar.gz" },
	{ "https://h/1.2.3", "1.2.3", "1.2.3-1.2.3", "https://h/1.2.3-1.2.3" },
	{ "https://h", "1", "2", "https://h" },
	{ "", "1", "2", "" },
};

static void versions_in_urls(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bumps); i++) {
		autofree char *got = recipetext_bump(bumps[i].text, bumps[i].from, bumps[i].to);

		if (strcmp(got, bumps[i].want) != 0)
			fail_msg("case %zu: %s", i, got);
	}
}

#define HEAD   "; x\n[Package]\n version=1.2 \n# of y\n\n"
#define FIRST  "# first\n[source:a]\n\turl = https://h/\\\n  x-1.2.tgz\nsha256 = 12\n\n"
#define SECOND "# the\n# second\n[source:b]\nurl = u\n\n"
#define LAST   "# last\n[build]\noptions = --with=1.2"

static const struct {
	const char *text, *drop, *want;
} drops[] = {
	{ HEAD FIRST SECOND LAST "\n", "source:a", HEAD SECOND LAST "\n" },
	{ HEAD FIRST SECOND LAST, "source:b", HEAD FIRST LAST },
	{ HEAD FIRST LAST "\n", "build",
	  HEAD "# first\n[source:a]\n\turl = https://h/\\\n"
	       "  x-1.2.tgz\nsha256 = 12\n" },
	{ HEAD SECOND FIRST LAST, "build",
	  HEAD SECOND "# first\n[source:a]\n\turl = https://h/\\\n"
		      "  x-1.2.tgz\nsha256 = 12" },
};

static void dropped_sections_leave_the_rest(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(drops); i++) {
		autorecipetext struct recipetext t = { 0 };
		autofree char *got = NULL;
		autofree char *why = NULL;

		scratch_text("recipe.ini", drops[i].text);
		assert_int_equal(recipetext_load(&t, "recipe.ini", &why), 0);
		got = recipetext_join(&t);
		assert_string_equal(got, drops[i].text);
		recipetext_drop(&t, ini_find(&t.ini, drops[i].drop, ""));
		free(got);
		got = recipetext_join(&t);
		if (strcmp(got, drops[i].want) != 0)
			fail_msg("case %zu: %s", i, got);
	}
}

static void only_the_value_is_changed(void **state)
{
	autorecipetext struct recipetext t = { 0 };
	autofree char *got = NULL;
	autofree char *why = NULL;

	(void)state;
	scratch_text("recipe.ini", HEAD FIRST LAST "\r\n");
	assert_int_equal(recipetext_load(&t, "recipe.ini", &why), 0);
	assert_int_equal(recipetext_put(&t, ini_find(&t.ini, "package", "version"), "1.2", "1.3"),
			 0);
	assert_int_equal(
		recipetext_bump_value(&t, ini_find(&t.ini, "source:a", "url"), "1.2", "1.3"), 0);
	assert_int_equal(recipetext_put(&t, ini_find(&t.ini, "source:a", "sha256"), "12", "34"), 0);
	got = recipetext_join(&t);
	assert_string_equal(got, "; x\n[Package]\n version=1.3 \n# of y\n\n"
				 "# first\n[source:a]\n\turl = https://h/\\\n  x-1.3.tgz\n"
				 "sha256 = 34\n\n" LAST "\r\n");
	assert_true(t.changed[2]);
	assert_false(t.changed[1]);
}

static void a_line_is_added_behind_another(void **state)
{
	autorecipetext struct recipetext t = { 0 };
	autofree char *got = NULL;
	autofree char *why = NULL;

	(void)state;
	scratch_text("recipe.ini", HEAD FIRST LAST "\r\n");
	assert_int_equal(recipetext_load(&t, "recipe.ini", &why), 0);
	assert_int_equal(recipetext_add(&t, ini_find(&t.ini, "source:a", "sha256"), "size", "5"),
			 0);
	assert_int_equal(recipetext_add(&t, ini_find(&t.ini, "source:a", "url"), "file", "f"), 0);
	got = recipetext_join(&t);
	assert_string_equal(got, "; x\n[Package]\n version=1.2 \n# of y\n\n"
				 "# first\n[source:a]\n\turl = https://h/\\\n  x-1.2.tgz\n"
				 "file = f\nsha256 = 12\nsize = 5\n\n" LAST "\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_in_urls),
		cmocka_unit_test(dropped_sections_leave_the_rest),
		cmocka_unit_test(only_the_value_is_changed),
		cmocka_unit_test(a_line_is_added_behind_another),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
