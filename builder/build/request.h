// SPDX-License-Identifier: GPL-2.0-or-later
/* request.h - what one `xsysfs build` stands on: the target, the recipes, what is installed. */
#pragma once

#include "builder/box/hostprograms.h"
#include "builder/build/installed.h"
#include "builder/build/package.h"
#include "builder/build/schedule.h"
#include "builder/recipe/recipeset.h"
#include "builder/run/phase.h"
#include "builder/source/source.h"
#include "builder/target/target.h"

/* What is asked for. All lent. */
struct request_want {
	const struct places *places;
	char *const *packages; /* NULL-terminated */
	const char *board;     /* NULL: find one */
	const char *where;     /* a mount or a state; NULL: the board's */
	const char *launcher;  /* NULL: the board's */
	int jobs;	       /* 0: the usual */
	const struct strv
		*choices; /* "OPTION=yes" of those packages, "PACKAGE.OPTION=no"; or NULL */
	bool keep, keep_going, go_on, explain;
	bool rdeps;	 /* and what is installed and needs them */
	bool dry_run;	 /* say what would be built */
	json_t *rows;	 /* with dry_run: NULL, or an array that has it instead (schedule_rows) */
	bool fetch_only; /* get what is to be built, and build nothing */
	bool plain;	 /* lines instead of the live view */
};

/* One board of it, with all that is built for it. */
struct request_side {
	struct target target;
	struct installed installed;
	struct phase_common common;
	struct package_ways ways;
};

struct request {
	struct request_want want;
	struct request_side board;
	struct request_side native; /* nothing, where no build needs tools */
	struct source_ways sources;
	struct strv wanted; /* all that is asked for, by name */
	struct recipeset set;
	struct jobserver jobs;
	struct hostprograms host;
	bool boxed; /* builds are in a box */
};

/* Have it all there: toolchain fetched, mount found, recipes read; `ways` are q->sources from now
 * on. 0 or -errno, said. */
int request_open(struct request *q, const struct request_want *want,
		 const struct source_ways *ways);
void request_release(struct request *q);

/* The schedule of all that was asked for, with `forced` (NULL for none) due in any case, and its
 * story; both lend from the request. 0 or -errno, said. */
int request_plan(struct request *q, const struct strv *forced, struct story *story,
		 struct schedule *s);

/* Build what is due of it, with `forced` (NULL for none) built in any case; watched on the
 * terminal, kept in the board's history. With the ways' aside, `aside` gets "NAME LAYER" of each,
 * and nothing is said or kept of it. As schedule_run, but that `*signal` is what ended it. */
int request_build(struct request *q, const struct strv *forced, struct strv *aside, int *signal);
