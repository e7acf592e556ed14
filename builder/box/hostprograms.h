// SPDX-License-Identifier: GPL-2.0-or-later
/* hostprograms.h - the programs of this machine that builds call, by their versions: another cmake
 * makes other makefiles.
 *
 * A program is asked once (`--version`), and again when its file is another one (known.h). One that
 * does not answer is taken by its bytes.
 */
#pragma once

#include "builder/base/known.h"

/* Where builds find them, behind the toolchain's own. */
#define HOSTPROGRAMS_PATH "/usr/bin:/bin:/usr/sbin:/sbin"

struct hostprograms {
	const char *path; /* lent; folders with colons between them */
	struct known known;
	struct strv names, versions; /* that were asked for, side by side; "" for none */
};

/* `home` is where known.h keeps what it knows; lent. Never fails. */
void hostprograms_open(struct hostprograms *h, const char *home);
void hostprograms_close(struct hostprograms *h);

/* The version, in words, lent; "" when there is no such program. 0 or -errno. */
int hostprograms_version(struct hostprograms *h, const char *name, const char **ret);

/* Its path, or NULL when there is none (or no memory). The caller frees. */
char *hostprograms_find(const struct hostprograms *h, const char *name);

/* ---- hostpackages.c ---- */

/* What is compared, in such words: "3.25.1" of "cmake version 3.25.1". The caller frees. NULL: no
 * memory, or there is no number in it. */
char *hostprograms_number(const char *version);

/* The package of Debian that has the program, as far as we know; else its name. */
const char *hostprograms_package(const char *name);
