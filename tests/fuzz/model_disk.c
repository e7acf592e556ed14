// SPDX-License-Identifier: GPL-2.0-or-later
/* model_disk.c - what is on disk at the start. */
#include "tests/fuzz/model.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/store/meta.h"
#include "tests/fuzz/fuzz.h"

static char *some_path(struct choices *c, const char *layer)
{
	unsigned depth = 1 + choose(c, 3);
	char *path = strdup(layer);

	while (depth--) {
		char *longer = NULL;

		if (asprintf(&longer, "%s/%s", path, model_names[choose(c, MODEL_NAMES)]) < 0)
			fuzz_fail("no memory");
		free(path);
		path = longer;
	}
	return path;
}

static void put_file(struct choices *c, const char *path)
{
	static const mode_t modes[] = { 0644, 0755, 0444, 0600, 04755, 02755, 01644, 0 };
	unsigned size = choose(c, 4) == 0 ? choose(c, 256) * 97 : strlen(path);
	autofree char *data = calloc(1, size + strlen(path) + 1);
	mode_t mode = modes[choose(c, ARRAY_SIZE(modes))];
	struct stat st;

	strcpy(data, path);
	if (lstat(path, &st) == 0)
		return;
	fuzz_put(path, data, size);
	chmod(path, mode);
}

/* One thing in a layer; what does not fit to what is there already is not made. */
static void put_entry(struct choices *c, const char *layer)
{
	autofree char *path = some_path(c, layer);
	autofree char *other = NULL;

	fuzz_parent(path);
	switch (choose(c, 11)) {
	case 0:
	case 1:
		fuzz_dirs(path);
		break;
	case 2:
		symlink(model_names[choose(c, MODEL_NAMES)], path);
		break;
	case 3:
	case 4:
		other = some_path(c, layer);
		link(other, path);
		break;
	case 5:
		mknod(path, S_IFCHR, makedev(0, 0));
		break;
	case 6:
		fuzz_dirs(path);
		setxattr(path, "user.overlay.opaque", "y", 1, 0);
		break;
	case 7:
		mknod(path, choose(c, 2) ? S_IFIFO | 0640 : S_IFSOCK | 0755, 0);
		break;
	case 8:
		put_file(c, path);
		lsetxattr(path, "user.t", "below", 5, 0);
		break;
	default:
		put_file(c, path);
	}
}

/* A file of several names, as far as there is room for them. */
static void put_group(struct choices *c, const char *layer)
{
	autofree char *path = some_path(c, layer);
	unsigned n = 1 + choose(c, 3);

	fuzz_parent(path);
	put_file(c, path);
	while (n--) {
		autofree char *other = some_path(c, layer);

		fuzz_parent(other);
		link(path, other);
	}
}

static void put_layer(struct choices *c, const char *path, bool deep)
{
	unsigned n = choose(c, 16), groups = deep ? choose(c, 3) : 0;

	fuzz_dirs(path);
	while (groups--)
		put_group(c, path);
	while (n--)
		put_entry(c, path);
}

static void put_meta(const char *package, const char *needs)
{
	struct meta *meta = meta_new(package, "1", "");
	autofree char *path = NULL;
	autofd int fd = -1;

	if (asprintf(&path, "state/layers/%s-1-x", package) < 0)
		fuzz_fail("no memory");
	fd = open(path, O_RDONLY | O_DIRECTORY);
	if (meta_add_names(&meta->needs, needs) < 0 || meta_write(fd, meta) < 0)
		fuzz_fail("no meta");
	meta_free(meta);
}

void model_put_state(struct choices *c, bool deep)
{
	static const char *const packages[] = { "p1", "p2", "p3" };
	unsigned n = deep ? 1 + choose(c, 3) : choose(c, 4);
	autofree char *stack = strdup("xsysfs-stack 1\n");

	put_layer(c, "base", deep);
	fuzz_text("state/version", "1\n");
	for (unsigned i = 0; i < n; i++) {
		autofree char *root = NULL;
		char *longer = NULL;

		if (asprintf(&root, "state/layers/%s-1-x/root", packages[i]) < 0 ||
		    asprintf(&longer, "%s%s-1-x\n", stack, packages[i]) < 0)
			fuzz_fail("no memory");
		put_layer(c, root, deep);
		put_meta(packages[i], i && choose(c, 2) ? packages[i - 1] : "");
		free(stack);
		stack = longer;
	}
	fuzz_text("state/stack", stack);
	if (choose(c, 2))
		put_layer(c, "state/layers/local/root", deep);
}
