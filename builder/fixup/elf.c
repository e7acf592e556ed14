// SPDX-License-Identifier: GPL-2.0-or-later
/* Programs, libraries and archives. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "builder/fixup/fixup.h"
#include "builder/fixup/words.h"
#include "fs/base/cleanup.h"
#include "fs/base/elf.h"
#include "fs/base/io.h"
#include "fs/base/log.h"
#include "fs/base/text.h"

static bool is_inside(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* As seen from the file, below `path`; the caller frees. */
static char *from_origin(const char *path, const char *folder)
{
	autofree char *way = fixup_relative(path, folder);

	return way ? text_of("$ORIGIN/%s", way) : NULL;
}

/* A folder of the sysroot is the Pi's of that name, where the loader does not look there anyway. */
static int keep_folder(const struct fixup *f, const char *path, const char *part, struct strv *kept)
{
	autofree char *origin = NULL;

	if (is_inside(part, f->work) || is_inside(part, f->toolchain))
		return 0;
	if (is_inside(part, f->sysroot)) {
		part += strlen(f->sysroot);
		if (!*part || words_is_searched(part, strlen(part)))
			return 0;
	}
	if (f->run_path && is_inside(part, f->prefix)) {
		origin = from_origin(path, part);
		if (!origin)
			return -ENOMEM;
		part = origin;
	}
	return strv_has(kept, part) ? 0 : strv_add(kept, part);
}

/* The search path without what is of the build; "" when nothing is left. */
static char *clean_rpath(const struct fixup *f, const char *path, const char *rpath)
{
	autostrv struct strv parts = { 0 }, kept = { 0 };

	if (strv_split(&parts, rpath, ":") < 0)
		return NULL;
	strv_foreach (part, &parts)
		if (keep_folder(f, path, *part, &kept) < 0)
			return NULL;
	if (f->run_path && keep_folder(f, path, f->run_path, &kept) < 0)
		return NULL;
	return strv_join(&kept, ":");
}

static bool names_build(const struct fixup *f, const char *rpath)
{
	return strstr(rpath, f->sysroot) || strstr(rpath, f->work) || strstr(rpath, f->toolchain);
}

static bool wants_rpath(const struct fixup *f, const struct elf_facts *facts)
{
	return (facts->rpath && names_build(f, facts->rpath)) || (f->run_path && facts->needed.n);
}

/* One of the old kind stays one: it counts for the libraries of libraries, too. */
static int fix_rpath(struct fixup *f, const char *path, const char *full,
		     const struct elf_facts *facts)
{
	autofree char *wanted = NULL, *what = NULL;
	const char *is = facts->rpath ? facts->rpath : "";
	int r;

	if (!f->on[FIXUP_RPATH] || !wants_rpath(f, facts))
		return 0;
	wanted = clean_rpath(f, path, is);
	if (!wanted || strcmp(wanted, is) == 0)
		return wanted ? 0 : log_errno(-ENOMEM, "%s", path);
	if (!*wanted)
		r = fixup_tool(f, (const char *[]){ "patchelf", "--remove-rpath", full, NULL });
	else if (facts->rpath_is_old)
		r = fixup_tool(f, (const char *[]){ "patchelf", "--force-rpath", "--set-rpath",
						    wanted, full, NULL });
	else
		r = fixup_tool(f,
			       (const char *[]){ "patchelf", "--set-rpath", wanted, full, NULL });
	if (r == 0 && (what = text_of("'%s' is '%s' now", is, wanted)))
		fixup_note(f, FIXUP_RPATH, path, what);
	return r;
}

/* ---- debugging information ---- */

/* Where gdb looks below its debug-file-directory: by build-id, .build-id/ab/cdef.debug, else by the
 * name that the program is given, in the folder of the program's own. */
static int name_debug(const struct fixup *f, const char *path, const struct elf_facts *facts,
		      char **dir, char **to)
{
	const char *slash = strrchr(path, '/');
	int folder = slash ? (int)(slash - path) : 0;

	if (facts->build_id)
		*dir = text_of("%s%s/lib/debug/.build-id/%.2s", f->sysroot, f->prefix,
			       facts->build_id);
	else
		*dir = text_of("%s%s/lib/debug/%.*s", f->sysroot, f->prefix, folder, path);
	if (*dir)
		*to = text_of("%s/%s.debug", *dir,
			      facts->build_id ? facts->build_id + 2
			      : slash	      ? slash + 1
					      : path);
	return *to ? 0 : log_errno(-ENOMEM, "%s", path);
}

