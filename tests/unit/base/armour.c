// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes become UTF-8 and the same bytes again; what is UTF-8 stays as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "fs/base/armour.h"
#include "fs/base/cleanup.h"

static void check(const char *bytes, const char *text)
{
	autofree char *put = armour_put(bytes);
	autofree char *back = put ? armour_take(put) : NULL;
	json_t *json = put ? json_string(put) : NULL; /* takes UTF-8 only */

	assert_non_null(back);
	assert_non_null(json);
	json_decref(json);
	if (text)
		assert_string_equal(put, text);
	assert_string_equal(back, bytes);
}

static void names(void **state)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = {
		{ "", "" },
		{ "usr/lib/libz.a", "usr/lib/libz.a" },
		{ "\1\t\\ \x7f \u00e9 \U0001f600 \ufffd", "\1\t\\ \x7f \u00e9 \U0001f600 \ufffd" },
		{ "bad \xff.", "bad \uefff." },
		{ "cut \xe2\x82", "cut \uefe2\uef82" },
		{ "long \xc0\xaf \xe0\x80\xaf", "long \uefc0\uefaf \uefe0\uef80\uefaf" },
		{ "half \xed\xa0\x80", "half \uefed\uefa0\uef80" },
		{ "far \xf4\x90\x80\x80", "far \ueff4\uef90\uef80\uef80" },
		{ "ours \uef80 \uefff", "ours \uefee\uefbe\uef80 \uefee\uefbf\uefbf" },
		{ "theirs \uef7f \uf000", "theirs \uef7f \uf000" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check(cases[i].bytes, cases[i].text);
}

/* All of two bytes, and of four that begin as the longest characters do. */
static void every_byte(void **state)
{
	char s[5] = "";

	(void)state;
	for (unsigned i = 0x101; i <= 0xffff; i++) {
		s[0] = (char)(i >> 8);
		s[1] = (char)i;
		s[2] = '\0';
		check(s, NULL);
		s[2] = (char)0x80;
		s[3] = (char)(i >> 8);
		check(s, NULL);
		s[3] = '\0';
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(names), cmocka_unit_test(every_byte) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
