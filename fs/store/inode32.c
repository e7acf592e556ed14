// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/inode32.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "fs/store/handover.h"
#include "fs/store/names.h"

/* One long number; its short one is where it is. Each is found from the first by the bits of its
 * hash: one more bit says which of two is next. So nothing is ever put into another order, which
 * everybody would wait for, and the next worker finds all of it as it is. */
struct number {
	uint64_t longer;
	uint32_t next[2]; /* atomic; 0: none */
};

_Static_assert(sizeof(struct number) == INODE32_RECORD, "the pool has records of this size");

struct table {
	struct handover *memory;
	enum handover_pool pool;
	pthread_mutex_t lock; /* who adds one */
};

struct inode32 {
	struct table inodes, positions;
};

static struct number *number_at(const struct table *t, uint64_t i)
{
	return handover_at(t->memory, t->pool, i);
}

static uint64_t *used(const struct table *t)
{
	return &t->memory->head->used[t->pool];
}

/* splitmix64's mix: no two numbers have the same. */
static uint64_t mix(uint64_t h)
{
	h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9;
	h = (h ^ (h >> 27)) * 0x94d049bb133111eb;
	return h ^ (h >> 31);
}

/* The first is nobody's, and there. */
static int table_init(struct table *t, struct handover *memory, enum handover_pool pool)
{
	int r = handover_reserve(memory, pool, 0);

	*t = (struct table){ .memory = memory, .pool = pool };
	pthread_mutex_init(&t->lock, NULL);
	if (r == 0 && !*used(t))
		*used(t) = 1;
	return r;
}

/* Where the number is linked, or is to be. */
static uint32_t *find(const struct table *t, uint64_t longer)
{
	uint64_t bits = mix(longer);
	uint32_t *link = &number_at(t, 0)->next[0], i;

	while ((i = __atomic_load_n(link, __ATOMIC_ACQUIRE)) && number_at(t, i)->longer != longer) {
		link = &number_at(t, i)->next[bits & 1];
		bits = bits >> 1 | bits << 63;
	}
	return link;
}

/* Under the lock. What is not linked yet when we die is a short number that nobody has. */
static uint32_t add(struct table *t, uint64_t longer)
{
	uint32_t *link = find(t, longer), i = *link;

	if (i)
		return i; /* somebody else was first */
	i = *used(t);
	if (i > INT32_MAX - NAMES_FIRST || handover_reserve(t->memory, t->pool, i) < 0)
		return 0;
	*number_at(t, i) = (struct number){ .longer = longer };
	__atomic_store_n(used(t), i + 1, __ATOMIC_RELEASE);
	__atomic_store_n(link, i, __ATOMIC_RELEASE);
	return i;
}

/* 0: no memory. */
static uint32_t shorter(struct table *t, uint64_t longer)
{
	uint32_t i = __atomic_load_n(find(t, longer), __ATOMIC_ACQUIRE);

	if (i)
		return i;
	pthread_mutex_lock(&t->lock);
	i = add(t, longer);
	pthread_mutex_unlock(&t->lock);
	return i;
}

int inode32_new(struct handover *memory, struct inode32 **ret)
{
	struct inode32 *t = calloc(1, sizeof(*t));
	int r = t ? table_init(&t->inodes, memory, HANDOVER_INODES) : -ENOMEM;

	if (r == 0)
		r = table_init(&t->positions, memory, HANDOVER_POSITIONS);
	if (r < 0)
		free(t);
	else
		*ret = t;
	return r;
}

void inode32_free(struct inode32 *t)
{
	if (!t)
		return;
	pthread_mutex_destroy(&t->inodes.lock);
	pthread_mutex_destroy(&t->positions.lock);
	free(t);
}

uint64_t inode32_number(struct inode32 *t, uint64_t ino)
{
	uint32_t i = t ? shorter(&t->inodes, ino) : 0;

	return i ? i : ino;
}

uint64_t inode32_position(struct inode32 *t, uint64_t pos)
{
	uint32_t i = t && pos >= NAMES_FIRST ? shorter(&t->positions, pos) : 0;

	return i ? i + NAMES_FIRST - 1 : pos;
}

uint64_t inode32_position_of(struct inode32 *t, uint64_t given)
{
	uint64_t i = given - NAMES_FIRST + 1;

	if (!t || given < NAMES_FIRST || given > INT32_MAX)
		return given;
	if (i >= __atomic_load_n(used(&t->positions), __ATOMIC_ACQUIRE))
		return INT64_MAX;
	return number_at(&t->positions, i)->longer;
}
