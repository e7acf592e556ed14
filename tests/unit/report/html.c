// SPDX-License-Identifier: GPL-2.0-or-later
/* What goes into a page stays text, whatever it is; and numbers as people read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "builder/base/dot.h"
#include "builder/report/html.h"
#include "fs/base/cleanup.h"
#include "fs/base/size.h"

static char *written;
static size_t written_len;

static FILE *page(void)
{
	free(written);
	written = NULL;
	return open_memstream(&written, &written_len);
}

#define assert_page(f, text)                          \
	do {                                          \
		fclose(f);                            \
		assert_string_equal(written, (text)); \
	} while (0)

static void test_text_stays_text(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "zlib-1.2+deb~1", "zlib-1.2+deb~1" },
		{ "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;" },
		{ "\" onload='x' &amp;", "&quot; onload=&#39;x&#39; &amp;amp;" },
		{ "a\tb\nc", "a\tb\nc" },
		{ "\033[31mred\r\b\177", "\u241b[31mred\u240d\u2408\u2421" },
		{ "gr\u00fc\u00df \u20ac \U0001f600", "gr\u00fc\u00df \u20ac \U0001f600" },
		{ "bad \xff\xfe.", "bad \ufffd\ufffd." },
		{ "cut \xe2\x82", "cut \ufffd\ufffd" },
		{ "long \xc0\xaf \xe0\x80\xaf", "long \ufffd\ufffd \ufffd\ufffd\ufffd" },
		{ "half \xed\xa0\x80", "half \ufffd\ufffd\ufffd" },
		{ "far \xf4\x90\x80\x80 \xf8\x88", "far \ufffd\ufffd\ufffd\ufffd \ufffd\ufffd" },
		{ "C1 \xc2\x9b no \xef\xbf\xbf", "C1 \ufffd no \ufffd" },
		{ "turn \xe2\x80\xae"
		  "back",
		  "turn \ufffd"
		  "back" },
		{ "nothing \xe2\x80\x8b", "nothing \ufffd" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		FILE *f = page();

		html_text(f, cases[i].in);
		assert_page(f, cases[i].out);
	}
}

static void test_cut_between_characters(void **state)
{
	static const char *const out[] = { "", "a", "a", "a", "a\u20ac", "a\u20acb", "a\u20acb" };

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(out); n++) {
		FILE *f = page();

		html_textn(f, "a\u20acb", n);
		assert_page(f, out[n]);
	}
}

static void test_no_byte_is_markup(void **state)
{
	(void)state;
	for (int a = 1; a < 256; a++) {
		for (int b = 0; b < 256; b++) {
			char in[] = { (char)a, (char)b, '\0' };
			FILE *f = page();

			html_text(f, in);
			fclose(f);
			assert_null(strpbrk(written, "<>\"'"));
			for (const char *s = written; *s; s++)
				assert_true((unsigned char)*s >= 0x20 || *s == '\n' || *s == '\t');
		}
	}
}

static void test_put(void **state)
{
	const char *volatile none = NULL;
	FILE *f = page();

	(void)state;
	html_put(f, "<a id=\"%s\">%s</a> %d %zu %.1f%% %s|", "\"x", "<b>", -3, (size_t)7, 2.25,
		 none);
	assert_page(f, "<a id=\"&quot;x\">&lt;b&gt;</a> -3 7 2.2% |");
}

static void test_numbers(void **state)
{
	static const struct {
		double value;
		const char *bytes, *seconds;
	} cases[] = {
		{ 0, "0 B", "0 s" },
		{ 0.4, "0 B", "0.40 s" },
		{ 0.996, "1 B", "1.0 s" },
		{ 7.64, "8 B", "7.6 s" },
		{ 9.97, "10 B", "10 s" },
		{ 42.4, "42 B", "42 s" },
		{ 95, "95 B", "1 min 35 s" },
		{ 120, "120 B", "2 min" },
		{ 999, "999 B", "16 min 39 s" },
		{ 1000, "1.0 kB", "16 min 40 s" },
		{ 3599.7, "3.6 kB", "1 h" },
		{ 59.96, "60 B", "1 min" },
		{ 12345678, "12 MB", "3429 h 21 min" },
		{ 9949, "9.9 kB", "2 h 46 min" },
		{ 9951, "10 kB", "2 h 46 min" },
		{ 1e30, "1000000 TB", "277777 h 47 min" },
		{ -1, "-1 B", "0 s" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char bytes[SIZE_SAID], seconds[HTML_SECONDS];

		assert_string_equal(size_said(cases[i].value, bytes), cases[i].bytes);
		assert_string_equal(html_seconds(cases[i].value, seconds), cases[i].seconds);
	}
}

static void test_dot_names(void **state)
{
	FILE *f = page();

	(void)state;
	dot_quote(f, "a\"];b->c[\"\\\n<b>\xc3\xa9");
	assert_page(f, "\"a\\\"];b->c[\\\"\\\\?<b>??\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_stays_text),
		cmocka_unit_test(test_cut_between_characters),
		cmocka_unit_test(test_no_byte_is_markup),
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_dot_names),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(written);
	return failed;
}
