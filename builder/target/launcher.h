// SPDX-License-Identifier: GPL-2.0-or-later
/* launcher.h - what stands in front of every compiler: ccache(1), distcc(1) or icecc(1).
 *
 * It stands there by name. A folder of links has one for each compiler of the toolchain, which the
 * programs of compilers.h start; each leads to the launcher, which looks further on in PATH for the
 * compiler of that name, as the three do when they are called so. CC is the same with it and
 * without: whoever writes down what compiled it writes the same, and a makefile that makes up the
 * compiler's name is caught as well.
 *
 * It changes who compiles, not what comes out, so it is no part of a build's key.
 */
#pragma once

#include "builder/base/places.h"
#include "builder/box/box.h"
#include "builder/box/door.h"
#include "builder/target/board.h"
#include "builder/target/toolchain.h"

/* For launcher_*.c: what stands for the state folder in settings, and where the door is inside. */
#define LAUNCHER_STATE_MARK   "@STATE@"
#define LAUNCHER_BOX_SETTINGS "/xsysfs/launcher/settings"
#define LAUNCHER_BOX_LINKS    "/xsysfs/launcher/links"
#define LAUNCHER_BOX_DOOR     "/xsysfs/launcher/door"

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
	bool apart;	  /* each package has a folder of its own in `state` */
	char *settings;	  /* a file of the user's, shown at LAUNCHER_BOX_SETTINGS; NULL: none */
};

/* What one package gets of it. A cache is the package's own: what a build writes into it, no other
 * build reads. */
struct launcher_share {
	char *state;
	struct strv env;		/* settings, for the environment of its phases */
	struct box_opening openings[6]; /* lent from here and from the launcher */
	size_t n_openings;
};

void launcher_release(struct launcher *l);

/* Have the launcher `name` ready for this toolchain; "none" is one that does nothing. `boxed`:
 * there will be a box. 0, or -errno with `*why` when it is not installed or has nobody to ask. */
int launcher_open(struct launcher *l, const char *name, const struct places *places,
		  const struct toolchain *toolchain, bool boxed, char **why);

/* Its folder of links, as a phase sees it; NULL: there is no launcher. */
const char *launcher_links(const struct launcher *l, bool boxed);

/* Make what that package gets: nothing when there is no launcher. 0 or -errno. */
int launcher_share(const struct launcher *l, const char *package, bool boxed,
		   struct launcher_share *ret);
void launcher_share_release(struct launcher_share *s);

/* launcher_distcc.c: find out whom distcc would ask, and give it a way to them. As launcher_open.
 */
int launcher_open_distcc(struct launcher *l, const struct toolchain *t, bool boxed, char **why);
