// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/mounts.h"

#include <errno.h>
#include <mntent.h>
#include <string.h>

#include "fs/base/cleanup.h"

void mounts_release(struct mounts *mounts)
{
	strv_release(&mounts->points);
	strv_release(&mounts->states);
}

int mounts_read(struct mounts *mounts)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	char buf[16384];
	struct mntent e;
	int r = 0;

	if (!f)
		return -errno;
	while (r == 0 && getmntent_r(f, &e, buf, sizeof(buf))) {
		if (strcmp(e.mnt_type, MOUNT_TYPE) != 0 || strv_has(&mounts->points, e.mnt_dir))
			continue;
		r = strv_add(&mounts->points, e.mnt_dir);
		if (r == 0)
			r = strv_add(&mounts->states, e.mnt_fsname);
	}
	endmntent(f);
	return r;
}

static const char *partner(const struct strv *keys, const struct strv *values, const char *key)
{
	for (size_t i = 0; i < keys->n && i < values->n; i++)
		if (strcmp(keys->v[i], key) == 0)
			return values->v[i];
	return NULL;
}

const char *mounts_point_of(const struct mounts *mounts, const char *state)
{
	return partner(&mounts->states, &mounts->points, state);
}

const char *mounts_state_of(const struct mounts *mounts, const char *point)
{
	return partner(&mounts->points, &mounts->states, point);
}
