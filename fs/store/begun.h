// SPDX-License-Identifier: GPL-2.0-or-later
/* begun.h - what lets another worker go on with an install: kv lines, in the memory that outlives
 * the worker (`begun` of roster.h), and so nothing on disk.
 *
 *   token            of him who asked
 *   version key needs replaces part part.1 ...   what he asked for
 *   below.0 ...      ids of the layers that the build view shows, top first; the base is under them
 */
#pragma once

#include "fs/base/kv.h"

struct install;
struct layerset;
struct state;

/* The text, for the caller to free. Returns 0 or -errno. */
int begun_format(const struct install *install, char **ret);

/* Returns 0, -EBADMSG, -ENOMEM. */
int begun_parse(const char *text, struct kv *ret);
/* "" where it has none. */
const char *begun_get(const struct kv *kv, const char *key);

/* The layers below the install, as they were when it began. -ESTALE: one is gone. */
int begun_below(const struct state *state, const struct kv *kv, struct layerset **ret);
