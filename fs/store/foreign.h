// SPDX-License-Identifier: GPL-2.0-or-later
/* foreign.h - programs and libraries of a package that are not for the machine of the base.
 *
 * What the base is for its C library says: every ELF file, and every member of a static library,
 * has to be of its machine, word size, byte order and way to pass floating point numbers, or it was
 * built by another machine's compiler. A base without one that we know says nothing.
 */
#pragma once

#include <stddef.h>

#include "fs/base/elf.h"
#include "fs/base/strv.h"

struct layer;

#define FOREIGN_MACHINES 4 /* that a base may be for at the same time */

/* For which machines the tree at `root` is. Returns how many; 0: it does not say. */
size_t foreign_machines(int root, struct elf_machine machines[static FOREIGN_MACHINES]);

/* Whether one of the patterns (fnmatch(3), of paths below the root, `*` is also '/') is the path's.
 */
bool foreign_is_allowed(const struct strv *patterns, const char *path);

/* Add a line for each file of the layer that is for none of the `n` machines, nor allowed. 0 or
 * -errno. */
int foreign_find(const struct layer *layer, const struct elf_machine *machines, size_t n,
		 const struct strv *allowed, struct strv *problems);