static int split_debug(struct fixup *f, const char *path, const char *full,
		       const struct elf_facts *facts)
{
	autofree char *dir = NULL, *to = NULL, *what = NULL, *link = NULL;
	int r = name_debug(f, path, facts, &dir, &to);

	if (r < 0)
		return r;
	r = io_mkdir_p(AT_FDCWD, dir, 0755);
	if (r < 0)
		return log_errno(r, "cannot make '%s'", dir);
	r = fixup_tool(f, (const char *[]){ f->objcopy, "--only-keep-debug",
					    "--compress-debug-sections", full, to, NULL });
	if (r == 0)
		r = fixup_tool(f, (const char *[]){ f->strip, "-g", full, NULL });
	if (r == 0 && !facts->build_id && !(link = text_of("--add-gnu-debuglink=%s", to)))
		r = log_errno(-ENOMEM, "%s", path);
	if (r == 0 && link)
		r = fixup_tool(f, (const char *[]){ f->objcopy, link, full, NULL });
	if (r == 0 &&
	    (what = text_of("debugging information is in '%s' now", to + strlen(f->sysroot))))
		fixup_note(f, FIXUP_DEBUG, path, what);
	return r;
}

/* A board that does not compile with it gets none: what is there is of the toolchain's own objects.
 */
static int fix_debug(struct fixup *f, const char *path, const char *full,
		     const struct elf_facts *facts)
{
	int r;

	if (!f->on[FIXUP_DEBUG] || !facts->has_debug)
		return 0;
	if (f->keep_debug)
		return split_debug(f, path, full, facts);
	r = fixup_tool(f, (const char *[]){ f->strip, "-g", full, NULL });
	if (r == 0)
		fixup_note(f, FIXUP_DEBUG, path, "debugging information taken out");
	return r;
}

static int fix_linked(struct fixup *f, const char *path, const char *full,
		      const struct elf_facts *facts)
{
	int r;

	if (facts->has_more) {
		dprintf(f->log, "left alone: %s: it has data of its own at its end\n", path);
		return 0;
	}
	r = fix_rpath(f, path, full, facts);
	if (r == 0)
		r = fix_debug(f, path, full, facts);
	if (r < 0 || !f->on[FIXUP_STRIP] || !facts->has_symbols)
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

/* ---- what tools do not keep ---- */

/* Some of them write the file, some another in its place. */
struct kept {
	struct stat st;
	char capability[64];
	ssize_t n;
};

static int keep(const char *full, struct kept *k)
{
	k->n = lgetxattr(full, "security.capability", k->capability, sizeof(k->capability));
	if (k->n < 0 && errno != ENODATA && errno != EOPNOTSUPP)
		return -errno;
	return lstat(full, &k->st) < 0 ? -errno : 0;
}

static int give_back(const char *full, const struct kept *k)
{
	struct stat st;

	if (lstat(full, &st) < 0)
		return -errno;
	if ((st.st_uid != k->st.st_uid || st.st_gid != k->st.st_gid) &&
	    lchown(full, k->st.st_uid, k->st.st_gid) < 0)
		return -errno;
	if ((st.st_mode != k->st.st_mode || st.st_ctime != k->st.st_ctime) &&
	    chmod(full, k->st.st_mode & 07777) < 0)
		return -errno;
	if (k->n > 0 && lgetxattr(full, "security.capability", NULL, 0) < 0 &&
	    lsetxattr(full, "security.capability", k->capability, k->n, 0) < 0)
		return -errno;
	return 0;
}

int fixup_elf(struct fixup *f, const struct fixup_file *file)
{
	cleanup(elf_facts_release) struct elf_facts facts = { 0 };
	autofree char *full = fixup_path(f, file->path);
	struct kept kept;
	bool is_program;
	int r;

	if (!full)
		return log_errno(-ENOMEM, "%s", file->path);
	if (fixup_is_debug(file->path))
		return 0;
	r = elf_read(file->fd, &facts);
	if (r < 0)
		return log_errno(r, "%s", file->path);
	if (r > 0 ? !facts.is_linked : !f->on[FIXUP_ARCHIVES] || !elf_archive_is_dated(file->fd))
		return 0;
	is_program = r > 0;
	r = keep(full, &kept);
	if (r < 0)
		return log_errno(r, "cannot read '%s'", file->path);
	r = is_program ? fix_linked(f, file->path, full, &facts) : fix_archive(f, file->path, full);
	if (r < 0)
		return log_error("cannot mend '%s' (its rule may be switched off in [fix-ups])",
				 file->path);
	r = give_back(full, &kept);
	return r < 0 ? log_errno(r, "cannot give '%s' back its owner and mode", file->path) : 0;
}
