// SPDX-License-Identifier: GPL-2.0-or-later
/* package.h - the life of one package: unpacked, patched, and then configured, made and installed
 * by one `xsysfs run`, so that all three see the declared dependencies and nothing else.
 *
 * The work folder has src, build, tmp and log; all but the last go when the package is installed.
 * Of two builders the second is refused while the first is at the same package.
 */
#pragma once

#include "builder/board.h"
#include "builder/key.h"
#include "builder/places.h"
#include "builder/toolchain.h"

struct jobserver;
struct launcher;

/* How packages are built in this run. All lent. */
struct package_ways {
	const struct places *places;
	const struct board *board;
	const struct toolchain *toolchain;
	const struct jobserver *jobs;
	const struct launcher *launcher; /* NULL: none */
	const char *where;		 /* the mount, for `xsysfs -C` */
	const char *mountpoint;		 /* where it is */
	const char *state;		 /* its state folder */
	const char *work;		 /* the folder of work folders */
	bool boxed;			 /* in a box (see box.h) */
	bool keep;			 /* the source and build folders */
};

struct package_build {
	const struct package_ways *ways;
	const struct recipe *recipe;
	const struct strv *patches;
	const struct key *key;
	const char *archive;
};

/* The phase that begins is written to `events`, "phase NAME" a line. 0, or -errno; what failed has
 * been said. */
int package_build(const struct package_build *b, int events);

/* The folder of its logs; the caller frees. NULL: no memory. */
char *package_log_folder(const struct package_ways *ways, const char *package);
