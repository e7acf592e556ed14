// SPDX-License-Identifier: GPL-2.0-or-later
/* shelf.h - archives that are at hand.
 *
 * What was downloaded is kept by its hash, SOURCES/SHA256/FILE, for all boards and all processes of
 * a user; every --sources folder is looked through too, and never written. A file is hashed each
 * time that it is asked for.
 */
#pragma once

#include "builder/base/places.h"
#include "builder/recipe/recipe_source.h"

#define SHELF_SIG ".sig" /* behind an archive's name: the signature that came with it */

/* SOURCES/SHA256, where what has that hash is kept; the caller frees. NULL: no memory. */
char *shelf_folder(const struct places *places, const char *sha256);

/* 1 and `*path`, 0 when no folder has it, or -errno. */
int shelf_look(const struct places *places, const char *name, const char *sha256, char **path);
int shelf_look_source(const struct places *places, const struct recipe_source *source, char **path);

/* Hash everything that was downloaded before: `bad` gets the paths of what has changed since. 0 or
 * -errno. */
int shelf_verify(const struct places *places, struct strv *bad, size_t *n);
