// SPDX-License-Identifier: GPL-2.0-or-later
/* "Did you mean": close words are found, distant ones are not guessed. */
#include "builder/base/why.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "fs/base/near.h"

static void near_words(void **state)
{
	static const char *const known[] = { "options", "make-options", "system", "url", NULL };
	static const struct {
		const char *word, *near;
	} cases[] = {
		{ "option", "options" },
		{ "optoins", "options" },
		{ "ulr", "url" },
		{ "SYSTEM", "system" },
		{ "Optiosn", "options" },
		{ "systm", "system" },
		{ "make_option", "make-options" },
		{ "urls", "url" },
		{ "make", "make-options" }, /* the only one that begins so */
		{ "x", NULL },
		{ "configure", NULL },
		{ "", NULL },
		{ "a-word-that-is-much-longer-than-any-key-could-ever-be-here", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *near = near_word(cases[i].word, known);

		if (cases[i].near)
			assert_string_equal(near, cases[i].near);
		else
			assert_null(near);
	}
}

static void reasons(void **state)
{
	autofree char *why = NULL;

	(void)state;
	assert_int_equal(why_errno(&why, -ENOENT, "cannot read '%s'", "x"), -ENOENT);
	assert_string_equal(why, "cannot read 'x': No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(near_words),
					    cmocka_unit_test(reasons) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
