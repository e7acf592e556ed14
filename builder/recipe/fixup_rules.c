// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/recipe/fixup_rules.h"

const char *const fixup_rule_names[FIXUP_COUNT] = {
	[FIXUP_LA] = "la",	   [FIXUP_INFO_DIR] = "info-dir",
	[FIXUP_CACHES] = "caches", [FIXUP_PC] = "pc",
	[FIXUP_CMAKE] = "cmake",   [FIXUP_CONFIG] = "config",
	[FIXUP_PYTHON] = "python", [FIXUP_SYMLINKS] = "symlinks",
	[FIXUP_RPATH] = "rpath",   [FIXUP_ARCHIVES] = "archives",
	[FIXUP_DEBUG] = "debug",   [FIXUP_STRIP] = "strip",
	[FIXUP_LEAKS] = "leaks",   [FIXUP_HOST_PATHS] = "host-paths",
};
