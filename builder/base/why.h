// SPDX-License-Identifier: GPL-2.0-or-later
/* why.h - the one-line reason of a failure.
 *
 * It is made where file and line are known, and said by the one who knows what the user asked for.
 * A function that takes `char **why` sets it whenever it fails, to a string that the caller frees,
 * or to NULL when memory ran out. It is not touched on success.
 */
#pragma once

/* Returns `r`, so that a failure is explained and returned in one line. */
int why_set(char **why, int r, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same, with ": " and strerror(-r) at the end. */
int why_errno(char **why, int r, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Say it on stderr and free it. Returns `r`. */
int why_log(char *why, int r);

/* Say it with something in front: "WHAT: why". Returns `r`. */
int why_log_of(char *why, int r, const char *what);
