// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "fs/store/parts.h"

#define autoparts cleanup(parts_release)

static struct parts parse(const char *text)
{
	struct parts parts = { 0 };
	unsigned line;

	assert_int_equal(parts_parse(&parts, text, &line), 0);
	return parts;
}

static void the_first_rule_that_fits_decides(void **state)
{
	static const struct {
		const char *path;
		bool is_link;
		const char *part;
	} table[] = {
		{ "usr/bin/xz", false, "runtime" },
		{ "usr/include/lzma.h", false, "dev" },
		{ "usr/include/lzma/base.h", false, "dev" },
		{ "usr/include", false, "runtime" },
		{ "usr/lib/liblzma.so", true, "dev" },
		{ "usr/lib/liblzma.so", false, "runtime" },
		{ "usr/lib/liblzma.so.5", true, "runtime" },
		{ "usr/lib/debug/a.a", false, "debug" },
		{ "usr/lib/liblzma.a", false, "dev" },
		{ "usr/lib/[x]", false, "odd" },
		{ "usr/lib/x", false, "runtime" },
	};
	autoparts struct parts parts = parse("# which\n"
					     "debug usr/lib/debug/*\n"
					     "\n"
					     "dev \t usr/include/*\n"
					     "dev usr/lib/*.so@\n"
					     "dev usr/lib/*.a\n"
					     "odd usr/lib/\\[x\\]\n");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		autofree char *part = parts_of(&parts, table[i].path, table[i].is_link);

		assert_string_equal(part, table[i].part);
		assert_true(parts_is(&parts, table[i].path, table[i].is_link, table[i].part));
		assert_false(parts_is(&parts, table[i].path, table[i].is_link, "other"));
	}
}

static void a_file_is_staged_unless_a_rule_says_no(void **state)
{
	autoparts struct parts parts = parse("leave-out opt/test/*\n"
					     "dev usr/include/*\n"
					     "doc usr/share/doc/*\n"
					     "without dev\n");
	autoparts struct parts none = { 0 };

	(void)state;
	assert_true(parts_stages(&none, "usr/include/a.h", false));
	assert_false(parts_stages(&parts, "usr/include/a.h", false));
	assert_true(parts_stages(&parts, "usr/share/doc/a", false));
	assert_true(parts_stages(&parts, "usr/bin/a", false));
	assert_false(parts_stages(&parts, "opt/test/a", false));
}

static void without_runtime_only_parts_are_staged(void **state)
{
	autoparts struct parts parts = parse("dev usr/include/*\nwithout runtime\n");

	(void)state;
	assert_true(parts_stages(&parts, "usr/include/a.h", false));
	assert_false(parts_stages(&parts, "usr/bin/a", false));
	assert_true(parts_stages_below(&parts, "usr"));
	assert_true(parts_stages_below(&parts, "usr/include/sub"));
	assert_false(parts_stages_below(&parts, "usr/bin"));
}

static void a_folder_goes_when_all_in_it_does(void **state)
{
	autoparts struct parts parts = parse("leave-out opt/*\n"
					     "keep usr/include/keep/*\n"
					     "dev usr/include/*\n"
					     "doc usr/share/doc/*.txt\n"
					     "without dev\n"
					     "without doc\n");

	(void)state;
	assert_false(parts_stages_below(&parts, "opt"));
	assert_false(parts_stages_below(&parts, "opt/a/b"));
	assert_true(parts_stages_below(&parts, "op"));
	assert_true(parts_stages_below(&parts, "usr/include")); /* what is kept is in it */
	assert_true(parts_stages_below(&parts, "usr/include/keep"));
	assert_false(parts_stages_below(&parts, "usr/include/lost"));
	assert_true(parts_stages_below(&parts, "usr/share/doc")); /* may have others */
	assert_true(parts_stages_below(&parts, ""));
}

static void what_is_no_rule_is_refused(void **state)
{
	static const char *const bad[] = {
		"dev",	"dev /usr/include", "dev a b", "../x y", "dev @", "without a/b",
		"-x y", "base x",	    "local x",
	};
	autoparts struct parts parts = { 0 };
	char longer[PARTS_MAX_LINE + 10];
	unsigned line;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parts_add(&parts, bad[i]), -EINVAL);
	memset(longer, 'x', sizeof(longer));
	memcpy(longer, "dev ", 4);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(parts_add(&parts, longer), -EINVAL);
	assert_int_equal(parts_parse(&parts, "dev a\n\nwhat\n", &line), -EINVAL);
	assert_int_equal(line, 3);
	while (parts.rules.n < PARTS_MAX_RULES)
		assert_int_equal(parts_add(&parts, "dev x"), 0);
	assert_int_equal(parts_add(&parts, "dev x"), -E2BIG);
}

static void they_come_back_from_kv_lines(void **state)
{
	autoparts struct parts parts = parse("dev usr/include/*\nwithout dev\n"), back = { 0 };
	autoparts struct parts worse = { 0 };
	autofree char *before = NULL;
	autofree char *after = NULL;
	autokv struct kv kv = { 0 };

	(void)state;
	parts_to_kv(&parts, &kv);
	assert_int_equal(kv_error(&kv), 0);
	assert_int_equal(parts_from_kv(&back, &kv), 0);
	before = strv_join(&parts.rules, "\n");
	after = strv_join(&back.rules, "\n");
	assert_string_equal(before, after);
	assert_int_equal(kv_set(&kv, "part.2", "nothing"), 0);
	assert_int_equal(parts_from_kv(&worse, &kv), -EBADMSG);
}

static void the_names_are_known(void **state)
{
	autoparts struct parts parts = parse("dev a\ndoc b\ndev c\nleave-out d\nwithout dev\n");
	autostrv struct strv names = { 0 };
	autofree char *text = NULL;

	(void)state;
	assert_int_equal(parts_names(&parts, &names), 0);
	text = strv_join(&names, " ");
	assert_string_equal(text, "dev doc runtime");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_rule_that_fits_decides),
		cmocka_unit_test(a_file_is_staged_unless_a_rule_says_no),
		cmocka_unit_test(without_runtime_only_parts_are_staged),
		cmocka_unit_test(a_folder_goes_when_all_in_it_does),
		cmocka_unit_test(what_is_no_rule_is_refused),
		cmocka_unit_test(they_come_back_from_kv_lines),
		cmocka_unit_test(the_names_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
