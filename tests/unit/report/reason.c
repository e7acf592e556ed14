// SPDX-License-Identifier: GPL-2.0-or-later
/* The line of a log that tells why is found among those that do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "builder/report/reason.h"
#include "fs/base/cleanup.h"

static void test_lines(void **state)
{
	static const struct {
		const char *line;
		bool sure;
	} cases[] = {
		{ "a.c:3:1: error: expected ';'", true },
		{ "a.c:1:10: fatal error: x.h: No such file or directory", true },
		{ "meson.build:3:0: ERROR: Dependency not found", true },
		{ "CMake Error at CMakeLists.txt:3 (message):", true },
		{ "ld: a.o: undefined reference to `f'", true },
		{ "error[E0432]: unresolved import", true },
		{ "make[2]: *** No rule to make target 'x', needed by 'y'.  Stop.", true },
		{ "ModuleNotFoundError: No module named 'x'", true },
		{ "make: *** [Makefile:3: all] Error 2", false },
		{ "gcc -Werror=format -c error.c", false },
		{ "checking for strerror... yes", false },
		{ "-- Looking for x - not found", false },
		{ "fine\nerror: of the next line", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (reason_is(cases[i].line) != cases[i].sure)
			fail_msg("%s", cases[i].line);
}

static void test_found(void **state)
{
	static const struct {
		const char *text, *line;
	} cases[] = {
		{ "a\nb.c:1: error: x\nerror: y\n", "b.c:1: error: x" },
		{ "-- x - not found\nerror: y", "error: y" },
		{ "-- x - not found\nsh: 3: frob: not found\nmake: *** [all] Error 127\n",
		  "sh: 3: frob: not found" },
		{ "\n\nKilled\n\n", "Killed" },
		{ "a\nmake: *** [all] Error 1\n", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *line = cases[i].line, *found = reason_find(cases[i].text);

		if (!line)
			assert_null(found);
		else if (!found || strncmp(found, line, strlen(line)) != 0)
			fail_msg("%s: %s", line, found ? found : "nothing");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
