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

#include "builder/recipe/fixup_rules.h"
#include "fs/base/elf.h"
#include "fs/base/strv.h"

struct fixup {
	const char *sysroot;	     /* the view: what is mended */
	const char *written;	     /* the layer under way, with only what the package wrote */
	const char *prefix;	     /* "/usr/local" */
	const char *strip, *objcopy; /* the toolchain's */
	const char *toolchain, *work;
	struct elf_machine machine; /* that all files have to be for */
	struct strv other_machine;  /* patterns of those that need not, below the root */
	size_t foreign;		    /* how many are, all the same */
	const char *package, *version;
	const char *run_path; /* all programs and libraries look there, from where they lie; NULL:
				 for another machine, which knows where libraries are */
	bool keep_debug;      /* or throw debugging information away */
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

/* Ask the compiler what it makes with these flags. 0; -errno, said. */
int fixup_learn_machine(struct fixup *f, const char *cc, const char *cflags);

/* Do it all, for that package. 0; -errno, said. -ENOEXEC: something is for another machine. */
int fixup_run(struct fixup *f, const char *package, const char *version);

/* ---- for the rules' files ---- */

#define FOREIGN_SHOWN 10 /* files for other machines, of any number */

/* Note what `rule` did with `path`. */
void fixup_note(struct fixup *f, enum fixup_rule rule, const char *path, const char *what);
/* Run a tool on a file of the view, its words on the log. 0, or -EIO, said. */
int fixup_tool(struct fixup *f, const char *const *argv);
/* Whether it is of what the rule for debugging information has put aside. */
bool fixup_is_debug(const char *path);
/* "usr/lib/x" and "/usr/lib/y" give "y": from the folder of the first to the second. The caller
 * frees. NULL: no memory. */
char *fixup_relative(const char *from, const char *to);
/* SYSROOT/path; the caller frees. NULL: no memory. */
char *fixup_path(const struct fixup *f, const char *path);

/* Whether it is code for another machine than the board's, which nothing else has to do with; said,
 * unless the recipe allows it. machine.c */
bool fixup_is_foreign(struct fixup *f, const struct fixup_file *file);

/* Each returns 1 when the file is gone, 0 otherwise, or -errno, said. text.c, elf.c */
int fixup_text(struct fixup *f, const struct fixup_file *file);
int fixup_elf(struct fixup *f, const struct fixup_file *file);
