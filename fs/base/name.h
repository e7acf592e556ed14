// SPDX-License-Identifier: GPL-2.0-or-later
/* name.h - which names of packages and versions we take.
 *
 * They become names of files and directories, so the rule is strict and the same everywhere:
 * 1 to 64 bytes of [A-Za-z0-9+._~-], the first a letter or a digit. "local" and "base" are taken
 * by layers of these names.
 */
#pragma once

#include <stdbool.h>

/* The rule, for an error. */
#define NAME_RULE "1 to 64 letters, digits and + . _ ~ -, the first a letter or a digit"

bool name_is_package(const char *s);
bool name_is_version(const char *s);

/* NAME-VERSION-HASH: the same letters, at most 199 of them. */
bool name_is_layer(const char *s);
