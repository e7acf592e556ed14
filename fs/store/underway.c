// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/underway.h"

#include <linux/fuse.h>
#include <string.h>

static uint64_t unique_of(const struct handover_request *slot)
{
	return __atomic_load_n(&slot->unique, __ATOMIC_ACQUIRE);
}

static void set_unique(struct handover_request *slot, uint64_t unique)
{
	__atomic_store_n(&slot->unique, unique, __ATOMIC_RELEASE);
}

/* Among what was taken over; NULL: it is not there. */
static struct handover_request *find_taken(struct handover_head *head, uint64_t unique)
{
	for (size_t i = UNDERWAY_THREADS; i < HANDOVER_REQUESTS; i++)
		if (unique_of(&head->requests[i]) == unique)
			return &head->requests[i];
	return NULL;
}

/* A request whose caller was killed does not come again: its note is overwritten when there is no
 * room, the oldest first. Their numbers grow. */
static struct handover_request *find_room(struct handover_head *head)
{
	struct handover_request *oldest = &head->requests[UNDERWAY_THREADS];

	for (size_t i = UNDERWAY_THREADS; i < HANDOVER_REQUESTS; i++)
		if (unique_of(&head->requests[i]) < unique_of(oldest))
			oldest = &head->requests[i];
	return oldest;
}

static void copy(struct handover_request *to, const struct handover_request *from)
{
	uint64_t unique = unique_of(from);

	set_unique(to, 0);
	to->node = from->node;
	to->opcode = from->opcode;
	to->deaths = from->deaths;
	to->done = to->settled = from->done;
	to->settling = false;
	to->moving = from->moving;
	to->size = from->size <= sizeof(to->body) ? from->size : 0;
	memcpy(to->body, from->body, to->size);
	set_unique(to, unique);
}

/* The thread that was at it is no more. */
static void take(struct handover_head *head, struct handover_request *slot)
{
	uint64_t unique = unique_of(slot);
	struct handover_request *to = unique ? find_taken(head, unique) : NULL;

	if (!unique)
		return;
	if (!to)
		to = find_room(head);
	copy(to, slot);
	to->deaths += head->by_fault; /* a second time if we die here: no matter */
	set_unique(slot, 0);
}

/* Once: nobody touches it until it comes again, but much else may have changed by then. */
static void settle_one(struct handover_head *head, struct handover_request *slot,
		       int (*settle)(void *arg, const struct handover_request *request), void *arg)
{
	int r;

	/* it may be this that the worker before died of */
	if (slot->settling && !slot->settled && head->by_fault)
		slot->deaths++;
	if (slot->settled || slot->deaths >= UNDERWAY_DEATHS)
		return;
	slot->settling = true;
	r = settle(arg, slot);
	slot->done = r == 1;
	if (r < 0)
		slot->deaths = UNDERWAY_DEATHS;
	slot->settled = true;
	slot->settling = false;
}

void underway_take(struct handover_head *head,
		   int (*settle)(void *arg, const struct handover_request *request), void *arg)
{
	for (size_t i = 0; i < UNDERWAY_THREADS; i++)
		take(head, &head->requests[i]);
	for (size_t i = UNDERWAY_THREADS; i < HANDOVER_REQUESTS; i++)
		if (unique_of(&head->requests[i]))
			settle_one(head, &head->requests[i], settle, arg);
}

struct handover_request *underway_begin(struct handover_head *head, size_t thread,
					const void *request, size_t size, bool keep_body,
					bool *again)
{
	struct handover_request *slot = &head->requests[thread];
	const struct fuse_in_header *in = request;
	uint64_t unique = in->unique & ~UNDERWAY_RESENT;
	struct handover_request *before =
		in->unique & UNDERWAY_RESENT ? find_taken(head, unique) : NULL;

	*again = before;
	slot->node = in->nodeid;
	slot->opcode = in->opcode;
	slot->deaths = before ? before->deaths : 0;
	slot->done = before && before->done;
	slot->settling = slot->settled = false;
	slot->moving = slot->done ? before->moving : 0;
	slot->size = 0;
	if (keep_body && size <= sizeof(slot->body)) {
		memcpy(slot->body, request, size);
		slot->size = size;
	}
	set_unique(slot, unique);
	if (before)
		set_unique(before, 0);
	return slot;
}

void underway_end(struct handover_request *slot)
{
	set_unique(slot, 0);
}
