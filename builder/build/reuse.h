// SPDX-License-Identifier: GPL-2.0-or-later
/* reuse.h - a layer is found before it is made: what was built with the same key is the same, so as
 * long as 'gc' has not taken it, it is put where it belongs instead of being built again. It may be
 * of a removed package, of the build before the last, or of another builder a moment ago. */
#pragma once

struct package_ways;

/* The layer of that package and key, for the caller to free. 1; 0: there is none; -errno. */
int reuse_find(const struct package_ways *ways, const char *package, const char *key, char **layer);

/* Put it into the package's place. 0 or -errno: said. */
int reuse_take(const struct package_ways *ways, const char *layer);
