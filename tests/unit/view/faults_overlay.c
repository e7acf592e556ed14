// SPDX-License-Identifier: GPL-2.0-or-later
/* The same as in faults.c, where the state lies on an overlay: see whiteout.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/view/faults_changes.h"

static void each_call_fails(void **state)
{
	(void)state;
	fault_poor(true);
	each_call_of_each_change_fails();
}

int main(void)
{
	const struct CMUnitTest tests[] = { temp_test(each_call_fails) };

	go_to_memory();
	temp_needs_marks();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
