// SPDX-License-Identifier: GPL-2.0-or-later
/* patch.h - the patches of a package: every .patch file in PATCHES/NAME, in the order of their
 * names. */
#pragma once

#include "builder/base/searchpath.h"

/* Paths of the patches, sorted; none when there is no such folder. */
int patch_list(const struct searchpath *patches, const char *package, struct strv *ret);

/* The names of the folders in PATCHES, sorted. 0 or -errno. */
int patch_folders(const char *patches, struct strv *ret);

/* Apply one, a unified diff, with patch(1) -p1 in the folder `src`, without guessing: a hunk has to
 * fit where it says but for an offset. What patch says is appended to `log`. New files have modes
 * by the caller's umask. 0, or -errno with `*why`. */
int patch_apply(const char *patch, const char *src, int log, char **why);
