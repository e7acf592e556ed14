// SPDX-License-Identifier: GPL-2.0-or-later
/* debian.h - Debian's cross compilers as a board's toolchain: 'debian = 12'.
 *
 * apt (apt.h) says which packages there are in that release of Debian for a compiler of C, C++ and
 * Fortran, on any machine that has apt. They are fetched like sources, by hash, and kept on the
 * shelf, as is their list, the lock (debianlock.h). A board may name the lock by its sha256: then
 * nothing else is taken, and the shelf has it when the archive has gone on. Else what came first
 * stays, as long as its folder and the note of it, TOOLCHAINS/debian-12-TRIPLE, are there.
 */
#pragma once

#include "builder/source/source.h"
#include "builder/target/board.h"

/* Have the toolchain of a board with `debian`, and say where: `*dir` is the caller's, `lock` the
 * sha256 of its lock. 0, or -errno with `*why`. */
int debian_toolchain(const struct board *board, struct source_ways *ways, char **dir,
		     char lock[static DIGEST_HEX], char **why);
