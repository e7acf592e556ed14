// SPDX-License-Identifier: GPL-2.0-or-later
/* What of a stranger's text a terminal gets to see. */
#include "fs/base/tame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct pair {
	const char *text, *wanted;
};

static void check(void (*change)(char *text), const struct pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char text[128];

		assert_true(strlen(pairs[i].text) < sizeof(text));
		strcpy(text, pairs[i].text);
		change(text);
		assert_string_equal(text, pairs[i].wanted);
	}
}

static void test_controls(void **state)
{
	static const struct pair pairs[] = {
		{ "", "" },
		{ "plain\ttext", "plain\ttext" },
		{ "\033[31mred\r\n", "?[31mred??" },
		{ "\x7f\x01", "??" },
		{ "\xc2\x9b"
		  "31m",
		  "?31m" }, /* CSI, as UTF-8 */
		{ "\x9b"
		  "31m\x80",
		  "?31m?" }, /* and as a byte */
		{ "\xc2\xa0\xc3\xa4\xe2\x82\xac\xf0\x9f\x8d\x93",
		  "\xc2\xa0\xc3\xa4\xe2\x82\xac\xf0\x9f\x8d\x93" },
		{ "\xc3", "?" }, /* cut off */
		{ "\xe2\x82", "??" },
		{ "\xe2\x9b\x9b", "\xe2\x9b\x9b" },			 /* 0x9b is a part of it */
		{ "\xc0\x9b\xe0\x82\x9b\xf0\x80\x82\x9b", "?????????" }, /* U+009B, too long */
		{ "\xed\xa0\x80", "???" },
	};

	(void)state;
	check(tame, pairs, sizeof(pairs) / sizeof(*pairs));
}

static void test_urls(void **state)
{
	static const struct pair pairs[] = {
		{ "no url @ all", "no url @ all" },
		{ "'ftp://me:secret@host/a@b' is", "'ftp://host/a@b' is" },
		{ "https://token@host", "https://host" },
		{ "http://a:b@c@host:80/ and git://u:p@x/", "http://host:80/ and git://x/" },
		{ "http://host/?mail=a@b", "http://host/?mail=a@b" },
		{ "see http://host or me@host", "see http://host or me@host" },
		{ "://", "://" },
	};

	(void)state;
	check(tame_urls, pairs, sizeof(pairs) / sizeof(*pairs));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_controls),
		cmocka_unit_test(test_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
