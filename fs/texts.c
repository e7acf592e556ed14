// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/texts.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/handover.h"

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

static char *room_at(const struct texts *texts, uint32_t number)
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

int64_t texts_keep(struct texts *texts, const char *text)
{
	size_t len = strlen(text), units = units_of(len);
	uint32_t *chain = units < ARRAY_SIZE(texts->freed) ? &texts->freed[units] : NULL;
	int64_t at;
	char *room;

	if (len == 0)
		return 0;
	at = chain && *chain ? *chain : new_room(texts, units);
	if (at < 0)
		return at;
	room = room_at(texts, at);
	if (chain && *chain)
		memcpy(chain, room, sizeof(*chain));
	memcpy(room, text, len + 1);
	return at;
}

void texts_free(struct texts *texts, uint32_t number)
{
	char *room = room_at(texts, number);
	size_t units = units_of(strlen(room));

	if (number == 0 || units >= ARRAY_SIZE(texts->freed))
		return;
	memcpy(room, &texts->freed[units], sizeof(uint32_t));
	texts->freed[units] = number;
}

const char *texts_at(const struct texts *texts, uint32_t number)
{
	return room_at(texts, number);
}
