// SPDX-License-Identifier: GPL-2.0-or-later
/* fixup_rules.h - the rules by which what was installed is mended, as recipes name them in
 * [fix-ups]. fixup.h carries them out.
 */
#pragma once

#include <sys/types.h>

enum fixup_rule {
	FIXUP_LA,	/* libtool's .la files are removed: they name folders of the build */
	FIXUP_INFO_DIR, /* share/info/dir is removed: each package would write its own */
	FIXUP_CACHES,	/* caches that a Pi makes itself, and that differ each time, are removed */
	FIXUP_PC,	/* .pc files name no path of the build */
	FIXUP_CMAKE,	/* nor do *.cmake files */
	FIXUP_CONFIG,	/* nor do *-config scripts */
	FIXUP_PYTHON,	/* nor what Python remembers of its build */
	FIXUP_SYMLINKS, /* absolute links into the sysroot become relative */
	FIXUP_RPATH,	/* run-time search paths into the build are removed */
	FIXUP_ARCHIVES, /* members of static libraries carry no times */
	FIXUP_DEBUG,	/* debugging information goes to PREFIX/lib/debug, or away */
	FIXUP_STRIP,	/* symbols that nothing needs are removed */
	FIXUP_LEAKS,	/* files that still name a path of the build are reported */
	FIXUP_SET_ID,	/* changes nothing: programs that run as another user are reported */
	FIXUP_HOST_PATHS, /* no fix-up: compilers that look into this machine's folders are refused
			   */
	FIXUP_COUNT
};
extern const char *const fixup_rule_names[FIXUP_COUNT];

/* FIXUP_SET_ID: what a file of that mode is, in words; NULL: nothing of the kind. */
const char *fixup_set_id(mode_t mode);
