// SPDX-License-Identifier: GPL-2.0-or-later
/* Which number a program means, of what it says, and who has it. */
#include "builder/box/hostprograms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"

static void the_number_is_the_versions(void **state)
{
	static const char *const said[][2] = {
		{ "cmake version 3.25.1", "3.25.1" },
		{ "gcc (Debian 12.2.0-14) 12.2.0", "12.2.0" },
		{ "m4 (GNU M4) 1.4.19", "1.4.19" },
		{ "This is perl 5, version 36, subversion 0 (v5.36.0) built for x", "5.36.0" },
		{ "Cython version 3.0a2.", "3.0" },
		{ "go version go1.19 linux", NULL },
		{ "less 590 (GNU regular expressions)", "590" },
		{ "ncurses 6.4.", "6.4" },
		{ "1", "1" },
		{ "no word of it", NULL },
		{ "", NULL },
		{ "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		autofree char *number = hostprograms_number(said[i][0]);

		if (!number != !said[i][1] || (number && strcmp(number, said[i][1]) != 0))
			fail_msg("'%s' is %s, not %s", said[i][0], number ? number : "none",
				 said[i][1] ? said[i][1] : "none");
	}
}

static void a_package_has_the_program(void **state)
{
	(void)state;
	assert_string_equal(hostprograms_package("tclsh"), "tcl");
	assert_string_equal(hostprograms_package("cython3"), "cython3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_number_is_the_versions),
		cmocka_unit_test(a_package_has_the_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
