// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/recipe/fixup_rules.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

const char *const fixup_rule_names[FIXUP_COUNT] = {
	[FIXUP_LA] = "la",
	[FIXUP_INFO_DIR] = "info-dir",
	[FIXUP_CACHES] = "caches",
	[FIXUP_PC] = "pc",
	[FIXUP_CMAKE] = "cmake",
	[FIXUP_CONFIG] = "config",
	[FIXUP_PYTHON] = "python",
	[FIXUP_SYMLINKS] = "symlinks",
	[FIXUP_RPATH] = "rpath",
	[FIXUP_ARCHIVES] = "archives",
	[FIXUP_DEBUG] = "debug",
	[FIXUP_STRIP] = "strip",
	[FIXUP_LEAKS] = "leaks",
	[FIXUP_SET_ID] = "set-id",
	[FIXUP_HOST_PATHS] = "host-paths",
};

/* Without the group's x, the bit of the group is about locks (fcntl(2)). */
const char *fixup_set_id(mode_t mode)
{
	bool group = (mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);

	if (mode & S_ISUID)
		return group ? "set-user-ID and set-group-ID" : "set-user-ID";
	return group ? "set-group-ID" : NULL;
}
