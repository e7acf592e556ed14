// SPDX-License-Identifier: GPL-2.0-or-later
/* scratch.h - a folder below HOME/scratch for what is thrown away.
 *
 * It is locked as long as its owner lives; those that nobody locks, whatever their owners died of,
 * are removed by the next one who makes one.
 */
#pragma once

#include "builder/base/places.h"

struct scratch {
	char *path; /* absolute */
	int fd;	    /* locked */
};

#define SCRATCH_NONE     \
	{                \
		NULL, -1 \
	}

/* 0 or -errno with `*why`. */
int scratch_make(struct scratch *s, const struct places *places, char **why);

/* With all that is in it. */
#define autoscratch cleanup(scratch_remove)
void scratch_remove(struct scratch *s);
