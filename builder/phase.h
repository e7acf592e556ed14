// SPDX-License-Identifier: GPL-2.0-or-later
/* phase.h - configure, make, install: commands in a clean environment, each with a log of its own.
 *
 * The builder writes a plan into the package's work folder; `xsysfs run` then starts this program
 * again, inside the build view, to carry it out. Nothing else passes between the two.
 */
#pragma once

#include "builder/board.h"
#include "builder/recipe.h"
#include "builder/toolchain.h"

/* Stands for the mount point in the plan's environment: only who runs inside knows where it is. */
#define PHASE_SYSROOT "@SYSROOT@"

/* In the work folder: what __DATE__ is, for compilers that ask the clock. */
#define PHASE_DATES "dates.h"
#define PHASE_CMAKE "toolchain.cmake"
#define PHASE_MESON "cross.ini"

/* The folders of a package, as its commands see them. All absolute. */
struct phase_folders {
	char *work; /* with the next three in it */
	char *src, *build, *log;
	char *recipe;	 /* where recipe.ini and its scripts are */
	char *toolchain; /* with bin/ in it */
	char *written;	 /* what the package has written, and nothing else */
};

/* What a plan is made of. All lent. */
struct phase_plan {
	const struct recipe *recipe;
	const struct board *board;
	const struct toolchain *toolchain;
	const struct phase_folders *outside; /* where it is written */
	const struct phase_folders *inside;  /* with which the phases run */
	const char *sysroot;		     /* the view, as it is seen inside */
	const char *launcher; /* the folder of its links, as it is seen inside; NULL for none */
	int jobs;
	long long epoch; /* SOURCE_DATE_EPOCH */
	int events;	 /* a descriptor that the phases inherit, for "phase NAME" lines */
};

/* Everything that the commands find in their environment. 0 or -ENOMEM. */
int phase_environment(const struct phase_plan *p, struct strv *env);

/* Words for a compiler that asks the clock for __DATE__, "" for others; the caller frees. */
char *phase_date_words(const struct toolchain *toolchain, const struct phase_folders *folders);

/* Write WORK/plan, and what its phases read beside it: config.site with the recipe's answers for
 * configure, files for CMake and Meson, the dates. 0 or -errno with `*why`. */
int phase_write_plan(const struct phase_plan *p, const struct strv *env, char **why);

/* Carry out WORK/plan. 0; 1 when a phase failed, which has been said with its last lines. */
int phase_run_plan(const char *work);
