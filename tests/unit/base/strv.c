// SPDX-License-Identifier: GPL-2.0-or-later
/* A list of strings, and the names that packages and versions may have. */
#include "fs/base/strv.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "fs/base/name.h"

static void words_are_split_and_joined(void **state)
{
	static const struct {
		const char *s, *separators, *joined;
	} cases[] = {
		{ "", " ", "" },       { "   ", " ", "" },	    { "a", " ", "a" },
		{ "a b", " ", "a|b" }, { " a,, b ,", " ,", "a|b" }, { "a\n\nb\n", "\n", "a|b" },
		{ "a b", "", "a b" },  { "b a b", " ", "b|a|b" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autostrv struct strv sv = { 0 };
		autofree char *joined = NULL;

		assert_int_equal(strv_split(&sv, cases[i].s, cases[i].separators), 0);
		joined = strv_join(&sv, "|");
		assert_string_equal(joined, cases[i].joined);
		if (sv.n)
			assert_null(sv.v[sv.n]);
	}
}

static void order_is_that_of_bytes(void **state)
{
	autostrv struct strv sv = { 0 };
	autofree char *sorted = NULL;
	autofree char *once = NULL;

	(void)state;
	strv_sort(&sv);
	strv_uniq(&sv);
	assert_int_equal(strv_split(&sv, "b \xc3\xa4 a B a a-b ab b", " "), 0);
	strv_sort(&sv);
	sorted = strv_join(&sv, " ");
	assert_string_equal(sorted, "B a a a-b ab b b \xc3\xa4");
	strv_uniq(&sv);
	once = strv_join(&sv, " ");
	assert_string_equal(once, "B a a-b ab b \xc3\xa4");
	assert_null(sv.v[sv.n]);
}

static void strings_are_copied(void **state)
{
	autostrv struct strv sv = { 0 };
	char word[] = "word";
	size_t n = 0;

	(void)state;
	strv_foreach (s, &sv)
		fail_msg("an empty list has '%s'", *s);
	assert_int_equal(strv_add(&sv, word), 0);
	assert_int_equal(strv_addn(&sv, word, 2), 0);
	assert_int_equal(strv_addn(&sv, word, 99), 0);
	assert_int_equal(strv_addf(&sv, "%s-%d", word, 7), 0);
	word[0] = 'x';
	assert_true(strv_has(&sv, "word"));
	assert_true(strv_has(&sv, "wo"));
	assert_true(strv_has(&sv, "word-7"));
	assert_false(strv_has(&sv, "xord"));
	assert_false(strv_has(&sv, ""));
	strv_foreach (s, &sv)
		n++;
	assert_int_equal(n, 4);
}

static void names_are_judged(void **state)
{
	static const struct {
		const char *s;
		bool version, package;
	} cases[] = {
		{ "zlib", true, true },		{ "gtk+3.0", true, true },
		{ "1.2.13-rc1~2", true, true }, { "7zip", true, true },
		{ "local", true, false },	{ "base", true, false },
		{ "Local", true, true },	{ "", false, false },
		{ ".", false, false },		{ "..", false, false },
		{ "-x", false, false },		{ "+x", false, false },
		{ "_x", false, false },		{ "a/b", false, false },
		{ "a b", false, false },	{ "a\nb", false, false },
		{ "a,b", false, false },	{ "a:b", false, false },
		{ "\xc3\xa4", false, false },	{ "a\xc3\xa4", false, false },
		{ "a..b", true, true },
	};
	char long_name[66];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (name_is_version(cases[i].s) != cases[i].version ||
		    name_is_package(cases[i].s) != cases[i].package)
			fail_msg("'%s'", cases[i].s);
	memset(long_name, 'a', 65);
	long_name[65] = '\0';
	assert_false(name_is_package(long_name));
	long_name[64] = '\0';
	assert_true(name_is_package(long_name));
}

/* Once something is missing, nothing can be added behind the gap, and no text is made of the rest.
 */
static void a_gap_is_remembered(void **state)
{
	autostrv struct strv sv = { 0 }, more = { 0 };

	(void)state;
	assert_int_equal(strv_add(&sv, "a"), 0);
	assert_int_equal(strv_error(&sv), 0);
	assert_int_equal(strv_addf(&sv, "%ls", L"\xe4"), -ENOMEM);
	assert_int_equal(strv_error(&sv), -ENOMEM);
	assert_int_equal(strv_add(&sv, "b"), -ENOMEM);
	assert_int_equal(strv_addn(&sv, "b", 1), -ENOMEM);
	assert_int_equal(strv_split(&sv, "b c", " "), -ENOMEM);
	assert_int_equal(strv_add(&more, "b"), 0);
	assert_int_equal(strv_add_all(&sv, &more), -ENOMEM);
	assert_int_equal(sv.n, 1);
	assert_null(strv_join(&sv, " "));
	strv_release(&sv);
	assert_int_equal(strv_error(&sv), 0);
	assert_int_equal(strv_add(&sv, "b"), 0);
	assert_int_equal(strv_add(&sv, NULL), -ENOMEM);
	assert_int_equal(strv_addn(&sv, "c", 1), -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_split_and_joined),
		cmocka_unit_test(order_is_that_of_bytes),
		cmocka_unit_test(strings_are_copied),
		cmocka_unit_test(names_are_judged),
		cmocka_unit_test(a_gap_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
