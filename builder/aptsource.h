// SPDX-License-Identifier: GPL-2.0-or-later
/* aptsource.h - where Debian's archive keeps the upstream tarball of a source package.
 *
 * apt knows: which mirror this machine uses, by which proxy, with which keys. It is asked in an apt
 * folder of our own, made from the machine's configuration with source entries for Debian's main
 * archive switched on, so nothing of the machine's is changed and no root is needed.
 */
#pragma once

#include <stdbool.h>

#include "fs/base/strv.h"

struct aptsource {
	char *dir;    /* our folder; NULL until the first question */
	bool updated; /* the lists are of this run */
	bool widened; /* older and newer releases are in as well */
	bool failed;  /* there is no way to the archive: it is not asked again */
};

void aptsource_release(struct aptsource *a);

/* Ask for `package` in `version`; our apt folder is HOME/apt. `*uri` and `*file` are the caller's.
 * 0, or -errno with `*why`. */
int aptsource_find(struct aptsource *a, const char *home, const char *package, const char *version,
		   char **uri, char **file, char **why);

/* The entries of apt's `text` (a .sources file when `deb822`, else a .list) that are Debian's main
 * archive, each added as one deb822 paragraph of Types: deb-src with `more_suites` behind its own.
 */
int aptsource_convert(const char *text, bool deb822, const char *more_suites, struct strv *ret);

/* Write our folder's list of archives from the machine's (aptlist.c). 0, or -errno with `*why`. */
int aptsource_write_list(const struct aptsource *a, const char *more_suites, char **why);
