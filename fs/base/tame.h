// SPDX-License-Identifier: GPL-2.0-or-later
/* tame.h - names and texts that are a stranger's, before people see them.
 *
 * A terminal obeys control characters: those below a blank, DEL, and U+0080 to U+009F, as UTF-8 and
 * as single bytes. Everything that goes to one passes here: messages always, what a command prints
 * when its output is a terminal (files, owns, diff; programs say -0).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The bytes of the UTF-8 character at `s`, which is not the end; 1 for what is none. `*shows`: a
 * terminal only shows it. */
size_t tame_character(const char *s, bool *shows);

/* Every character that a terminal would obey becomes '?'; a tab stays. In place. */
void tame(char *text);

/* Names and passwords in URLs are left out. In place. */
void tame_urls(char *text);
