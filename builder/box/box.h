// SPDX-License-Identifier: GPL-2.0-or-later
/* box.h - what a build sees of the machine: the one door to bubblewrap(1).
 *
 * Inside: the host's /usr, read-only, with the little of /etc that its programs want; the build
 * view at /xsysfs/sysroot, the toolchain, the recipe and the package's work folder, at paths that
 * are the same on every machine. No home, no network, no other processes, nothing else. A build can
 * write to its view and to src, build and tmp of its work folder.
 *
 * Programs of the host that look at what strangers made get one too, with no more in it than what
 * they are to look at.
 *
 * `xsysfs run` makes the build view; the box goes around what it runs. Where the machine refuses
 * namespaces, or has no bwrap, there is no box: commands run with the real paths.
 */
#pragma once

#include <stdbool.h>

#include "fs/base/strv.h"

/* Where things are inside. */
#define BOX_SYSROOT   "/xsysfs/sysroot"
#define BOX_TOOLCHAIN "/xsysfs/toolchain"
#define BOX_RECIPE    "/xsysfs/recipe"
#define BOX_WORK      "/xsysfs/work"
#define BOX_WRITTEN   "/xsysfs/written"
#define BOX_NATIVE    "/xsysfs/native" /* tools that run here: the prefix of the board `native` */
#define BOX_BUILDER   "/xsysfs/bin/xsysfs-build"

/* The folders of a package, as its commands see them, in a box or without one. All absolute. */
struct box_folders {
	char *work; /* with the next three in it */
	char *src, *build, *tmp;
	char *recipe;	 /* where recipe.ini and its scripts are */
	char *toolchain; /* with bin/ in it */
	char *written;	 /* what the package has written, and nothing else */
	char *native;	 /* tools that run here, with bin/ in it; NULL: there are none */
};

/* More of the machine that is to be seen inside. All lent. */
struct box_opening {
	const char *from, *to;
	bool writable;
};

struct box {
	const char *mountpoint;		   /* where `xsysfs run` shows the build view */
	const struct box_folders *outside; /* the folders as they are */
	const char *self;		   /* the builder's program */
	const char *package;
	bool native;			/* its compilers are the machine's, which /usr has */
	const struct box_opening *open; /* `n_open` of them */
	size_t n_open;
	bool network; /* leave the host's network in */
	int syscalls; /* the filter (syscalls.h), for bwrap to inherit */
};

/* Whether this machine can: 0, or -errno with `*why`. */
int box_probe(char **why);

/* Write the few files that the box shows and the host does not have, into the work folder. */
int box_prepare(const struct box *box);

/* The command line up to the program that is to run inside. 0 or -errno. */
int box_arguments(const struct box *box, struct strv *argv);

/* The same for a program of the host's that looks at what is behind the openings, and sees nothing
 * else, in the folder `dir` of the box's; `syscalls` as above. 0 or -errno. */
int box_reader(const struct box_opening *open, size_t n_open, int syscalls, const char *dir,
	       struct strv *argv);
