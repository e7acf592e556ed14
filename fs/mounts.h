// SPDX-License-Identifier: GPL-2.0-or-later
/* mounts.h - which xsysfs is mounted where, as /proc/self/mounts has it. */
#pragma once

#include "fs/base/strv.h"

#define MOUNT_TYPE "fuse.xsysfs"

/* Parallel lists of all mounts of our type: where, and the state folder each is of. */
struct mounts {
	struct strv points, states;
};

#define automounts cleanup(mounts_release)
void mounts_release(struct mounts *mounts);
int mounts_read(struct mounts *mounts);

/* The mount point of that state, or the state of that mount point; lent, NULL when there is none.
 * Paths must be absolute and clean, as realpath(3) gives them. */
const char *mounts_point_of(const struct mounts *mounts, const char *state);
const char *mounts_state_of(const struct mounts *mounts, const char *point);
