// SPDX-License-Identifier: GPL-2.0-or-later
/* aptsource.h - where Debian's archive keeps the upstream tarball of a source package: apt (apt.h)
 * is asked, with source entries for Debian's main archive switched on. */
#pragma once

#include <stdbool.h>

#include "builder/source/apt.h"

struct aptsource {
	struct apt apt; /* opened with the first question */
	bool updated;	/* the lists are of this run */
	bool widened;	/* older and newer releases are in as well */
	bool failed;	/* there is no way to the archive: it is not asked again */
};

void aptsource_release(struct aptsource *a);

/* Ask for `package` in `version`, or, when the archive has it no more, in another revision of the
 * same release, whose tarball is the same. Our apt folder is HOME/apt. `*uri` and `*file` are the
 * caller's. 0, or -errno with `*why`. */
int aptsource_find(struct aptsource *a, const char *home, const char *package, const char *version,
		   char **uri, char **file, char **why);
