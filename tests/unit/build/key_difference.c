// SPDX-License-Identifier: GPL-2.0-or-later
/* What is another in two keys: of a line in another form the words, of others the line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "builder/build/key.h"
#include "fs/base/cleanup.h"

static void lines(void **state)
{
	static const struct {
		const char *old, *new, *said;
	} cases[] = {
		{ "a 1\nb 2\n", "a 1\nb 2\n", "" },
		{ "version 1\n", "version 2\n", "~ version: 1 -> 2\n" },
		{ "options --a --b --c --d\n", "options --a --x --c --d\n",
		  "~ options --a: --b -> --x\n" },
		{ "options --a --b --c\n", "options --a --b --c --d\n",
		  "~ options --a ...: + --d\n" },
		{ "variable CFLAGS=-O2 -g -pipe\n", "variable CFLAGS=-O2 -pipe\n",
		  "~ variable CFLAGS=-O2: - -g\n" },
		{ "needs b b-1-aa\nneeds c c-1-aa\n", "needs b b-1-bb\nneeds c c-1-bb\n",
		  "~ needs b: b-1-aa -> b-1-bb\n~ needs c: c-1-aa -> c-1-bb\n" },
		{ "file a 11\n", "file b 22\n", "- file a 11\n+ file b 22\n" },
		{ "", "patch 1.patch 11\n", "+ patch 1.patch 11\n" },
		{ "boxed no\nx y\n", "x y\n", "- boxed no\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autofree char *said = key_difference(cases[i].old, cases[i].new, "");

		assert_string_equal(said, cases[i].said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(lines) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
