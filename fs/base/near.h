// SPDX-License-Identifier: GPL-2.0-or-later
/* near.h - "did you mean": which of the words that there are is close to one that there is not. */
#pragma once

/* Which of `known` (NULL-terminated) is close to `word`, or that itself; lent. NULL: none is. */
const char *near_word(const char *word, const char *const *known);

/* " (did you mean 'X'?)", or "" when none is close: for the end of a message. The caller frees.
 * NULL: no memory. */
char *near_said(const char *word, const char *const *known);
