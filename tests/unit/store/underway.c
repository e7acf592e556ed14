// SPDX-License-Identifier: GPL-2.0-or-later
/* What a worker knows of the requests that workers before it had begun, however many have died. */
#include "fs/store/underway.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <linux/fuse.h>

#include "fs/base/cleanup.h"

/* The memory, and what settling says. */
struct shared {
	struct handover_head *head;
	int done;	  /* the answer */
	unsigned settled; /* how often it was asked */
	uint64_t moving;  /* of the last one */
};

static int setup(void **state)
{
	struct shared *s = calloc(1, sizeof(*s));

	if (!s)
		return -1;
	s->head = calloc(1, sizeof(*s->head));
	*state = s;
	return s->head ? 0 : -1;
}

static int teardown(void **state)
{
	struct shared *s = *state;

	free(s->head);
	free(s);
	return 0;
}

#define underway_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static int settle(void *arg, const struct handover_request *request)
{
	struct shared *s = arg;

	s->settled++;
	s->moving = request->moving;
	return s->done;
}

/* The worker is gone, and another one starts. */
static void next_worker(struct shared *s)
{
	underway_take(s->head, settle, s);
}

static struct handover_request *begin(struct shared *s, size_t thread, uint64_t unique, bool *again)
{
	const struct fuse_in_header in = { .unique = unique, .opcode = FUSE_RENAME2, .nodeid = 7 };

	return underway_begin(s->head, thread, &in, sizeof(in), true, again);
}

static void a_new_request_is_new(void **state)
{
	struct shared *s = *state;
	struct handover_request *slot;
	bool again = true;

	slot = begin(s, 0, 8, &again);
	assert_false(again);
	assert_int_equal(slot->deaths, 0);
	underway_end(slot);
	next_worker(s);
	assert_int_equal(s->settled, 0); /* it was answered */
	begin(s, 0, 8 | UNDERWAY_RESENT, &again);
	assert_false(again);
}

static void a_request_comes_again(void **state)
{
	struct shared *s = *state;
	struct handover_request *slot;
	bool again;

	begin(s, 3, 8, &again)->moving = 99;
	next_worker(s);
	assert_int_equal(s->settled, 1);
	assert_int_equal(s->moving, 99);
	slot = begin(s, 1, 8 | UNDERWAY_RESENT, &again);
	assert_true(again);
	assert_false(slot->done);
	assert_int_equal(slot->moving, 0); /* nothing has moved yet */
	underway_end(slot);
	next_worker(s);
	assert_int_equal(s->settled, 1);
}

/* The second worker is killed before the kernel has sent it again. */
static void two_deaths_are_one(void **state)
{
	struct shared *s = *state;
	struct handover_request *slot;
	bool again;

	begin(s, 3, 8, &again)->moving = 99;
	s->done = 1;
	next_worker(s);
	s->done = 0; /* much may be otherwise by now */
	for (int i = 0; i < 5; i++)
		next_worker(s);
	assert_int_equal(s->settled, 1);
	slot = begin(s, 0, 8 | UNDERWAY_RESENT, &again);
	assert_true(again);
	assert_true(slot->done);
}

/* Whether it was done cannot be found out: it is refused, not done again. */
static void what_nobody_knows_is_refused(void **state)
{
	struct shared *s = *state;
	struct handover_request *slot;
	bool again;

	begin(s, 3, 8, &again)->moving = 99;
	s->done = -EIO;
	next_worker(s);
	slot = begin(s, 0, 8 | UNDERWAY_RESENT, &again);
	assert_true(again);
	assert_false(slot->done);
	assert_int_equal(slot->deaths, UNDERWAY_DEATHS);
}

/* The second worker is killed between taking it again and its answer. */
static void what_is_done_stays_done(void **state)
{
	struct shared *s = *state;
	struct handover_request *slot;
	bool again;

	begin(s, 3, 8, &again)->moving = 99;
	s->done = 1;
	next_worker(s);
	begin(s, 5, 8 | UNDERWAY_RESENT, &again);
	s->done = 0;
	next_worker(s);
	assert_int_equal(s->settled, 1);
	slot = begin(s, 0, 8 | UNDERWAY_RESENT, &again);
	assert_true(again);
	assert_true(slot->done);
}

