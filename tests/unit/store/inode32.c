// SPDX-License-Identifier: GPL-2.0-or-later
/* Short numbers are dense, each is one long number's, and the next worker has the same. */
#include "fs/store/inode32.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/store/handover.h"
#include "fs/store/names.h"

enum { N = 100000, THREADS = 4 };

static const uint32_t sizes[HANDOVER_POOLS] = {
	[HANDOVER_NODES] = 8,
	[HANDOVER_NAMES] = 8,
	[HANDOVER_LAYERS] = 8,
	[HANDOVER_VIEWS] = 8,
	[HANDOVER_INODES] = INODE32_RECORD,
	[HANDOVER_POSITIONS] = INODE32_RECORD,
};

/* As file systems have them: one after the other, and such of other disks. */
static uint64_t long_number(unsigned i)
{
	return i % 3 ? i : UINT64_C(1) << 60 | i;
}

static struct handover *new_memory(void)
{
	struct handover *memory = NULL;

	assert_int_equal(handover_new(sizes, &memory), 0);
	return memory;
}

static struct inode32 *new_table(struct handover *memory)
{
	struct inode32 *t = NULL;

	assert_int_equal(inode32_new(memory, &t), 0);
	return t;
}

static void without_a_table_numbers_are_what_they_are(void **state)
{
	(void)state;
	assert_true(inode32_number(NULL, UINT64_C(1) << 60) == UINT64_C(1) << 60);
	assert_true(inode32_position(NULL, INT64_MAX - 5) == INT64_MAX - 5);
	assert_true(inode32_position_of(NULL, INT64_MAX - 5) == INT64_MAX - 5);
}

static void inode_numbers_are_dense_and_last(void **state)
{
	struct handover *memory = new_memory(), *later = NULL;
	struct inode32 *t = new_table(memory);

	(void)state;
	for (unsigned i = 1; i <= N; i++)
		assert_true(inode32_number(t, long_number(i)) == i);
	for (unsigned i = N; i >= 1; i--)
		assert_true(inode32_number(t, long_number(i)) == i);
	assert_int_equal(handover_attach(dup(memory->fd), sizes, &later), 0);
	inode32_free(t);
	handover_free(memory);
	t = new_table(later);
	assert_true(inode32_number(t, long_number(N + 1)) == N + 1);
	for (unsigned i = 1; i <= N; i++)
		assert_true(inode32_number(t, long_number(i)) == i);
	inode32_free(t);
	handover_free(later);
}

static void positions_lead_back(void **state)
{
	struct handover *memory = new_memory();
	struct inode32 *t = new_table(memory);

	(void)state;
	for (uint64_t pos = 0; pos < NAMES_FIRST; pos++) {
		assert_true(inode32_position(t, pos) == pos);
		assert_true(inode32_position_of(t, pos) == pos);
	}
	for (unsigned i = 0; i < N; i++) {
		uint64_t pos = INT64_MAX - i, given = inode32_position(t, pos);

		assert_true(given == NAMES_FIRST + (uint64_t)i);
		assert_true(inode32_position_of(t, given) == pos);
	}
	/* never given out: nothing is behind it */
	assert_true(inode32_position_of(t, NAMES_FIRST + N) == INT64_MAX);
	assert_true(inode32_position_of(t, INT32_MAX) == INT64_MAX);
	inode32_free(t);
	handover_free(memory);
}

static void *ask_for_all(void *arg)
{
	for (unsigned i = 1; i <= N; i++)
		inode32_number(arg, long_number(i));
	return NULL;
}

static void who_asks_at_once_gets_the_same(void **state)
{
	struct handover *memory = new_memory();
	struct inode32 *t = new_table(memory);
	unsigned char *seen = calloc(N + 1, 1);
	pthread_t threads[THREADS];

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_for_all, t), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 1; i <= N; i++) {
		uint64_t n = inode32_number(t, long_number(i));

		assert_true(n >= 1 && n <= N && !seen[n]);
		seen[n] = 1;
	}
	free(seen);
	inode32_free(t);
	handover_free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_table_numbers_are_what_they_are),
		cmocka_unit_test(inode_numbers_are_dense_and_last),
		cmocka_unit_test(positions_lead_back),
		cmocka_unit_test(who_asks_at_once_gets_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
