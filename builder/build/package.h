// SPDX-License-Identifier: GPL-2.0-or-later
/* package.h - the life of one package: unpacked, patched, and then configured, made and installed
 * by one `xsysfs run`, so that all three see the declared dependencies and nothing else.
 *
 * All of its work folder (work.h) but the logs goes when the package is installed; of builds that
 * failed a few are kept. Of two builders
 * the second is refused while the first is at the same package.
 */
#pragma once

#include "builder/base/places.h"
#include "builder/build/key.h"
#include "builder/target/target.h"

struct hostprograms;
struct jobpipe;
struct jobserver;
struct phase_common;

/* How packages are built in this run. All lent. */
struct package_ways {
	const struct places *places;
	const struct target *target;
	const struct jobserver *jobs;
	struct hostprograms *host;
	struct phase_common *common; /* of this target */
	const char *work;	     /* the folder of work folders */
	const struct target *native; /* whose tools its builds may see; NULL: there is none */
	bool boxed;		     /* in a box (see box.h) */
	bool keep;		     /* the source and build folders */
	bool go_on;		     /* in folders that a failed build has left */
	bool aside;		     /* nothing is committed: it is built to be compared */
};

/* Packages that a build sees. */
struct package_seen {
	struct strv fixed;    /* "NAME=LAYER" of what it needs directly, as the key has it */
	char all[DIGEST_HEX]; /* sha256 of the lines "NAME LAYER" of all */
};

struct package_build {
	const struct package_ways *ways;
	const struct recipe *recipe;
	const struct strv *patches;
	const struct key *key;
	struct package_seen sees;  /* of its own board */
	struct package_seen tools; /* of ways->native */
	const char *archive;
	const struct jobpipe *jobs; /* its own */
	char *const *command;	    /* instead of its phases (package_shell); NULL: there is none */
};

/* The phase that begins is written to `events`, "phase NAME" a line; "taken" when another builder
 * has built the same meanwhile, "layer ID" when it is put aside. 0, or -errno; what failed has
 * been said. */
int package_build(const struct package_build *b, int events);

/* Run b->command, or a shell when it is empty, where the phases of the package would run. Folders
 * that a failed build has left are used as they are, and stay; new ones go afterwards, unless the
 * ways keep them. What is installed is thrown away. Its exit status, or -errno; said. */
int package_shell(const struct package_build *b);

/* The folder of its logs; the caller frees. NULL: no memory. */
char *package_log_folder(const struct package_ways *ways, const char *package);
