// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/handover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fs/base/cleanup.h"

/* Changes with the meaning of anything in it. */
#define HANDOVER_MAGIC UINT64_C(0x7873797366730003)

/* The file is made of parts of this size: some for the head, then one for each extent. */
enum { PART = 1 << 20 };

_Static_assert(sizeof(struct handover_head) <= PART, "the head has to fit");

static void *map_part(const struct handover *h, uint32_t part)
{
	void *p = mmap(NULL, PART, PROT_READ | PROT_WRITE, MAP_SHARED, h->fd, (off_t)part * PART);

	return p == MAP_FAILED ? NULL : p;
}

static int open_head(struct handover *h)
{
	h->head = map_part(h, 0);
	return h->head ? 0 : -ENOMEM;
}

int handover_new(const uint32_t record_size[HANDOVER_POOLS], struct handover **ret)
{
	struct handover *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return -ENOMEM;
	pthread_mutex_init(&h->growing, NULL);
	h->fd = memfd_create("xsysfs", MFD_CLOEXEC);
	r = h->fd < 0 ? -errno : ftruncate(h->fd, PART) < 0 ? -errno : open_head(h);
	if (r < 0) {
		handover_free(h);
		return r;
	}
	h->head->magic = HANDOVER_MAGIC;
	h->head->n_parts = 1;
	memcpy(h->head->record_size, record_size, sizeof(h->head->record_size));
	*ret = h;
	return 0;
}

static int map_all(struct handover *h)
{
	for (size_t pool = 0; pool < HANDOVER_POOLS; pool++)
		for (uint32_t i = 0; i < h->head->n_extents[pool]; i++) {
			h->extents[pool][i] = map_part(h, h->head->extent[pool][i]);
			if (!h->extents[pool][i])
				return -ENOMEM;
		}
	return 0;
}

int handover_attach(int fd, const uint32_t record_size[HANDOVER_POOLS], struct handover **ret)
{
	struct handover *h = calloc(1, sizeof(*h));
	int r;

	if (!h) {
		close(fd);
		return -ENOMEM;
	}
	h->fd = fd;
	pthread_mutex_init(&h->growing, NULL);
	r = open_head(h);
	if (r == 0 && (h->head->magic != HANDOVER_MAGIC ||
		       memcmp(h->head->record_size, record_size, sizeof(h->head->record_size))))
		r = -EPROTO;
	if (r == 0)
		r = map_all(h);
	if (r < 0)
		handover_free(h);
	else
		*ret = h;
	return r;
}

void handover_free(struct handover *h)
{
	if (!h)
		return;
	for (size_t pool = 0; pool < HANDOVER_POOLS; pool++)
		for (size_t i = 0; i < HANDOVER_EXTENTS && h->extents[pool][i]; i++)
			munmap(h->extents[pool][i], PART);
	if (h->head)
		munmap(h->head, PART);
	if (h->fd >= 0)
		close(h->fd);
	pthread_mutex_destroy(&h->growing);
	free(h);
}

size_t handover_per_extent(const struct handover *h, enum handover_pool pool)
{
	return PART / h->head->record_size[pool];
}

static int add_extent(struct handover *h, enum handover_pool pool)
{
	struct handover_head *head = h->head;
	uint32_t n = head->n_extents[pool], part = head->n_parts;

	if (n == HANDOVER_EXTENTS)
		return -ENOMEM;
	if (ftruncate(h->fd, (off_t)(part + 1) * PART) < 0)
		return -ENOMEM;
	h->extents[pool][n] = map_part(h, part);
	if (!h->extents[pool][n])
		return -ENOMEM;
	head->n_parts = part + 1;
	head->extent[pool][n] = part;
	__atomic_store_n(&head->n_extents[pool], n + 1, __ATOMIC_RELEASE);
	return 0;
}

int handover_reserve(struct handover *h, enum handover_pool pool, uint64_t index)
{
	uint64_t extent = index / handover_per_extent(h, pool);
	int r = 0;

	if (extent < h->head->n_extents[pool])
		return 0;
	pthread_mutex_lock(&h->growing);
	while (r == 0 && extent >= h->head->n_extents[pool])
		r = add_extent(h, pool);
	pthread_mutex_unlock(&h->growing);
	return r;
}

void *handover_at(const struct handover *h, enum handover_pool pool, uint64_t index)
{
	size_t per_extent = handover_per_extent(h, pool);

	return h->extents[pool][index / per_extent] +
	       index % per_extent * h->head->record_size[pool];
}
