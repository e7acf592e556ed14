// SPDX-License-Identifier: GPL-2.0-or-later
/* Warnings are found in logs by place, kind and text, and hostile logs do no harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "builder/report/warnings.h"
#include "fs/base/cleanup.h"

static int scan(struct warnings *w, const char *log)
{
	return warnings_scan(w, log, strlen(log));
}

static void test_lines(void **state)
{
	static const struct {
		const char *log, *file;
		unsigned line;
		const char *kind, *text;
	} cases[] = {
		{ "/xsysfs/work/libffi/src/src/tramp.c:262:3: warning: implicit declaration of "
		  "function 'open_temp_exec_file' [-Wimplicit-function-declaration]\n",
		  "src/src/tramp.c", 262, "-Wimplicit-function-declaration",
		  "implicit declaration of function 'open_temp_exec_file'" },
		{ "a.c:7: warning: old gcc", "a.c", 7, "without a name", "old gcc" },
		{ "a.h:1:2: warning: both [-Wunused,-Wall]", "a.h", 1, "-Wunused", "both" },
		{ "a.c:1:2: warning: x[3] is odd", "a.c", 1, "without a name", "x[3] is odd" },
		{ "\033[1ma.c:1:2:\033[0m \033[35mwarning: \033[0mred\r\n", "a.c", 1,
		  "without a name", "red" },
		{ "libtool: warning: relinking 'libx.la'", NULL, 0, "libtool",
		  "relinking 'libx.la'" },
		{ "make[1]: warning: -j2 forced in submake", NULL, 0, "make",
		  "-j2 forced in submake" },
		{ "/opt/x/4.8.5/bin/aarch64-linux-gnu-ld: warning: libm.so.6, needed by libx.so, "
		  "not found",
		  NULL, 0, "linker", "libm.so.6, needed by libx.so, not found" },
		{ "/usr/bin/ld: a.o: in function `f':a.c:(.text+0x9): warning: the use of `tmpnam' "
		  "is dangerous",
		  NULL, 0, "linker", "the use of `tmpnam' is dangerous" },
		{ "warning: nobody said it", NULL, 0, "without a name", "nobody said it" },
		{ "configure: WARNING: cross compiling", NULL, 0, "configure", "cross compiling" },
		{ "checking for x... configure: WARNING: cannot check x", NULL, 0, "configure",
		  "cannot check x" },
		{ "meson.build:12: WARNING: old meson", "meson.build", 12, "WARNING", "old meson" },
		{ "WARNING: 'aclocal' is missing", NULL, 0, "WARNING", "'aclocal' is missing" },
		{ "/x/setup.py:45: DeprecationWarning: gone in 4", "/x/setup.py", 45,
		  "DeprecationWarning", "gone in 4" },
		{ "CMake Warning at CMakeLists.txt:3 (message):\n  no zlib\n\n", "CMakeLists.txt",
		  3, "CMake", "no zlib" },
		{ "CMake Warning (dev) at m/x.cmake:4 (if):\n\n  old policy\n", "m/x.cmake", 4,
		  "CMake (dev)", "old policy" },
		{ "CMake Deprecation Warning at C.txt:1 (cmake_minimum_required):\n  below 3.5\n",
		  "C.txt", 1, "CMake", "below 3.5" },
		{ "CMake Warning:\n  unused: X\n", NULL, 0, "CMake", "unused: X" },
		{ "CMake Warning at C.txt:9 (x):", "C.txt", 9, "CMake", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct warnings w = { 0 };

		assert_int_equal(scan(&w, cases[i].log), 0);
		if (w.total != 1 || w.n != 1)
			fail_msg("%zu found, not 1: %s", w.total, cases[i].log);
		if (cases[i].file)
			assert_string_equal(w.first[0].file, cases[i].file);
		else
			assert_null(w.first[0].file);
		assert_int_equal(w.first[0].line, cases[i].line);
		assert_string_equal(w.first[0].kind, cases[i].kind);
		assert_string_equal(w.first[0].text, cases[i].text);
		warnings_release(&w);
	}
}

static void test_what_is_no_warning(void **state)
{
	static const char *const logs[] = {
		"checking if you want to turn on gcc warnings... no",
		"checking CFLAGS for most reasonable warnings... -Wall",
		"a.c:1:2: error: bad [-Werror=x]",
		"gcc -Wno-warning -c a.c",
		"CMake Error at x:1 (message):\n  Warning\n",
		"nowarning: x",
		"SomeWarning: x",
		"",
		"\n\n\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(logs); i++) {
		struct warnings w = { 0 };

		assert_int_equal(scan(&w, logs[i]), 0);
		if (w.total)
			fail_msg("taken for a warning: %s", logs[i]);
		warnings_release(&w);
	}
}

static void test_counting(void **state)
{
	struct warnings w = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(scan(&w, "a.c:1:1: warning: x [-Wx]\na.c:2:1: warning: x [-Wx]\n"
					  "CMake Warning at C:1 (m):\nb.c:1:1: warning: y\n"),
				 0);
	assert_int_equal(w.total, 12);
	assert_int_equal(w.n, 4);
	assert_int_equal(w.first[0].times, 3);
	assert_int_equal(tally_find(&w.kinds, "-Wx")->count, 6);
	assert_int_equal(tally_find(&w.kinds, "CMake")->count, 3);
	warnings_release(&w);
}

static void test_bounds(void **state)
{
	struct warnings w = { 0 };
	static char line[1 << 20];

	(void)state;
	for (int i = 0; i < 2000; i++) {
		sprintf(line, "f%d.c:1:1: warning: text %d [-Wkind-%d]\n", i, i, i);
		assert_int_equal(scan(&w, line), 0);
	}
	assert_int_equal(w.total, 2000);
	assert_int_equal(w.n, WARNINGS_KEPT);
	assert_true(w.kinds.n <= WARNINGS_KINDS + 1);
	warnings_release(&w);
	memset(line, 'x', 1 << 20);
	memcpy(line, "a.c:1: warning: ", 16);
	assert_int_equal(warnings_scan(&w, line, 1 << 20), 0);
	assert_int_equal(w.total, 1);
	assert_true(strlen(w.first[0].text) <= WARNINGS_LINE);
	warnings_release(&w);
}

/* Pieces of warnings in any order, with bytes of all values: found by ASan and UBSan if at all. */
static void test_noise(void **state)
{
	static const char *const pieces[] = {
		"warning: ",
		"WARNING: ",
		"configure: ",
		"a.c:",
		"1:",
		"99999999999999:",
		" [-W",
		"]",
		"\n",
		"CMake Warning",
		" at ",
		"Warning: ",
		": ",
		"\033[",
		"/xsysfs/work/",
		"ld",
		".o:",
		" (dev)",
		"[",
		"  ",
		"\r",
		"\xff",
		":",
		"X",
	};
	unsigned seed = 7;
	char log[512];

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct warnings w = { 0 };
		size_t n = 0;

		while (n < 300) {
			const char *piece;

			seed = seed * 1103515245 + 12345;
			piece = pieces[(seed >> 16) % ARRAY_SIZE(pieces)];
			memcpy(log + n, piece, strlen(piece));
			n += strlen(piece);
			if ((seed >> 8) % 64 == 0)
				log[n++] = '\0';
		}
		assert_int_equal(warnings_scan(&w, log, n), 0);
		assert_true(w.n <= w.total);
		warnings_release(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),	 cmocka_unit_test(test_what_is_no_warning),
		cmocka_unit_test(test_counting), cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
