// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/recipe/patch.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/base/places.h"
#include "builder/base/proc.h"
#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/text.h"

#define SAID_MAX 65536

int patch_list(const struct searchpath *patches, const char *package, struct strv *ret)
{
	const char *dir = searchpath_find(patches, package, NULL);
	autofree char *path = dir ? places_join(dir, package) : NULL;
	autodir DIR *d = path ? opendir(path) : NULL;
	struct dirent *e;

	if (!dir)
		return 0;
	if (!path)
		return -ENOMEM;
	if (!d)
		return errno == ENOENT ? 0 : -errno;
	while ((e = readdir(d))) {
		size_t n = strlen(e->d_name);

		if (*e->d_name != '.' && n > 6 && strcmp(e->d_name + n - 6, ".patch") == 0 &&
		    strv_addf(ret, "%s/%s", path, e->d_name) < 0)
			return -ENOMEM;
	}
	strv_sort(ret);
	return 0;
}

int patch_folders(const char *patches, struct strv *ret)
{
	autodir DIR *d = opendir(patches);
	struct dirent *e;
	struct stat st;
	int r = d ? 0 : -errno;

	while (r == 0 && (e = readdir(d)))
		if (*e->d_name != '.' && fstatat(dirfd(d), e->d_name, &st, 0) == 0 &&
		    S_ISDIR(st.st_mode))
			r = strv_add(ret, e->d_name);
	strv_sort(ret);
	return r;
}

/* The first line of what patch(1) said that tells the trouble. */
static char *trouble(char *said)
{
	static const char *const signs[] = { "FAILED",	   "malformed", "can't find file",
					     "previously", "garbage",	"No such file" };
	char *line, *rest = said;

	while ((line = strsep(&rest, "\n")))
		for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
			if (strstr(line, signs[i]))
				return line;
	return "see the log";
}

int patch_apply(const char *patch, const char *src, int log, char **why)
{
	autofree char *input = NULL;
	autofree char *said = NULL;
	autofree char *full = realpath(patch, NULL);
	int status;

	if (!full)
		return why_errno(why, -errno, "cannot read '%s'", patch);
	input = text_of("--input=%s", full);
	if (!input)
		return why_errno(why, -ENOMEM, "%s", patch);
	/* an ed(1) script is taken for a patch, even so: no PATH leads to ed */
	char *const env[] = { "LC_ALL=C", "PATH=/dev/null", NULL };
	const char *argv[] = { "patch",
			       "-p1",
			       "--unified",
			       "--batch",
			       "--forward",
			       "--fuzz=0",
			       "--no-backup-if-mismatch",
			       "--reject-file=-",
			       input,
			       NULL };

	status = proc_read(&(struct proc){ .argv = argv, .env = env, .dir = src, .err = log },
			   SAID_MAX, &said);
	if (status < 0)
		return why_errno(why, status, "cannot run 'patch'%s",
				 status == -ENOENT ? " (install it)" : "");
	io_write_all(log, said, strlen(said));
	if (status != 0)
		return why_set(why, -EINVAL, "patch '%s' does not apply: %s", patch, trouble(said));
	return 0;
}
