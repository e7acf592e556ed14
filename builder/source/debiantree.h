// SPDX-License-Identifier: GPL-2.0-or-later
/* debiantree.h - Debian's cross compilers in the shape that Crosstool-NG gives a toolchain.
 *
 *   bin/TRIPLE-*        what people start: scripts that give each program its libraries, and
 *                       compilers and linkers their sysroot (without one Debian's look into
 *                       /usr/TRIPLE of the machine; a later --sysroot wins)
 *   libexec/            Debian's /usr: bin, lib/gcc-cross, libraries of the programs,
 *                       TRIPLE/bin for gcc, TRIPLE/include/c++
 *   TRIPLE/sysroot/     usr/include, usr/lib, and lib, a link; lib64 where libraries of 64 bits may
 *                       be looked for there
 *
 * The folder may be moved and mounted elsewhere.
 */
#pragma once

/* Make it in the folder `dir` of `raw` in it, a folder into which the packages have been unpacked
 * and which is used up. 0, or -errno with `*why`. */
int debiantree_compose(const char *dir, const char *raw, const char *triple, char **why);
