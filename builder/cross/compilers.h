// SPDX-License-Identifier: GPL-2.0-or-later
/* compilers.h - a target's compilers as programs of one word, which need no flags.
 *
 * A folder that comes first in PATH has a small script for each compiler of the toolchain, by the
 * compiler's own name. It adds what it takes to find what is on the mount (crossfiles.h) and starts
 * the launcher's link of that name, or the compiler. So CC is one word and says nothing of where
 * things lie: whoever quotes it, takes it apart or writes it into what he installs does no harm,
 * and a makefile that makes up the compiler's name gets the same one.
 *
 * A folder or a library in the prefix is the mount's, whatever stands there on this machine:
 * scripts like foo-config and what pkg-config is not asked say it as the Pi has it.
 *
 * What the linker is to look through comes behind the words of the caller, whose folders are
 * nearer.
 */
#pragma once

#include "builder/cross/crossfiles.h"

/* All of them that the toolchain has, and pkg-config with its settings: names and texts, side by
 * side. 0 or -ENOMEM. */
int compilers_list(const struct cross *c, struct strv *names, struct strv *texts);

/* Write them into the folder `dir`, which is `c->bin` to those who use it. What is the same there
 * already is left alone. 0 or -errno with `*why`. */
int compilers_write(const struct cross *c, const char *dir, char **why);

/* The text of one of them: "gcc", say. `program` is what is started, `first` a word in front of all
 * others or NULL. The caller frees; NULL: no memory. */
char *compilers_text(const struct cross *c, const char *name, const char *program,
		     const char *first);
