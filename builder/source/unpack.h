// SPDX-License-Identifier: GPL-2.0-or-later
/* unpack.h - archives into folders. The one door to libarchive.
 *
 * An archive is a stranger's. Refused, with the entry's name: absolute names, "..", links that lead
 * out of the folder, by whichever name, anything that is no file, folder or link, more than a limit
 * of bytes or entries. No compression is understood for which another program would have to run. It
 * is unpacked aside (DIR.unpacking) and renamed, so the folder is whole or not there.
 * Of two that unpack into the same folder at a time the caller has to see that there are none.
 */
#pragma once

#include <stdint.h>

struct unpack_limits {
	uint64_t bytes;	  /* of all files together; 0: 4 GiB */
	uint64_t entries; /* 0: 500,000 */
};

/* Unpack the file `archive` as the new folder `dir`. When all of it lies in one folder, that one's
 * content is taken. `newest`, when given, gets the latest modification time of an entry.
 * 0, -EEXIST when `dir` is there, or -errno with `*why`. */
int unpack_archive(const char *archive, const char *dir, const struct unpack_limits *limits,
		   int64_t *newest, char **why);

/* Unpack the files of a package of Debian's (an ar with a tar in it) into the folder `dir`, beside
 * what is there; a file of the same name is replaced. What scripts it has is nobody's business.
 * When this fails, some of it is there. 0, or -errno with `*why`. */
int unpack_deb(const char *deb, const char *dir, const struct unpack_limits *limits, char **why);

/* Whether a symlink at `name` (relative to the top) with this target stays inside. */
_Bool unpack_link_stays(const char *name, const char *target);
