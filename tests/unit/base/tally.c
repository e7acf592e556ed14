// SPDX-License-Identifier: GPL-2.0-or-later
/* What is counted adds up, and is sorted as the header says. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "builder/base/tally.h"
#include "fs/base/cleanup.h"

static void test_counts_add_up(void **state)
{
	autotally struct tally t = { 0 };
	char name[] = "dev";

	(void)state;
	assert_int_equal(tally_add(&t, name, 1, 10), 0);
	name[0] = 'X'; /* it was copied */
	assert_int_equal(tally_add(&t, "dev", 2, 5), 0);
	assert_int_equal(t.n, 1);
	assert_int_equal(tally_find(&t, "dev")->count, 3);
	assert_true(tally_find(&t, "dev")->bytes == 15);
	assert_null(tally_find(&t, "de"));
	assert_null(tally_find(&t, "devs"));
}

static void test_the_most_bytes_come_first(void **state)
{
	static const char *const sorted[] = { "big", "many", "a", "b" };
	autotally struct tally t = { 0 };

	(void)state;
	assert_int_equal(tally_add(&t, "b", 1, 1), 0);
	assert_int_equal(tally_add(&t, "many", 9, 1), 0);
	assert_int_equal(tally_add(&t, "a", 1, 1), 0);
	assert_int_equal(tally_add(&t, "big", 1, 2), 0);
	tally_sort(&t);
	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++)
		assert_string_equal(t.rows[i].name, sorted[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_add_up),
		cmocka_unit_test(test_the_most_bytes_come_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
