// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/texts.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/store/handover.h"

int texts_init(struct texts *texts, struct handover *memory)
{
	uint64_t *used = &memory->head->used[HANDOVER_NAMES];
	int r = handover_reserve(memory, HANDOVER_NAMES, 0);

	*texts = (struct texts){ .memory = memory };
	if (!*used)
		*used = 1;
	return r;
}

static size_t units_of(size_t len)
{
	return (len + 1 + TEXTS_UNIT - 1) / TEXTS_UNIT;
}

static void *room_at(const struct texts *texts, uint32_t number)
{
	return handover_at(texts->memory, HANDOVER_NAMES, number);
}

/* Fresh room behind all other texts: in one extent. */
static int64_t new_room(struct texts *texts, size_t units)
{
	struct handover *h = texts->memory;
	size_t per_extent = handover_per_extent(h, HANDOVER_NAMES);
	uint64_t at = h->head->used[HANDOVER_NAMES];

	if (units > per_extent)
		return -ENAMETOOLONG;
	if (at / per_extent != (at + units - 1) / per_extent)
		at = (at / per_extent + 1) * per_extent;
	if (at + units > UINT32_MAX || handover_reserve(h, HANDOVER_NAMES, at + units - 1) < 0)
		return -ENOMEM;
	h->head->used[HANDOVER_NAMES] = at + units;
	return at;
}

/* What is in the room of a freed text. */
struct free_text {
	uint32_t next, units;
};

static struct free_text *free_at(const struct texts *texts, uint32_t number)
{
	return room_at(texts, number);
}

static void free_room(struct texts *texts, uint32_t at, size_t units)
{
	bool is_short = units < ARRAY_SIZE(texts->freed);
	uint32_t *chain = is_short ? &texts->freed[units] : &texts->freed_long;
	struct free_text *room = free_at(texts, at);

	room->next = *chain;
	room->units = units;
	*chain = at;
}

/* The link to the smallest of the longer ones that has so many; NULL: none has. */
static uint32_t *best_text(struct texts *texts, size_t units)
{
	uint32_t *best = NULL;
	size_t best_units = SIZE_MAX;
	struct free_text *room;

	for (uint32_t *p = &texts->freed_long; *p; p = &room->next) {
		room = free_at(texts, *p);
		if (room->units < units || room->units >= best_units)
			continue;
		best = p;
		best_units = room->units;
	}
	return best;
}

/* Room that has been freed; 0: none. */
static uint32_t used_room(struct texts *texts, size_t units)
{
	bool is_short = units < ARRAY_SIZE(texts->freed);
	uint32_t *link = is_short ? &texts->freed[units] : best_text(texts, units);
	uint32_t at = link ? *link : 0;
	struct free_text *room;

	if (at == 0)
		return 0;
	room = free_at(texts, at);
	*link = room->next;
	if (room->units > units)
		free_room(texts, at + units, room->units - units);
	return at;
}

int64_t texts_keep(struct texts *texts, const char *text)
{
	size_t len = strlen(text), units = units_of(len);
	int64_t at;

	if (len == 0)
		return 0;
	at = used_room(texts, units);
	if (at == 0)
		at = new_room(texts, units);
	if (at > 0)
		memcpy(room_at(texts, at), text, len + 1);
	return at;
}

void texts_free(struct texts *texts, uint32_t number)
{
	if (number)
		free_room(texts, number, units_of(strlen(room_at(texts, number))));
}

const char *texts_at(const struct texts *texts, uint32_t number)
{
	return room_at(texts, number);
}
