// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/build/reuse.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/base/places.h"
#include "builder/base/proc.h"
#include "builder/build/package.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/kv.h"

#define META_MAX (1 << 20)

static bool is(const struct kv *meta, const char *key, const char *value)
{
	const char *have = kv_get(meta, key);

	return have && strcmp(have, value) == 0;
}

/* STATE/layers/ID/meta: lines of kv.h. */
static bool fits(int layers, const char *id, const char *package, const char *key)
{
	autokv struct kv meta = { 0 };
	autofree char *text = NULL;
	autofd int dir = io_open_dir(layers, id);
	size_t len = 0;

	return dir >= 0 && io_read_file(dir, "meta", META_MAX, &text, &len) == 0 &&
	       kv_parse(&meta, text, len, NULL) == 0 && is(&meta, "package", package) &&
	       is(&meta, "key", key);
}

int reuse_find(const struct package_ways *ways, const char *package, const char *key, char **layer)
{
	autofree char *path = places_join(ways->target->where.state, "layers");
	autodir DIR *d = path ? opendir(path) : NULL;
	size_t n = strlen(package);
	struct dirent *e;

	if (!d)
		return path && errno == ENOENT ? 0 : path ? -errno : -ENOMEM;
	while ((e = readdir(d)))
		if (strncmp(e->d_name, package, n) == 0 && e->d_name[n] == '-' &&
		    fits(dirfd(d), e->d_name, package, key)) {
			*layer = strdup(e->d_name);
			return *layer ? 1 : -ENOMEM;
		}
	return 0;
}

int reuse_take(const struct package_ways *ways, const char *layer)
{
	const char *argv[] = { ways->places->xsysfs,
			       "rollback",
			       "-C",
			       target_where(ways->target),
			       "--to",
			       layer,
			       NULL };
	int status = proc_run(&(struct proc){ .argv = argv });

	return status > 0 ? -EIO : status;
}
