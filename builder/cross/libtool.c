// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/cross/libtool.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/strv.h"

#define SCRIPT_MAX (4 << 20)
#define DEEPEST	   5 /* of folders with a configure of their own */

static const char is[] = "\nlink_all_deplibs=no\n", wanted[] = "\nlink_all_deplibs=unknown";

static void cleanup_fts(FTS **f)
{
	if (*f)
		fts_close(*f);
}

static int mend(const char *path, int log)
{
	autostrv struct strv parts = { 0 };
	autofree char *text = NULL, *whole = NULL;
	autofd int fd = -1;
	const char *rest, *at;
	int r = io_read_file(AT_FDCWD, path, SCRIPT_MAX, &text, NULL);

	if (r < 0 || !strstr(text, is))
		return r == -EFBIG ? 0 : r;
	/* the line break at the end may be the one at the next one's head */
	for (rest = text; r == 0 && (at = strstr(rest, is)); rest = at + sizeof(is) - 2)
		r = strv_addn(&parts, rest, at - rest);
	if (r == 0)
		r = strv_add(&parts, rest);
	whole = r == 0 ? strv_join(&parts, wanted) : NULL;
	if (!whole)
		return -ENOMEM;
	fd = open(path, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	dprintf(log, "xsysfs: '%s' links with all that a library needs, as upstream's does\n",
		path);
	return io_write_all(fd, whole, strlen(whole));
}

int libtool_mend(const char *dir, int log)
{
	char *const roots[] = { (char *)dir, NULL };
	cleanup(cleanup_fts) FTS *f = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	FTSENT *e;
	int r = f ? 0 : -errno;

	while (r == 0 && f && (e = fts_read(f))) {
		if (e->fts_info == FTS_D && e->fts_level > DEEPEST)
			fts_set(f, e, FTS_SKIP);
		if (e->fts_info == FTS_F && strcmp(e->fts_name, "libtool") == 0)
			r = mend(e->fts_path, log);
	}
	return r;
}
