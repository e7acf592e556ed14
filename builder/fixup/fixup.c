// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/fixup/fixup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/base/places.h"
#include "builder/base/proc.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"
#include "fs/base/tame.h"
#include "fs/base/text.h"

void fixup_note(struct fixup *f, enum fixup_rule rule, const char *path, const char *what)
{
	autofree char *line = NULL;

	f->done[rule]++;
	line = text_of("%s: %s: %s", fixup_rule_names[rule], path, what);
	if (!line)
		return;
	tame(line); /* a name with a line break would be a line of its own */
	dprintf(f->log, "%s\n", line);
}

bool fixup_is_debug(const char *path)
{
	return strstr(path, "/lib/debug/") && fnmatch("*.debug", path, 0) == 0;
}

char *fixup_path(const struct fixup *f, const char *path)
{
	return places_join(f->sysroot, path);
}

int fixup_tool(struct fixup *f, const char *const *argv)
{
	autostrv struct strv all = { 0 };
	autofree char *words = NULL;
	autofree char *line = NULL;
	int status = proc_run(&(struct proc){ .argv = argv, .out = f->log, .err = f->log });

	if (status == 0)
		return 0;
	if (status < 0)
		return log_errno(status, "cannot run '%s' for a fix-up", argv[0]);
	for (size_t i = 0; argv[i]; i++)
		if (strv_add(&all, argv[i]) < 0)
			return log_errno(-ENOMEM, "%s", argv[0]);
	line = strv_join(&all, " ");
	words = proc_words(status);
	log_error("%s %s: fix-up: '%s' failed: %s", f->package, f->version, line ? line : argv[0],
		  words ? words : "");
	return -EIO;
}

/* ---- what is simply taken away ---- */

/* A .pyc that is checked by its source's time (PEP 552: no flags) is another one each time. */
static bool is_dated_pyc(const struct fixup_file *file)
{
	unsigned char head[8];

	return file->fd >= 0 && fnmatch("*.pyc", file->path, 0) == 0 &&
	       pread(file->fd, head, sizeof(head), 0) == sizeof(head) && !(head[4] & 1);
}

static bool is_cache(const struct fixup_file *file)
{
	static const char *const patterns[] = { "*/icon-theme.cache", "*/mimeinfo.cache",
						"etc/ld.so.cache", "*/fonts.cache-*" };

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		if (fnmatch(patterns[i], file->path, 0) == 0)
			return true;
	return is_dated_pyc(file);
}

static int take_away(struct fixup *f, enum fixup_rule rule, const struct fixup_file *file)
{
	autofree char *path = fixup_path(f, file->path);

	if (!path || unlink(path) < 0)
		return log_errno(path ? -errno : -ENOMEM, "cannot remove '%s'", file->path);
	fixup_note(f, rule, file->path, "removed");
	return 1;
}

/* "# libz.la - a libtool library file"; what else may be called so has no such line. */
static bool is_libtools(const struct fixup_file *file)
{
	char head[512];
	ssize_t n = file->fd < 0 ? 0 : pread(file->fd, head, sizeof(head), 0);

	return fnmatch("*.la", file->path, 0) == 0 && n > 0 && memmem(head, n, "libtool", 7);
}

static int fix_unwanted(struct fixup *f, const struct fixup_file *file)
{
	if (f->on[FIXUP_LA] && is_libtools(file))
		return take_away(f, FIXUP_LA, file);
	if (f->on[FIXUP_INFO_DIR] && fnmatch("*share/info/dir", file->path, 0) == 0)
		return take_away(f, FIXUP_INFO_DIR, file);
	if (f->on[FIXUP_CACHES] && is_cache(file))
		return take_away(f, FIXUP_CACHES, file);
	return 0;
}

/* ---- links ---- */

char *fixup_relative(const char *link, const char *target)
{
	autostrv struct strv parts = { 0 };
	const char *slash;
	size_t same = 0;

	target += strspn(target, "/");
	for (size_t i = 0; link[i] && link[i] == target[i]; i++)
		if (link[i] == '/')
			same = i + 1;
	for (slash = strchr(link + same, '/'); slash; slash = strchr(slash + 1, '/'))
		if (strv_add(&parts, "..") < 0)
			return NULL;
	if (strv_add(&parts, target[same] ? target + same : ".") < 0)
		return NULL;
	return strv_join(&parts, "/");
}

static int fix_symlink(struct fixup *f, const struct fixup_file *file)
{
	size_t n = strlen(f->sysroot);
	autofree char *path = fixup_path(f, file->path);
	autofree char *target = NULL;
	autofree char *what = NULL;

	if (!f->on[FIXUP_SYMLINKS] || strncmp(file->link, f->sysroot, n) != 0 ||
	    (file->link[n] && file->link[n] != '/'))
		return 0;
	target = fixup_relative(file->path, file->link + n);
	if (!path || !target || !(what = text_of("'%s' is '%s' now", file->link, target)))
		return log_errno(-ENOMEM, "%s", file->path);
	if (unlink(path) < 0 || symlink(target, path) < 0)
		return log_errno(-errno, "cannot mend the link '%s'", file->path);
	fixup_note(f, FIXUP_SYMLINKS, file->path, what);
	return 0;
}