/* It was not done at first, and the second worker has done it. */
static void what_is_done_later_is_seen(void **state)
{
	struct shared *s = *state;
	bool again;

	begin(s, 3, 8, &again)->moving = 99;
	next_worker(s);
	begin(s, 5, 8 | UNDERWAY_RESENT, &again)->moving = 100;
	s->done = 1;
	next_worker(s);
	assert_int_equal(s->settled, 2);
	assert_int_equal(s->moving, 100);
	assert_true(begin(s, 0, 8 | UNDERWAY_RESENT, &again)->done);
}

static void only_who_was_at_it_has_died_of_it(void **state)
{
	struct shared *s = *state;
	bool again;

	begin(s, 0, 8, &again);
	s->head->by_fault = true;
	for (int i = 0; i < 5; i++)
		next_worker(s);
	assert_int_equal(begin(s, 0, 8 | UNDERWAY_RESENT, &again)->deaths, 1);
	next_worker(s);
	assert_int_equal(begin(s, 0, 8 | UNDERWAY_RESENT, &again)->deaths, 2);
	s->head->by_fault = false; /* by somebody's hand */
	next_worker(s);
	assert_int_equal(begin(s, 0, 8 | UNDERWAY_RESENT, &again)->deaths, 2);
}

static jmp_buf death;

static int die(void *arg, const struct handover_request *request)
{
	(void)request;
	((struct shared *)arg)->settled++;
	longjmp(death, 1);
}

/* Settling it kills: that ends, too. */
static void settling_is_not_for_ever(void **state)
{
	struct shared *s = *state;
	volatile unsigned starts = 0;
	bool again;

	begin(s, 0, 8, &again);
	s->head->by_fault = true;
	while (setjmp(death))
		assert_in_range(++starts, 1, UNDERWAY_DEATHS);
	underway_take(s->head, die, s);
	assert_int_equal(begin(s, 0, 8 | UNDERWAY_RESENT, &again)->deaths, UNDERWAY_DEATHS);
	assert_true(again);
}

/* The worker died while it moved a note: there are two, and the thread's is the newer. */
static void of_two_notes_the_newer_is_right(void **state)
{
	struct shared *s = *state;
	bool again;

	begin(s, 0, 8, &again);
	next_worker(s);
	begin(s, 2, 8 | UNDERWAY_RESENT, &again)->moving = 5;
	s->head->requests[UNDERWAY_THREADS + 4].unique = 8;
	s->done = 1;
	next_worker(s);
	assert_int_equal(s->moving, 5);
	assert_true(begin(s, 0, 8 | UNDERWAY_RESENT, &again)->done);
	underway_end(&s->head->requests[0]);
	begin(s, 0, 8 | UNDERWAY_RESENT, &again);
	assert_false(again);
}

/* Those whose callers were killed never come. */
static void there_is_always_room(void **state)
{
	struct shared *s = *state;
	uint64_t unique = 2;
	bool again;

	for (int i = 0; i < 100; i++) {
		for (size_t k = 0; k < UNDERWAY_THREADS; k++, unique += 2)
			begin(s, k, unique, &again);
		next_worker(s);
	}
	for (size_t k = 0; k < UNDERWAY_THREADS; k++) {
		unique -= 2;
		begin(s, k, unique | UNDERWAY_RESENT, &again);
		assert_true(again);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		underway_test(a_new_request_is_new),
		underway_test(a_request_comes_again),
		underway_test(two_deaths_are_one),
		underway_test(what_is_done_stays_done),
		underway_test(what_is_done_later_is_seen),
		underway_test(only_who_was_at_it_has_died_of_it),
		underway_test(what_nobody_knows_is_refused),
		underway_test(settling_is_not_for_ever),
		underway_test(of_two_notes_the_newer_is_right),
		underway_test(there_is_always_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
