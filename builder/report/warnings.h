// SPDX-License-Identifier: GPL-2.0-or-later
/* warnings.h - what compilers, configure scripts, CMake and others warned of, found in a log.
 *
 * A log is a stranger's text: any bytes, lines of any length. What is kept of it is bounded; the
 * rest is only counted.
 */
#pragma once

#include <stdbool.h>

#include "builder/base/tally.h"

enum {
	WARNINGS_KEPT = 60,  /* of a package, with their text */
	WARNINGS_KINDS = 80, /* told apart */
	WARNINGS_LINE = 600, /* bytes of a line that are looked at */
};

struct warning {
	char *file;    /* "src/tramp.c"; NULL: not said */
	unsigned line; /* 0: not said */
	char *kind;    /* "-Wunused-variable", "configure", "CMake", "libtool" */
	char *text;
	size_t times; /* it came, word for word */
};

struct warnings {
	struct warning *first;
	size_t n;
	size_t total;
	struct tally kinds;
};

void warnings_release(struct warnings *w);

/* Add those of a log. 0 or -ENOMEM. */
int warnings_scan(struct warnings *w, const char *log, size_t len);
