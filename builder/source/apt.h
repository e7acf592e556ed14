// SPDX-License-Identifier: GPL-2.0-or-later
/* apt.h - this machine's apt, asked in a folder of our own.
 *
 * apt knows which mirror this machine uses, by which proxy, with which keys. It is asked with a
 * configuration of our own that takes over what concerns the way to the archive, has a list of
 * archives of our own and knows of no package that is installed: nothing of the machine's is
 * changed, no root is needed, and the answers are the same on every machine. What an archive says
 * is taken only with the signature of a key that the machine's own list trusts.
 */
#pragma once

#include <stdbool.h>

#include "fs/base/strv.h"

struct apt {
	char *dir; /* our folder; NULL until it is opened */
};

void apt_release(struct apt *a);

/* Have the folder `dir` and its configuration. 0, or -errno with `*why`: -ENOENT where there is no
 * apt. */
int apt_open(struct apt *a, const char *dir, char **why);

/* Run `argv`, one of apt's programs. Its stdout in `*out`, the caller's; what it says goes to the
 * file `log` of our folder. 0, or -errno with `*why`. */
int apt_run(const struct apt *a, const char *const *argv, char **out, char **why);

/* What our list of archives has of each entry of the machine's that is Debian's main archive. */
struct apt_wanted {
	const char *type;   /* "deb" or "deb-src" */
	const char *suites; /* in place of the entry's own; NULL: those */
	const char *more;   /* and these; "" for none */
};

/* Write our folder's list of archives. 0, or -errno with `*why`: -ENOENT when there is no entry of
 * Debian's. */
int apt_write_list(const struct apt *a, const struct apt_wanted *wanted, char **why);

/* The entries of apt's `text` (a .sources file when `deb822`, else a .list) that are Debian's main
 * archive, each added as one deb822 paragraph. Where the suites are not the entry's own, a place is
 * named once only, whatever is in `ret` before. 0 or -ENOMEM. */
int apt_convert(const char *text, bool deb822, const struct apt_wanted *wanted, struct strv *ret);
