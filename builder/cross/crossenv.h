// SPDX-License-Identifier: GPL-2.0-or-later
/* crossenv.h - a toolchain and a mount as variables, and as what editors read: for a user's own
 * program, outside of the box.
 *
 * The variables have the names that phases find (recipes/README.md). CC and the others are the
 * programs of compilers.h, which PATH finds first: they bring all with them that is needed to find
 * what is on the mount, whatever a makefile does with CFLAGS.
 *
 * Each function returns a text that the caller frees, or NULL: without memory, or, where JSON is
 * asked for, because a path is no UTF-8.
 */
#pragma once

#include "builder/cross/crossfiles.h"

/* What the files in `files`, the folder for them, are called. */
#define CROSSENV_CMAKE	 "toolchain.cmake"
#define CROSSENV_MESON	 "cross.meson"
#define CROSSENV_KIT	 "cmake-kits.json"
#define CROSSENV_PRESETS "cmake-presets.json"
#define CROSSENV_CPP	 "c_cpp_properties.json"

/* How variables are to be said. */
enum crossenv_form { CROSSENV_SH, CROSSENV_FISH, CROSSENV_JSON };

/* "NAME=value" each. PATH is only what goes in front of it. 0 or -ENOMEM. */
int crossenv_variables(const struct cross *c, const char *files, struct strv *env);

/* Lines to be evaluated, or an object. */
char *crossenv_say(const struct strv *env, enum crossenv_form form);

char *crossenv_kit(const struct cross *c, const char *files);	  /* VS Code's CMake Tools */
char *crossenv_presets(const struct cross *c, const char *files); /* cmake-presets(7) */
char *crossenv_cpp(const struct cross *c);			  /* VS Code's C/C++ */
