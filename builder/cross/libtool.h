// SPDX-License-Identifier: GPL-2.0-or-later
/* libtool.h - what Debian's libtool leaves out, put back in.
 *
 * It links a program with the libraries that it names and no other (link_all_deplibs=no). Where one
 * of these wants another of the same package, which is not installed yet, a native linker finds it
 * by LD_LIBRARY_PATH or by its run path; a cross linker does not. As upstream has it, libtool names
 * all.
 */
#pragma once

/* Mend the libtool scripts that a configure has made in `dir` and its folders, as a note to `log`.
 * 0 or -errno. */
int libtool_mend(const char *dir, int log);
