// SPDX-License-Identifier: GPL-2.0-or-later
/* inode32.h - short numbers for long ones, which programs of 32 bits cannot take.
 *
 * Those that were built without large-file support get EOVERFLOW for an inode number of more than
 * 32 bits, and for a position in a directory (names.h) of more than 31. With -o inode32, as XFS and
 * tmpfs call it, the kernel is told of the n-th number that it is told of as n. Whatever is one
 * number stays one, two stay two, also when the kernel has forgotten a file; a later mount counts
 * anew.
 *
 * The tables lie in the memory that outlives the process (handover.h), or the next worker's numbers
 * would be others. They only grow: by 16 bytes for each file that is looked at, and for each name.
 *
 * Safe from any thread; the lock is as innermost as nodes->lock.
 */
#pragma once

#include <stdint.h>

struct handover;
struct inode32;

/* Sizes of the records in its pools. */
enum { INODE32_RECORD = 16 };

/* Over this memory, which is lent and which a worker before ours may have used. Returns 0 or
 * -ENOMEM. */
int inode32_new(struct handover *memory, struct inode32 **ret);
void inode32_free(struct inode32 *t); /* takes NULL */

/* All take NULL: numbers are then what they are. */

/* The short number for an inode number. Without memory for it, the long one: it goes wrong for who
 * cannot take it, as without us, and is no other file's. */
uint64_t inode32_number(struct inode32 *t, uint64_t ino);

/* The same for a position, in which `.` and `..` keep theirs; and what position that was. One that
 * we have not given out is behind all names. */
uint64_t inode32_position(struct inode32 *t, uint64_t pos);
uint64_t inode32_position_of(struct inode32 *t, uint64_t given);
