// SPDX-License-Identifier: GPL-2.0-or-later
/* Programs, libraries and archives. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/elf.h"
#include "builder/fixup.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"

static bool is_inside(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* The search path without what is of the build; "" when nothing is left. */
static char *clean_rpath(const struct fixup *f, const char *rpath)
{
	autostrv struct strv parts = { 0 }, kept = { 0 };

	if (strv_split(&parts, rpath, ":") < 0)
		return NULL;
	strv_foreach (part, &parts)
		if (!is_inside(*part, f->sysroot) && !is_inside(*part, f->work) &&
		    !is_inside(*part, f->toolchain) && strv_add(&kept, *part) < 0)
			return NULL;
	return strv_join(&kept, ":");
}

static int fix_rpath(struct fixup *f, const char *path, const char *full,
		     const struct elf_facts *facts)
{
	autofree char *wanted = facts->rpath ? clean_rpath(f, facts->rpath) : NULL;
	autofree char *what = NULL;
	int r;

	if (!f->on[FIXUP_RPATH] || !wanted || strcmp(wanted, facts->rpath) == 0)
		return 0;
	if (*wanted)
		r = fixup_tool(f,
			       (const char *[]){ "patchelf", "--set-rpath", wanted, full, NULL });
	else
		r = fixup_tool(f, (const char *[]){ "patchelf", "--remove-rpath", full, NULL });
	if (r == 0 && asprintf(&what, "'%s' is '%s' now", facts->rpath, wanted) >= 0)
		fixup_note(f, FIXUP_RPATH, path, what);
	return r;
}

/* PREFIX/lib/debug/.build-id/ab/cdef.debug, where gdb looks for it below its debug-file-directory.
 */
static int split_debug(struct fixup *f, const char *path, const char *full,
		       const struct elf_facts *facts)
{
	autofree char *dir = NULL, *to = NULL, *what = NULL;
	int r;

	if (asprintf(&dir, "%s%s/lib/debug/.build-id/%.2s", f->sysroot, f->prefix,
		     facts->build_id) < 0 ||
	    asprintf(&to, "%s/%s.debug", dir, facts->build_id + 2) < 0)
		return log_errno(-ENOMEM, "%s", path);
	r = io_mkdir_p(AT_FDCWD, dir, 0755);
	if (r < 0)
		return log_errno(r, "cannot make '%s'", dir);
	r = fixup_tool(f, (const char *[]){ f->objcopy, "--only-keep-debug",
					    "--compress-debug-sections", full, to, NULL });
	if (r == 0)
		r = fixup_tool(f, (const char *[]){ f->strip, "-g", full, NULL });
	if (r == 0 &&
	    asprintf(&what, "debugging information is in '%s' now", to + strlen(f->sysroot)) >= 0)
		fixup_note(f, FIXUP_DEBUG, path, what);
	return r;
}

static int fix_linked(struct fixup *f, const char *path, const char *full,
		      const struct elf_facts *facts)
{
	int r = fix_rpath(f, path, full, facts);

	if (r == 0 && f->on[FIXUP_DEBUG] && facts->has_debug && facts->build_id)
		r = split_debug(f, path, full, facts);
	if (r < 0 || !f->on[FIXUP_STRIP])
		return r;
	r = fixup_tool(f, (const char *[]){ f->strip, "--strip-unneeded", full, NULL });
	if (r == 0)
		fixup_note(f, FIXUP_STRIP, path, "stripped");
	return r;
}

static int fix_archive(struct fixup *f, const char *path, const char *full)
{
	int r = fixup_tool(
		f, (const char *[]){ f->objcopy, "--enable-deterministic-archives", full, NULL });

	if (r == 0)
		fixup_note(f, FIXUP_ARCHIVES, path, "times and owners of members taken out");
	return r;
}

static bool is_debug_file(const char *path)
{
	return strstr(path, "/debug/.build-id/");
}

int fixup_elf(struct fixup *f, const struct fixup_file *file)
{
	cleanup(elf_facts_release) struct elf_facts facts = { 0 };
	autofree char *full = fixup_path(f, file->path);
	int r;

	if (!full)
		return log_errno(-ENOMEM, "%s", file->path);
	if (is_debug_file(file->path))
		return 0;
	r = elf_read(file->fd, &facts);
	if (r < 0)
		return log_errno(r, "%s", file->path);
	if (r > 0)
		return facts.is_linked ? fix_linked(f, file->path, full, &facts) : 0;
	return f->on[FIXUP_ARCHIVES] && elf_archive_is_dated(file->fd)
		       ? fix_archive(f, file->path, full)
		       : 0;
}
