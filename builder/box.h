// SPDX-License-Identifier: GPL-2.0-or-later
/* box.h - what a build sees of the machine: the one door to bubblewrap(1).
 *
 * Inside: the host's /usr, read-only, with the little of /etc that its programs want; the build
 * view at /xsysfs/sysroot, the toolchain, the recipe and the package's work folder, at paths that
 * are the same on every machine. No home, no network, no other processes, nothing else.
 *
 * `xsysfs run` makes the build view; the box goes around what it runs. Where the machine refuses
 * namespaces, or has no bwrap, there is no box: commands run with the real paths.
 */
#pragma once

#include <stdbool.h>

#include "builder/phase.h"
#include "fs/base/strv.h"

/* Where things are inside. */
#define BOX_SYSROOT   "/xsysfs/sysroot"
#define BOX_TOOLCHAIN "/xsysfs/toolchain"
#define BOX_RECIPE    "/xsysfs/recipe"
#define BOX_WORK      "/xsysfs/work"
#define BOX_WRITTEN   "/xsysfs/written"
#define BOX_BUILDER   "/xsysfs/bin/xsysfs-build"

/* More of the machine that is to be seen inside. All lent. */
struct box_opening {
	const char *from, *to;
	bool writable;
};

struct box {
	const char *mountpoint;		     /* where `xsysfs run` shows the build view */
	const struct phase_folders *outside; /* the folders as they are */
	const char *self;		     /* the builder's program */
	const char *package;
	const struct box_opening *open; /* `n_open` of them */
	size_t n_open;
	bool network; /* leave the host's network in */
};

/* Whether this machine can: 0, or -errno with `*why`. */
int box_probe(char **why);

/* Write the few files that the box shows and the host does not have, into the work folder. */
int box_prepare(const struct box *box);

/* The command line up to the program that is to run inside. 0 or -errno. */
int box_arguments(const struct box *box, struct strv *argv);