/* ---- the walk ---- */

static int fix(struct fixup *f, const struct fixup_file *file)
{
	int r = fix_unwanted(f, file);

	if (r != 0)
		return r < 0 ? r : 0;
	if (file->link)
		return fix_symlink(f, file);
	r = fixup_is_foreign(f, file) ? 0 : fixup_elf(f, file);
	return r == 0 ? fixup_text(f, file) : r;
}

/* Who is not root cannot mend what was installed read-only, and so were many libraries. */
static int fix_read_only(struct fixup *f, const struct fixup_file *file, mode_t mode)
{
	autofree char *full = fixup_path(f, file->path);
	int r;

	if (!full || chmod(full, mode | S_IWUSR) < 0)
		return log_errno(full ? -errno : -ENOMEM, "cannot change '%s'", file->path);
	r = fix(f, file);
	if (chmod(full, mode) < 0 && errno != ENOENT && r == 0)
		return log_errno(-errno, "cannot change '%s'", file->path);
	return r;
}

/* Whoever runs it on the board is somebody else then: nobody is to find that out later. */
static void report_set_id(struct fixup *f, const char *path, mode_t mode)
{
	const char *what = fixup_set_id(mode);

	if (!what || !f->on[FIXUP_SET_ID])
		return;
	fixup_note(f, FIXUP_SET_ID, path, what);
	log_warn("%s %s: '/%s' is %s, and staged so ('set-id = no' in [fix-ups] says that it is "
		 "meant)",
		 f->package, f->version, path, what);
}

static int fix_entry(struct fixup *f, int dir, const char *name, const char *path)
{
	struct fixup_file file = { .path = path, .fd = -1 };
	autofree char *link = NULL;
	autofd int fd = -1;
	struct stat st;
	int r;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : log_errno(-errno, "cannot read '%s'", path);
	if (S_ISLNK(st.st_mode)) {
		fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		r = fd < 0 ? -errno : io_readlink(fd, &link);
		file.link = link;
	} else if (S_ISREG(st.st_mode)) {
		file.fd = fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		r = fd < 0 ? -errno : 0;
		report_set_id(f, path, st.st_mode);
	} else {
		return 0;
	}
	if (r < 0)
		return log_errno(r, "cannot read '%s'", path);
	if (file.fd >= 0 && !(st.st_mode & S_IWUSR) && geteuid() != 0)
		return fix_read_only(f, &file, st.st_mode & 07777);
	return fix(f, &file);
}

static int list(int dir, struct strv *names)
{
	autodir DIR *d = fdopendir(dup(dir));
	struct dirent *e;
	int r = d ? 0 : -errno;

	while (r == 0 && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			r = strv_add(names, e->d_name);
	strv_sort(names);
	return r;
}

static int walk(struct fixup *f, int dir, const char *path);

/* The file or folder `name`; the other kind is for another time. */
static int walk_one(struct fixup *f, int dir, const char *path, const char *name, bool folders)
{
	autofree char *below = *path ? places_join(path, name) : strdup(name);
	autofd int sub = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (!below)
		return log_errno(-ENOMEM, "%s", path);
	if (folders != (sub >= 0))
		return 0;
	return folders ? walk(f, sub, below) : fix_entry(f, dir, name, below);
}

/* The names of a folder are read before any of them is mended. Its files come before its folders:
 * what is in __pycache__ goes when its source is mended. */
static int walk(struct fixup *f, int dir, const char *path)
{
	autostrv struct strv names = { 0 };
	int r = list(dir, &names);

	if (r < 0)
		return log_errno(r, "cannot read '%s'", path);
	for (int folders = 0; folders < 2; folders++)
		strv_foreach (name, &names) {
			r = walk_one(f, dir, path, *name, folders);
			if (r < 0)
				return r;
		}
	return 0;
}

static void say_what_was_done(const struct fixup *f)
{
	autostrv struct strv words = { 0 };
	autofree char *text = NULL;

	for (int i = 0; i < FIXUP_COUNT; i++)
		if (f->done[i])
			strv_addf(&words, "%s %u", fixup_rule_names[i], f->done[i]);
	text = strv_join(&words, ", ");
	if (text && *text)
		log_note("%s %s: fix-ups: %s", f->package, f->version, text);
}

int fixup_run(struct fixup *f, const char *package, const char *version)
{
	autofd int dir = open(f->written, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	f->package = package;
	f->version = version;
	r = dir < 0 ? log_errno(-errno, "cannot read what was installed, '%s'", f->written)
		    : walk(f, dir, "");

	say_what_was_done(f);
	if (f->foreign > FOREIGN_SHOWN)
		log_error("%s %s: and %zu more", package, version, f->foreign - FOREIGN_SHOWN);
	return r == 0 && f->foreign ? -ENOEXEC : r;
}
