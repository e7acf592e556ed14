// SPDX-License-Identifier: GPL-2.0-or-later
/* diff.h - what is different between two views. */
#pragma once

#include <sys/stat.h>

struct view;

enum diff_kind {
	DIFF_ADDED = 'A',
	DIFF_MODIFIED = 'M',
	DIFF_DELETED = 'D',
	DIFF_TYPE = 'T',
};

/* One difference. Of what is not there (old of an added file) the stat is zero; targets are those
 * of symlinks, else "". Everything is lent. */
struct diff_change {
	enum diff_kind kind;
	const char *path;
	struct stat old_stat, new_stat;
	const char *old_target, *new_target;
};

/* Call `say` for each difference, paths in byte order. A directory counts when it is new, gone, or
 * of another mode or owner; of a new or gone one that has something in it, only what is in it does.
 * The stats have the owners that things were given to, root where nobody said. Times do not count.
 * Returns 0, -errno, or what `say` returned if not 0. */
int diff_views(struct view *old_view, struct view *new_view,
	       int (*say)(const struct diff_change *change, void *arg), void *arg);
