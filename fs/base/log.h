// SPDX-License-Identifier: GPL-2.0-or-later
/* log.h - what the programs say on stderr.
 *
 * One line a message: "PROGRAM: what failed 'name': reason". Lower case, no full stop. Low modules
 * are silent; the one who knows what the user asked for speaks, once. Names and texts are often a
 * stranger's: what a terminal would obey, and passwords in URLs, are not said (tame.h).
 */
#pragma once

#include <stdarg.h>

/* The word before the colon; the string is kept, not copied. */
void log_init(const char *program);

/* Hand each line, without its end, to `say` instead; NULL: stderr again. */
void log_redirect(void (*say)(void *arg, const char *line), void *arg);

/* "PROGRAM: error: MESSAGE: strerror(-r)". Returns `r`, so that an error is said and returned in a
 * line. */
int log_errno(int r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "PROGRAM: error: MESSAGE", "warning: " likewise, and a note with nothing in front. log_error
 * returns -EINVAL for callers that have no better errno. */
int log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
