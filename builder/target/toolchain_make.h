// SPDX-License-Identifier: GPL-2.0-or-later
/* toolchain_make.h - a toolchain that we have got or made, as a folder: whole or not there. */
#pragma once

#include "builder/base/places.h"

/* A toolchain that a board names cannot be had: `r` with `*why`, "FILE:LINE: ..." of the board. Who
 * calls includes why.h. */
#define toolchain_refuse(why, board, r, fmt, ...) \
	why_set(why, (r), "%s:%u: " fmt, (board)->path, (board)->toolchain_line, ##__VA_ARGS__)

/* How the new folder `aside`, which is not there yet, is made. 0 or -errno with `*why`. */
typedef int toolchain_maker(void *arg, const char *aside, char **why);

/* Have the folder `dir` of PLACES/toolchains: `make` makes it aside, it loses all permission to
 * write and gets its name. What somebody who was killed has left is removed. One at a time, also of
 * several processes: who comes second finds it there. 0, or -errno with `*why`. */
int toolchain_make(const struct places *places, const char *dir, toolchain_maker *make, void *arg,
		   char **why);
