// SPDX-License-Identifier: GPL-2.0-or-later
/* handover.h - memory that a worker leaves to the next one.
 *
 * The kernel knows nodes by their numbers, for as long as it has them cached or open. When the
 * process that serves the mount dies, the next one has to know them by the same numbers. So what
 * makes up a node, and little else, lies in a memfd (memfd_create(2)) that the keeper of the mount
 * has open too: see keeper.h.
 *
 * It holds pools of records of one size each, which grow by extents that never move: a pointer into
 * a pool is good for the life of the process. What in a record is a pointer is the process's own
 * and means nothing to the next one.
 *
 * A worker may die between any two instructions. So whatever belongs together is one aligned word,
 * or is put in order: first the contents, then the word that says they are there.
 *
 * Locks: growing a pool is for its owner to guard, whatever happens to others; reading needs none.
 * h->growing guards the file, and is innermost.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum handover_pool {
	HANDOVER_NODES,
	HANDOVER_NAMES, /* in units of 8 bytes */
	HANDOVER_LAYERS,
	HANDOVER_VIEWS,
	HANDOVER_INODES, /* see inode32.h; and these */
	HANDOVER_POSITIONS,
	HANDOVER_POOLS
};

enum {
	HANDOVER_EXTENTS = 4096, /* of each pool */
	HANDOVER_REQUESTS = 64,	 /* under way at a time */
	HANDOVER_BODY = 1024,	 /* what is kept of a request */
};

/* A request that a worker has begun. */
struct handover_request {
	uint64_t unique; /* as in struct fuse_in_header; 0: none */
	uint64_t node;
	uint32_t opcode;
	uint32_t size;	 /* of `body` */
	uint32_t deaths; /* of workers that had begun it, by a fault of their own */
	bool done;	 /* for the next worker to say: it was all but answered */
	bool settling;	 /* he is finding that out */
	bool settled;	 /* he has */
	uint64_t moving; /* atomic; of a rename, see view_rename: 0 until it is about to be done */
	char body[HANDOVER_BODY];
};

/* The head of the memory. */
struct handover_head {
	uint64_t magic;
	uint32_t record_size[HANDOVER_POOLS];
	uint64_t used[HANDOVER_POOLS]; /* records; for the pool's owner */
	uint32_t n_extents[HANDOVER_POOLS];
	uint32_t extent[HANDOVER_POOLS][HANDOVER_EXTENTS]; /* which part of the file */
	uint32_t n_parts;
	uint32_t telling; /* changes of the stack that the kernel is being told of; atomic */
	bool by_fault;	  /* the last worker did not die of a SIGKILL */
	uint32_t init_size;
	char init[512]; /* the kernel's FUSE_INIT, as it came */
	struct handover_request requests[HANDOVER_REQUESTS];
};

struct handover {
	int fd;
	pthread_mutex_t growing;
	struct handover_head *head;
	char *extents[HANDOVER_POOLS][HANDOVER_EXTENTS];
};

/* New memory for pools of records of these sizes. Returns 0 or -errno. */
int handover_new(const uint32_t record_size[HANDOVER_POOLS], struct handover **ret);

/* The memory of the worker before; takes over `fd`, also when it fails. -EPROTO: it was a worker of
 * another version, whose records cannot be read. */
int handover_attach(int fd, const uint32_t record_size[HANDOVER_POOLS], struct handover **ret);

void handover_free(struct handover *h); /* takes NULL */

/* How many records an extent of the pool has: a run of records lies in one. */
size_t handover_per_extent(const struct handover *h, enum handover_pool pool);

/* Make sure that the record is there, and all before it. A new one is all zeros. -ENOMEM. */
int handover_reserve(struct handover *h, enum handover_pool pool, uint64_t index);

/* A record that is there. */
void *handover_at(const struct handover *h, enum handover_pool pool, uint64_t index);
