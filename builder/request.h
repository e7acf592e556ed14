// SPDX-License-Identifier: GPL-2.0-or-later
/* request.h - what one `xsysfs build` stands on: the board, its toolchain, its mount, the recipes.
 */
#pragma once

#include "builder/installed.h"
#include "builder/launcher.h"
#include "builder/options.h"
#include "builder/package.h"
#include "builder/recipeset.h"
#include "builder/schedule.h"
#include "builder/source.h"

struct request {
	struct options *options;
	struct board *board;
	struct toolchain toolchain;
	struct source_ways sources;
	struct recipeset set;
	struct installed installed;
	struct jobserver jobs;
	struct launcher launcher;
	struct package_ways ways;
};

/* Have it all there: toolchain fetched, mount found, recipes read. 0 or -errno, said. */
int request_open(struct request *q, struct options *o);
void request_release(struct request *q);

/* Build what is due of it, with `forced` (NULL for none) built in any case; watched on the
 * terminal, kept in the board's history. As schedule_run, but that `*signal` is what ended it. */
int request_build(struct request *q, const struct strv *forced, int *signal);
