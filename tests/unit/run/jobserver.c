// SPDX-License-Identifier: GPL-2.0-or-later
/* Tokens are counted, dealt out between packages, lent to what a make starts, and come back when a
 * package ends, whatever its makes did with them. */
#include "builder/run/jobserver.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"

static int lies_in(const struct jobpipe *p)
{
	int n = 0;

	assert_int_equal(ioctl(p->read, FIONREAD, &n), 0);
	return n;
}

/* A make starts so many jobs, and ends them. */
static void use(const struct jobpipe *p, int n)
{
	char token;

	while (n-- > 0)
		assert_int_equal(read(p->read, &token, 1), 1);
}

static void put_in(const struct jobpipe *p, int n)
{
	while (n-- > 0)
		assert_int_equal(write(p->write, "+", 1), 1);
}

static void test_as_many_as_there_are(void **state)
{
	struct jobserver j;

	(void)state;
	jobserver_init(&j, 2);
	assert_int_equal(jobserver_take(&j, NULL, 0), 0);
	assert_int_equal(jobserver_take(&j, NULL, 0), 0);
	assert_int_equal(jobserver_take(&j, NULL, 0), -EAGAIN);
	jobserver_put(&j);
	assert_int_equal(jobserver_take(&j, NULL, 0), 0);
}

static void test_one_alone_has_all_that_are_free(void **state)
{
	struct jobpipe a, *one[] = { &a };
	struct jobserver j;

	(void)state;
	jobserver_init(&j, 5);
	assert_int_equal(jobpipe_open(&a), 0);
	assert_int_equal(jobserver_take(&j, one, 1), 0);
	jobserver_deal(&j, one, 1);
	assert_int_equal(lies_in(&a), 4);
	jobserver_put(&j);
	jobserver_deal(&j, one, 1); /* though some lie unused */
	assert_int_equal(lies_in(&a), 5);
	assert_int_equal(j.free, 0);
	/* the next package takes its first one from there */
	assert_int_equal(jobserver_take(&j, one, 1), 0);
	assert_int_equal(lies_in(&a), 4);
	jobpipe_close(&a, &j);
	assert_int_equal(j.free, 4);
	assert_int_equal(a.read, -1);
}

static void test_what_one_leaves_another_gets(void **state)
{
	struct jobpipe a, b, *both[] = { &a, &b };
	struct jobserver j;

	(void)state;
	jobserver_init(&j, 8);
	assert_int_equal(jobpipe_open(&a), 0);
	assert_int_equal(jobpipe_open(&b), 0);
	jobserver_deal(&j, both, 2);
	assert_int_equal(lies_in(&a), 4);
	assert_int_equal(lies_in(&b), 4);
	use(&b, 4); /* and would use more, while `a` configures */
	for (int i = 0; i < 10; i++) {
		jobserver_deal(&j, both, 2);
		use(&b, lies_in(&b));
	}
	assert_int_equal(lies_in(&a), 0);
	assert_int_equal(b.given, 8);
	put_in(&b, 8); /* now it is `a` who makes */
	for (int i = 0; i < 10; i++) {
		jobserver_deal(&j, both, 2);
		use(&a, lies_in(&a));
	}
	assert_int_equal(a.given, 8);
	assert_int_equal(j.free + a.given + b.given, 8);
	jobpipe_close(&a, &j);
	jobpipe_close(&b, &j);
	assert_int_equal(j.free, 8);
}

static void test_lost_and_made_up_tokens_count_nothing(void **state)
{
	struct jobpipe a, b, *both[] = { &a, &b };
	struct jobserver j;

	(void)state;
	jobserver_init(&j, 4);
	assert_int_equal(jobpipe_open(&a), 0);
	assert_int_equal(jobpipe_open(&b), 0);
	jobserver_deal(&j, both, 2);
	use(&a, 2); /* its make was killed */
	jobpipe_close(&a, &j);
	assert_int_equal(j.free, 2);
	jobserver_deal(&j, both + 1, 1);
	assert_int_equal(lies_in(&b), 4);
	put_in(&b, 100);
	assert_int_equal(jobpipe_open(&a), 0);
	jobserver_deal(&j, both, 2);
	assert_int_equal(j.free + a.given + b.given, 4);
	assert_int_equal(lies_in(&a) + lies_in(&b), 4);
	put_in(&b, 100);
	for (int i = 0; i < 4; i++)
		assert_int_equal(jobserver_take(&j, both, 2), 0);
	assert_int_equal(jobserver_take(&j, both, 2), -EAGAIN);
	jobpipe_close(&a, &j);
	jobpipe_close(&b, &j);
	assert_int_equal(j.free, 0);
}

static void test_a_program_below_make_borrows(void **state)
{
	static const char *const none[] = { "", "-j4", "--jobserver-auth=x",
					    "--jobserver-auth=998,999" };
	autostrv struct strv env = { 0 };
	struct jobpipe a, *one[] = { &a };
	struct jobserver j;
	const char *flags;

	(void)state;
	jobserver_init(&j, 3);
	assert_int_equal(jobpipe_open(&a), 0);
	jobserver_deal(&j, one, 1);
	assert_int_equal(jobserver_environment(&j, &a, &env), 0);
	flags = env.v[0] + strlen("MAKEFLAGS=");
	assert_int_equal(jobserver_borrow(flags, 2), 2);
	assert_int_equal(lies_in(&a), 1);
	assert_int_equal(jobserver_borrow(flags, 9), 1);
	jobserver_return(flags, 3);
	assert_int_equal(lies_in(&a), 3);
	assert_int_equal(jobserver_borrow(NULL, 2), 0);
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(jobserver_borrow(none[i], 2), 0);
	jobpipe_close(&a, &j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_many_as_there_are),
		cmocka_unit_test(test_one_alone_has_all_that_are_free),
		cmocka_unit_test(test_what_one_leaves_another_gets),
		cmocka_unit_test(test_lost_and_made_up_tokens_count_nothing),
		cmocka_unit_test(test_a_program_below_make_borrows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
