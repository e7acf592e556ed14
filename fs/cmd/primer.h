// SPDX-License-Identifier: GPL-2.0-or-later
/* primer.h - have the kernel know what is in a directory of a mount before somebody asks it by
 * name.
 *
 * Who copies what a list names (rsync --files-from) lists no directory: each file is one LOOKUP,
 * and when it has been read before one GETATTR, since a read through FUSE has the kernel forget the
 * access time. A listing with attributes (READDIRPLUS) says the same of a hundred files at once.
 *
 * It is a favour: whatever does not work is asked for later, name by name.
 */
#pragma once

#include <stddef.h>

struct primer {
	const char *root; /* lent: where the directories are, an absolute path */
	char *buf;	  /* NULL: no memory, or none needed yet */
};

#define autoprimer cleanup(primer_release)
void primer_release(struct primer *primer);

/* List `root`/`path`, in which `n` names show. Holds nothing of the mount afterwards. */
void primer_list(struct primer *primer, const char *path, size_t n);
