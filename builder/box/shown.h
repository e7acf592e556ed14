// SPDX-License-Identifier: GPL-2.0-or-later
/* shown.h - everything that a box shows a build, in one table, with a word on the key for each.
 *
 * box.c mounts by this table and in no other way, and build/key.c has a function for each part of
 * the key that is named here. So nothing can come to be seen without being in the key, or saying
 * why it need not be.
 */
#pragma once

#include <stddef.h>

/* The parts of a key, in its order. */
enum shown_part {
	SHOWN_SOURCE,
	SHOWN_FILES, /* beside the recipe */
	SHOWN_PATCHES,
	SHOWN_TOOLCHAIN,
	SHOWN_SYSROOT, /* under the mount */
	SHOWN_GIVEN,   /* what we write for it, and its variables */
	SHOWN_NEEDS,
	SHOWN_NATIVE, /* tools that run here */
	SHOWN_HOST,   /* programs of this machine */
	SHOWN_PARTS
};

enum shown {
	SHOW_PROC,
	SHOW_DEV,
	SHOW_TMP,
	SHOW_USR,
	SHOW_TOP_LINK,
	SHOW_TOP_FOLDER,
	SHOW_ETC,
	SHOW_RESOLVER,
	SHOW_OPENING,
	SHOW_OPENING_TO_WRITE,
	SHOW_BUILDER,
	SHOW_TOOLCHAIN,
	SHOW_NATIVE,
	SHOW_PREFIX,
	SHOW_RECIPE,
	SHOW_RECIPE_FILE,
	SHOW_WRITTEN,
	SHOW_WORK,
	SHOW_WORK_SRC,
	SHOW_WORK_OWN,
	SHOW_WORK_LOG,
	SHOW_PASSWD,
	SHOW_GROUP,
	SHOW_VIEW,
	SHOWN_COUNT
};

struct shown_row {
	const char *option; /* of bwrap(1) */
	const char *to;	    /* where it is inside; NULL: the caller says it */
	unsigned parts;	    /* bits of enum shown_part: where it is in the key */
	const char *why;    /* it is in none */
};

extern const struct shown_row shown_rows[SHOWN_COUNT];
