// SPDX-License-Identifier: GPL-2.0-or-later
/* reason.h - which line of a log tells why it ended badly.
 *
 * A compiler says it once, and the last lines may be of other jobs, or make's "*** [all] Error 1",
 * which tells nothing. It is a guess, by words that compilers, linkers and their like have in
 * common; some of them ("not found") stand in logs of what went well too.
 */
#pragma once

#include <stdbool.h>

/* Does the line that begins here surely tell? */
bool reason_is(const char *line);

/* The beginning of the line in `text` that tells best: the first of those that surely do, else the
 * last of those that may. NULL: none does. */
const char *reason_find(const char *text);
