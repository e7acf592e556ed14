// SPDX-License-Identifier: GPL-2.0-or-later
/* sonames.h - which package brings which shared library, and who is linked with it. */
#pragma once

#include <stdbool.h>

#include "builder/build/installed.h"

/* What one file of a package is linked with. */
struct soname_use {
	char *package, *path; /* the path below the root */
	struct strv needed;   /* SONAMEs (elf(5), DT_NEEDED) */
};

struct sonames {
	struct strv names, packages; /* side by side; of one that several bring, the first */
	struct strv system;	     /* names of files in the library folders of the sysroot */
	struct soname_use *uses;
	size_t n_uses;
};

void sonames_release(struct sonames *s);

/* Read the layers of all that is installed, and the sysroot's library folders. 0 or -errno with
 * `*why`. */
int sonames_read(struct sonames *s, const struct installed *installed, char **why);

/* What runs here also has this machine's C library and the libraries of its compilers; others of it
 * would be a need that nobody has declared. 0 or -ENOMEM. */
int sonames_add_machine(struct sonames *s);

/* The package that brings it, lent; "" for the sysroot alone; NULL when nobody does. */
const char *sonames_find(const struct sonames *s, const char *soname);

/* Whether the sysroot has it, also when a package does. */
bool sonames_is_system(const struct sonames *s, const char *soname);
