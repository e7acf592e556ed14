// SPDX-License-Identifier: GPL-2.0-or-later
/* launcher.h - what stands in front of every compiler: ccache(1), distcc(1) or icecc(1).
 *
 * It stands there by name. A folder of links, one for each compiler of the toolchain, comes first
 * in PATH; each leads to the launcher, which looks further on for the compiler of that name, as the
 * three do when they are called so. CC is the same with it and without: whoever writes down what
 * compiled it writes the same, and a makefile that makes up the compiler's name is caught as well.
 * For CMake and Meson, which want a compiler's path, there is a script beside the links.
 *
 * It changes who compiles, not what comes out, so it is no part of a build's key.
 */
#pragma once

#include "builder/board.h"
#include "builder/box.h"
#include "builder/door.h"
#include "builder/places.h"
#include "builder/toolchain.h"

/* The script, in the folder of links: `launch /path/of/COMPILER ARG...`. */
#define LAUNCHER_SCRIPT "launch"

/* For launcher_*.c: what stands for the state folder in settings, and where the door is inside. */
#define LAUNCHER_STATE_MARK "@STATE@"
#define LAUNCHER_BOX_LINKS  "/xsysfs/launcher/links"
#define LAUNCHER_BOX_DOOR   "/xsysfs/launcher/door"

/* All that there are, NULL-terminated, and the word for none. */
extern const char *const launcher_names[];
#define LAUNCHER_NONE "none"

/* Whether it is one of them, or none. */
bool launcher_is_name(const char *name);

struct launcher {
	const char *name; /* NULL: there is none, and nothing else counts */
	char *program;	  /* absolute */
	char *links;	  /* the folder of links, as it is */
	char *state;	  /* what it keeps: the cache, the packed compilers */
	bool read_only;	  /* what it keeps is not the builds' to change */
	char *from, *to;  /* one more folder of the machine, and where it is to be seen; or NULL */
	struct strv env;  /* its settings, with LAUNCHER_STATE_MARK for the state folder */
	char *hosts;	  /* whom it asks, for people; NULL: nobody */
	bool remote;	  /* other machines compile what is preprocessed here */
	bool network;	  /* the box has to be open to the network */
	struct door door; /* or else its way out of it, to LAUNCHER_BOX_DOOR */
	int jobs;	  /* how many at once it is good for; 0: it does not know */
	struct box_opening openings[5]; /* lent from the above */
	size_t n_openings;
};

void launcher_release(struct launcher *l);

/* Have the launcher `name` ready for this toolchain; "none" is one that does nothing. `boxed`:
 * there will be a box. 0, or -errno with `*why` when it is not installed or has nobody to ask. */
int launcher_open(struct launcher *l, const char *name, const struct places *places,
		  const struct toolchain *toolchain, bool boxed, char **why);

/* Its folder of links, as a phase sees it. */
const char *launcher_links(const struct launcher *l, bool boxed);

/* Its settings, for the environment of a phase. 0 or -ENOMEM. */
int launcher_environment(const struct launcher *l, bool boxed, struct strv *env);

/* launcher_distcc.c: find out whom distcc would ask, and give it a way to them. As launcher_open.
 */
int launcher_open_distcc(struct launcher *l, const struct toolchain *t, bool boxed, char **why);
