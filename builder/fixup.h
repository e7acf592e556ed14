// SPDX-License-Identifier: GPL-2.0-or-later
/* fixup.h - what installs leave behind that has no business on a board or in the sysroot.
 *
 * Runs inside the box, behind the package's install: looks through everything that it has written
 * and mends it, rule by rule. Each change is a line in fix-up.log, "RULE: PATH: what was done", and
 * a rule that did something is named on stderr with how often. A recipe switches rules off in
 * [fix-ups].
 *
 * Paths that must not be in what is installed are those of the box (or the real ones, without it):
 * the sysroot, the toolchain, the work folder.
 */
#pragma once

#include <stdbool.h>

#include "fs/base/kv.h"
#include "fs/base/strv.h"

enum fixup_rule {
	FIXUP_LA,	/* libtool's .la files are removed: they name folders of the build */
	FIXUP_INFO_DIR, /* share/info/dir is removed: each package would write its own */
	FIXUP_CACHES,	/* caches that a Pi makes itself, and that differ each time, are removed */
	FIXUP_PC,	/* .pc files name no path of the build */
	FIXUP_CONFIG,	/* nor do *-config scripts */
	FIXUP_PYTHON,	/* nor what Python remembers of its build */
	FIXUP_SYMLINKS, /* absolute links into the sysroot become relative */
	FIXUP_RPATH,	/* run-time search paths into the build are removed */
	FIXUP_ARCHIVES, /* members of static libraries carry no times */
	FIXUP_DEBUG,	/* debugging information goes to PREFIX/lib/debug/.build-id */
	FIXUP_STRIP,	/* symbols that nothing needs are removed; off unless asked for */
	FIXUP_LEAKS,	/* files that still name a path of the build are reported */
	FIXUP_COUNT
};
extern const char *const fixup_rule_names[FIXUP_COUNT];

struct fixup {
	const char *sysroot;	     /* the view: what is mended */
	const char *written;	     /* the layer under way, with only what the package wrote */
	const char *prefix;	     /* "/usr/local" */
	const char *strip, *objcopy; /* the toolchain's */
	const char *toolchain, *work;
	bool on[FIXUP_COUNT];
	int log;
	unsigned done[FIXUP_COUNT];
};

/* One thing that was written. */
struct fixup_file {
	const char *path; /* below the sysroot, without a leading '/' */
	int fd;		  /* of a regular file, for reading; else -1 */
	const char *link; /* of a symlink; else NULL */
};

/* Do it all, for that package. 0; -errno, said. */
int fixup_run(struct fixup *f, const char *package, const char *version);

/* ---- for the rules' files ---- */

/* Note what `rule` did with `path`. */
void fixup_note(struct fixup *f, enum fixup_rule rule, const char *path, const char *what);
/* Run a tool on a file of the view, its words on the log. 0, or -EIO, said. */
int fixup_tool(struct fixup *f, const char *const *argv);
/* SYSROOT/path; the caller frees. NULL: no memory. */
char *fixup_path(const struct fixup *f, const char *path);

/* Each returns 1 when the file is gone, 0 otherwise, or -errno, said. fixup_text.c, fixup_elf.c */
int fixup_text(struct fixup *f, const struct fixup_file *file);
int fixup_elf(struct fixup *f, const struct fixup_file *file);
