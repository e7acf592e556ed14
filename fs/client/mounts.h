// SPDX-License-Identifier: GPL-2.0-or-later
/* mounts.h - which xsysfs is mounted where, as /proc/self/mountinfo has it.
 *
 * The kernel wrote that list, so what it says of type and user is true: an extended attribute, or a
 * file, says what the owner of the folder wants.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "fs/base/strv.h"

#define MOUNT_TYPE "fuse.xsysfs"

/* Parallel lists of all mounts of our type, the topmost last: where, the state folder each is of,
 * and what else is known. */
struct mounts {
	struct strv points, states;
	struct mount_facts {
		int id;
		uid_t user; /* who has mounted it */
		bool whole; /* not only a folder of it, as in an install's mount namespace */
	} * facts;
};

#define automounts cleanup(mounts_release)
void mounts_release(struct mounts *mounts);
int mounts_read(struct mounts *mounts);

/* The mount point of that state, or the state of that mount point; lent, NULL when there is none.
 * Paths must be absolute and clean, as realpath(3) gives them. */
const char *mounts_point_of(const struct mounts *mounts, const char *state);
const char *mounts_state_of(const struct mounts *mounts, const char *point);
/* Who has mounted that; -1 when nothing is mounted there. */
uid_t mounts_user_of(const struct mounts *mounts, const char *point);

/* On which of them `path` lies, or the nearest folder above it that is there; of a symlink, what it
 * leads to, if `follow`. Its place in the lists; -ENOENT when it lies on none of ours. */
int mounts_at(const struct mounts *mounts, const char *path, bool follow);

/* realpath(3), also of the root of a mount whose daemon answers nothing: none is asked for it.
 * NULL: see errno. The caller frees. */
char *mounts_real_path(const char *given);
