// SPDX-License-Identifier: GPL-2.0-or-later
/* meta.h - what we know of a package's layer besides its files: STATE/layers/ID/meta, kv lines. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "fs/base/strv.h"
#include "fs/store/parts.h"

struct meta {
	char *package;
	char *version;
	char *key;	      /* the builder's; "" when none was given */
	char *previous;	      /* the layer that this one took the place of; "" for the first */
	struct strv needs;    /* packages, sorted */
	struct strv replaces; /* packages, sorted */
	struct strv uses; /* packages of which something was read while it was installed, sorted */
	bool watched;	  /* that is known: layers of older versions do not say */
	struct parts parts;
	struct timespec when;  /* of the commit */
	uint64_t files, bytes; /* without directories and whiteouts */
};

/* NULL when there is no memory or a name is not valid; the meta copies all strings. */
struct meta *meta_new(const char *package, const char *version, const char *key);
void meta_free(struct meta *meta); /* takes NULL */

/* Add the words of a "a,b c" list to `list`, sorted. -EINVAL: one is no package name. */
int meta_add_names(struct strv *list, const char *words);

/* Read `dir`/meta. Every name in it is checked, for it may have been written by an enemy.
 * Returns 0, -EBADMSG or -errno. */
int meta_read(int dir, struct meta **ret);
int meta_write(int dir, const struct meta *meta);
