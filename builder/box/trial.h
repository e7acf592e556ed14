// SPDX-License-Identifier: GPL-2.0-or-later
/* trial.h - a toolchain that was just made, tried. */
#pragma once

/* Whether the toolchain in `dir` compiles and links C, C++ and Fortran with its own libraries, the
 * shared ones, and with nothing of this machine: in a box, where there can be one. 0, or -errno
 * with `*why`. */
int trial(const char *dir, const char *triple, char **why);
