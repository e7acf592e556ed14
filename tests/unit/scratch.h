// SPDX-License-Identifier: GPL-2.0-or-later
/* scratch.h - a folder of its own for a unit test, and files in it. */
#pragma once

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/io.h"

static char scratch_dir[] = "/tmp/xsysfs-unit.XXXXXX";

/* For cmocka_run_group_tests: the folder is the current one while the tests run. */
static inline int scratch_setup(void **state)
{
	(void)state;
	return mkdtemp(scratch_dir) && chdir(scratch_dir) == 0 ? 0 : -1;
}

static inline int scratch_teardown(void **state)
{
	(void)state;
	return chdir("/") == 0 && io_remove_tree(AT_FDCWD, scratch_dir) == 0 ? 0 : -1;
}

/* Write a file, with the folders above it. */
static inline void scratch_put(const char *path, const void *data, size_t len)
{
	char dir[512];
	char *slash;
	FILE *f;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash) {
		*slash = '\0';
		io_mkdir_p(AT_FDCWD, dir, 0755);
	}
	f = fopen(path, "w");
	if (!f || fwrite(data, 1, len, f) != len || fclose(f) != 0)
		abort();
}

static inline void scratch_text(const char *path, const char *text)
{
	scratch_put(path, text, strlen(text));
}
