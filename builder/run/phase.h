// SPDX-License-Identifier: GPL-2.0-or-later
/* phase.h - configure, make, install: commands in a clean environment, each with a log of its own.
 *
 * The builder writes a plan into the package's work folder; `xsysfs run` then starts this program
 * again, inside the build view, to carry it out. Nothing else passes between the two but
 * descriptors: the logs, and one for events. These are not the commands': each has its own log as
 * stdout and stderr, and the jobserver's pipe, and cannot get at what else we have open.
 */
#pragma once

#include "builder/box/box.h"
#include "builder/recipe/recipe.h"
#include "builder/target/target.h"

/* Stands for the mount point in the plan's environment: only who runs inside knows where it is. */
#define PHASE_SYSROOT "@SYSROOT@"

/* In the work folder: what __DATE__ is, for compilers that ask the clock. */
#define PHASE_DATES    "dates.h"
#define PHASE_CMAKE    "toolchain.cmake"
#define PHASE_MESON    "cross.ini"
#define PHASE_PYTHON   "board-python.py"
#define PHASE_BIN      "bin"		/* the folder of compilers.h */
#define PHASE_WARNINGS "tmp/warnings"	/* lines that what runs in a phase has for the user */
#define PHASE_HOSTS    "tmp/host-paths" /* where compilers note what they refused (crossfiles.h) */

/* What each phase said goes to a log of its own; the last is that of the fix-ups. */
enum { PHASE_FIXUP = PHASE_COUNT, PHASE_LOGS };
/* "configure", "make", "install", "fix-up" */
const char *phase_log_name(int i);

#define PHASE_COMMIT "commit" /* the last that is told: all is done, and goes to the disk */

/* What a plan is made of. All lent. */
struct phase_plan {
	const struct recipe *recipe;
	const struct target *target;
	const struct box_folders *outside; /* where it is written */
	const struct box_folders *inside;  /* with which the phases run */
	const char *sysroot;		   /* the view, as it is seen inside, or PHASE_SYSROOT */
	const char *launcher; /* the folder of its links, as it is seen inside; NULL for none */
	int jobs;
	long long epoch;	/* SOURCE_DATE_EPOCH */
	enum recipe_phase from; /* the phases before it were carried out */
	/* Descriptors, for who carries the plan out, and not for the phases: */
	int events;	      /* for "phase NAME" lines */
	int logs[PHASE_LOGS]; /* -1: there is no such phase */
	const char *log;      /* the logs' folder, for messages */
};

/* Everything that the commands find in their environment; DESTDIR is for the install alone. 0 or
 * -ENOMEM. */
int phase_environment(const struct phase_plan *p, struct strv *env);

/* The folder that its build system lies in; the caller frees. */
char *phase_source(const struct recipe *recipe, const struct box_folders *folders);

/* Words for a compiler whose __DATE__ would be the clock's, or whose __FILE__ (assert(3) has it)
 * would name the work folder in what is installed; "" for one that knows none. The caller frees. */
char *phase_macro_words(const struct toolchain *toolchain, const struct box_folders *folders);

/* Lines of keys that are the same for all recipes of one board and toolchain, but for whether its
 * compilers refuse the folders of the machine that builds: made when they are first asked for. */
struct phase_common {
	struct strv lines[2]; /* 1: they refuse */
};
void phase_common_release(struct phase_common *common);

/* All of a plan that its build can see, as lines for its key: the variables, and what is written
 * for it to read. A function of recipe, board and toolchain: the rest of the plan does not count.
 * `common` begins as zeros, and is for plans that differ in nothing but their recipe. 0 or -errno.
 */
int phase_inputs(const struct phase_plan *p, struct phase_common *common, struct strv *lines);

/* Write WORK/plan, and what its phases read beside it: config.site with the recipe's answers for
 * configure, files for CMake and Meson, the dates. 0 or -errno with `*why`. */
int phase_write_plan(const struct phase_plan *p, const struct strv *env, char **why);

/* Carry out WORK/plan. 0; 1 when a phase failed, which has been said with its last lines. */
int phase_run_plan(const char *work);

/* Instead of the phases: `argv`, or a shell for a person when it is empty, where they would start,
 * with what they would find; stdin, stdout and stderr are ours. Its exit status; 1 when it could
 * not be run, said. */
int phase_run_command(const char *work, char *const *argv);
