// SPDX-License-Identifier: GPL-2.0-or-later
/* begun.h - the file that lets another worker go on with an install: STATE/pending/P/begun, kv
 * lines.
 *
 *   token            of him who asked
 *   version key needs replaces   what he asked for
 *   below.0 ...      ids of the layers that the build view shows, top first; the base is under them
 */
#pragma once

#include "fs/base/kv.h"

struct install;
struct layerset;
struct state;

#define BEGUN_FILE "begun"

/* Not synced: after a power cut nobody goes on. Returns 0 or -errno. */
int begun_write(int dir, const struct install *install);

/* Returns 0, -ENOENT, -EBADMSG, -errno. */
int begun_read(int dir, struct kv *ret);
/* "" where it has none. */
const char *begun_get(const struct kv *kv, const char *key);

/* The layers below the install, as they were when it began. -ESTALE: one is gone. */
int begun_below(const struct state *state, const struct kv *kv, struct layerset **ret);
