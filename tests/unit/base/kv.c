// SPDX-License-Identifier: GPL-2.0-or-later
/* "key = value" lines: what is taken, and what is refused rather than guessed. */
#include "fs/base/kv.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"

static const struct {
	const char *text;
	size_t len; /* 0: all of the text */
	int r;
	unsigned line;
	const char *a; /* the value of "a"; NULL: it has none */
} cases[] = {
	{ "", 0, 0, 0, NULL },
	{ "\n\n", 0, 0, 0, NULL },
	{ "# a = 1\n", 0, 0, 0, NULL },
	{ "a = 1\n", 0, 0, 0, "1" },
	{ "a = 1", 0, 0, 0, "1" },
	{ "a=1\n", 0, 0, 0, "1" },
	{ "a =1\n", 0, 0, 0, "1" },
	{ "a =\n", 0, 0, 0, "" },
	{ "a =", 0, 0, 0, "" },
	{ "a = b = c\n", 0, 0, 0, "b = c" },
	{ "a = # no comment\n", 0, 0, 0, "# no comment" },
	{ "a.1 = x\na = 1\na-b_c = y\n", 0, 0, 0, "1" },
	{ "a\n", 0, -EBADMSG, 1, NULL },
	{ "b = 1\n\n= 1\n", 0, -EBADMSG, 3, NULL },
	{ " a = 1\n", 0, -EBADMSG, 1, NULL },
	{ "A = 1\n", 0, -EBADMSG, 1, NULL },
	{ "a b = 1\n", 0, -EBADMSG, 1, NULL },
	{ "a\t= 1\n", 0, -EBADMSG, 1, NULL },
	{ "\xc3\xa4 = 1\n", 0, -EBADMSG, 1, NULL },
	{ "a = 1\na = 1\n", 0, -EBADMSG, 2, "1" },
	{ "a = 1\0\n", 7, -EBADMSG, 0, NULL },
	{ "\0", 1, -EBADMSG, 0, NULL },
	{ "a = 1\nb", 6, 0, 0, "1" }, /* what is behind the end does not count */
};

static void lines_are_read_strictly(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autokv struct kv kv = { 0 };
		size_t len = cases[i].len ? cases[i].len : strlen(cases[i].text);
		autofree char *exact = malloc(len + 1); /* so that a read too far is noticed */
		unsigned line = 99;
		const char *a;

		memcpy(exact, cases[i].text, len);
		if (kv_parse(&kv, exact, len, &line) != cases[i].r || line != cases[i].line)
			fail_msg("case %zu: line %u", i, line);
		a = kv_get(&kv, "a");
		if (cases[i].r == 0 && (!a != !cases[i].a || (a && strcmp(a, cases[i].a) != 0)))
			fail_msg("case %zu: a is '%s'", i, a ? a : "not there");
		assert_int_equal(kv.keys.n, kv.values.n);
	}
}

static void lines_without_an_end_are_read(void **state)
{
	autokv struct kv kv = { 0 };
	autofree char *text = malloc(5);

	(void)state;
	memcpy(text, "a = 1", 5); /* nothing behind it */
	assert_int_equal(kv_parse(&kv, text, 5, NULL), 0);
	assert_string_equal(kv_get(&kv, "a"), "1");
}

static void what_is_set_comes_back(void **state)
{
	static const char *const values[] = {
		"", "x", "a = b", "# x", "\xff\xfe", "x ", " x", "="
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		autokv struct kv out = { 0 }, in = { 0 };
		autofree char *text = NULL;
		int r = kv_set(&out, "key", values[i]);

		if (r == -EINVAL) /* refusing is as good as keeping; changing is neither */
			continue;
		assert_int_equal(r, 0);
		assert_int_equal(kv_setf(&out, "number", "%d", 42), 0);
		text = kv_format(&out);
		assert_int_equal(kv_parse(&in, text, strlen(text), NULL), 0);
		assert_string_equal(kv_get(&in, "key"), values[i]);
		assert_string_equal(kv_get(&in, "number"), "42");
	}
}

static void what_would_not_come_back_is_refused(void **state)
{
	autokv struct kv kv = { 0 };
	autofree char *text = NULL;

	(void)state;
	assert_int_equal(kv_set(&kv, "a", "1\nb = 2"), -EINVAL);
	assert_int_equal(kv_set(&kv, "", "1"), -EINVAL);
	assert_int_equal(kv_set(&kv, "a b", "1"), -EINVAL);
	assert_int_equal(kv_set(&kv, "a=b", "1"), -EINVAL);
	assert_int_equal(kv_set(&kv, "#a", "1"), -EINVAL);
	assert_int_equal(kv_set(&kv, "a", "1"), 0);
	assert_int_equal(kv_set(&kv, "a", "2"), -EEXIST);
	assert_string_equal(kv_get(&kv, "a"), "1");
	assert_null(kv_get(&kv, "b"));
	/* of half of it there is no text, and the first error is remembered */
	assert_int_equal(kv_error(&kv), -EINVAL);
	text = kv_format(&kv);
	assert_null(text);
	kv_release(&kv);
	assert_int_equal(kv_error(&kv), 0);
	assert_int_equal(kv_set(&kv, "a", NULL), -ENOMEM);
	assert_int_equal(kv_error(&kv), -ENOMEM);
	assert_null(kv_get(&kv, "a"));
}

static void words_are_a_line(void **state)
{
	autokv struct kv kv = { 0 };
	autostrv struct strv words = { 0 };
	autofree char *text = NULL;

	(void)state;
	kv_set_words(&kv, "none", &words);
	strv_add(&words, "one");
	strv_add(&words, "two");
	kv_set_words(&kv, "both", &words);
	text = kv_format(&kv);
	assert_string_equal(text, "none = \nboth = one two\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read_strictly),
		cmocka_unit_test(lines_without_an_end_are_read),
		cmocka_unit_test(what_is_set_comes_back),
		cmocka_unit_test(what_would_not_come_back_is_refused),
		cmocka_unit_test(words_are_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
