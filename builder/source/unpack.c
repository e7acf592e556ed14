// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/source/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/base/places.h"
#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/size.h"
#include "fs/base/text.h"

#define USUAL_BYTES   (4ULL << 30)
#define USUAL_ENTRIES 500000
#define BLOCK	      65536
#define DEPTH_MAX     200

struct unpack {
	const char *archive; /* for messages: its name without folders */
	const char *to;	     /* absolute, without symlinks */
	struct unpack_limits limits;
	uint64_t bytes, entries;
	int64_t newest;
	struct archive *in, *out;
	char *narrow; /* a link that stays inside only as long as nothing is taken off the top */
	char **why;
};

/* libarchive has no words for some damage. */
static const char *reason(struct archive *a)
{
	const char *words = archive_error_string(a);

	return words ? words : "it makes no sense";
}

static void cleanup_read(struct archive **a)
{
	if (*a)
		archive_read_free(*a);
}

static void cleanup_write(struct archive **a)
{
	if (*a)
		archive_write_free(*a);
}

/* Walk the parts of a path: how deep it ends, or -1 when it is absolute, has "..", or is too deep.
 */
static int depth_of(const char *name)
{
	int depth = 0;

	if (*name == '/')
		return -1;
	while (*name) {
		size_t n = strcspn(name, "/");

		if (n == 2 && strncmp(name, "..", 2) == 0)
			return -1;
		if (n > 0 && !(n == 1 && *name == '.') && ++depth > DEPTH_MAX)
			return -1;
		name += n;
		name += strspn(name, "/");
	}
	return depth;
}

/* Only leading ".." are followed: behind a name, which may be a link itself, nobody knows where
 * they lead. Parents of an entry are never links (libarchive sees to it), so their number is its
 * depth. */
_Bool unpack_link_stays(const char *name, const char *target)
{
	int up = 0, depth = depth_of(name);

	if (*target == '/' || !*target || depth < 1)
		return false;
	while (strncmp(target, "..", 2) == 0 && (target[2] == '/' || !target[2])) {
		up++;
		target += 2;
		target += strspn(target, "/");
	}
	return up <= depth - 1 && depth_of(target) >= 0;
}

static int refuse(struct unpack *u, const char *name, const char *reason)
{
	return why_set(u->why, -EBADMSG, "'%s' is refused: its entry '%.200s' %s", u->archive, name,
		       reason);
}

static int refuse_bytes(struct unpack *u, const char *name)
{
	autofree char *words = NULL;
	char size[SIZE_SAID];

	words = text_of("makes more bytes than are allowed: %s for all of an archive",
			size_said((double)u->limits.bytes, size));
	return words ? refuse(u, name, words) : -ENOMEM;
}

static int refuse_entries(struct unpack *u, const char *name)
{
	autofree char *words =
		text_of("is one too many: an archive may have %" PRIu64, u->limits.entries);

	return words ? refuse(u, name, words) : -ENOMEM;
}

static int cannot_write(struct unpack *u, const char *name)
{
	int error = archive_errno(u->out);

	if (error > 0)
		return why_errno(u->why, -error, "cannot write '%s' of '%s'", name, u->archive);
	return why_set(u->why, -EIO, "cannot write '%s' of '%s': %s", name, u->archive,
		       reason(u->out));
}

/* The name without its first folder; "" when there is nothing below it. */
static const char *below_top(const char *name)
{
	while (*name == '.' && (name[1] == '/' || !name[1]))
		name += 1 + strspn(name + 1, "/");
	name += strcspn(name, "/");
	return name + strspn(name, "/");
}

static int check_symlink(struct unpack *u, const char *name, const char *target)
{
	const char *below = below_top(name);

	if (!target || !unpack_link_stays(name, target))
		return refuse(u, name, "is a link that leads out");
	if (*below && !u->narrow && !unpack_link_stays(below, target)) {
		u->narrow = strdup(name);
		return u->narrow ? 0 : -ENOMEM;
	}
	return 0;
}

/* Of a file that is there. Another name of a symlink leads elsewhere when it lies less deep. */
static int check_hardlink(struct unpack *u, const char *name, const char *of)
{
	autofree char *path = places_join(u->to, of);
	autofree char *target = NULL;
	autofd int fd = -1;
	struct stat st;
	int r;

	if (!path)
		return -ENOMEM;
	if (depth_of(of) < 1)
		return refuse(u, name, "is a hard link that leads out");
	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISLNK(st.st_mode)))
		return refuse(u, name, "is a hard link to what is no file here");
	if (S_ISREG(st.st_mode))
		return 0;
	r = io_readlink(fd, &target);
	return r < 0 ? r : check_symlink(u, name, target);
}

static int check_entry(struct unpack *u, struct archive_entry *e, const char *name)
{
	const char *hardlink = archive_entry_hardlink(e);
	const char *symlink = archive_entry_symlink(e);
	mode_t type = archive_entry_filetype(e);
	int r = 0;

	if (depth_of(name) < 0)
		return refuse(u, name, "leads out of the folder, or is too deep");
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < ' ')
			return refuse(u, name, "has a control character in its name");
	if (hardlink)
		r = check_hardlink(u, name, hardlink);
	else if (type == AE_IFLNK)
		r = check_symlink(u, name, symlink);
	if (r < 0)
		return r;
	if (!hardlink && type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK)
		return refuse(u, name, "is no file, folder or link");
	if (archive_entry_size_is_set(e) &&
	    (uint64_t)archive_entry_size(e) > u->limits.bytes - u->bytes)
		return refuse_bytes(u, name);
	if (++u->entries > u->limits.entries)
		return refuse_entries(u, name);
	return 0;
}

static int copy_data(struct unpack *u, const char *name)
{
	for (;;) {
		const void *block;
		size_t size;
		int64_t offset;
		int r = archive_read_data_block(u->in, &block, &size, &offset);

		if (r == ARCHIVE_EOF)
			return 0;
		if (r < ARCHIVE_WARN)
			return why_set(u->why, -EBADMSG, "'%s' is damaged at '%s': %s", u->archive,
				       name, reason(u->in));
		u->bytes += size;
		if (u->bytes > u->limits.bytes ||
		    (uint64_t)offset > u->limits.bytes - (size < u->limits.bytes ? size : 0))
			return refuse_bytes(u, name);
		/* no space is a mere warning to libarchive, which goes on without the bytes */
		if (archive_write_data_block(u->out, block, size, offset) < ARCHIVE_OK)
			return cannot_write(u, name);
	}
}

static int set_names(struct unpack *u, struct archive_entry *e, const char *name)
{
	autofree char *full = places_join(u->to, name);
	const char *hardlink = archive_entry_hardlink(e);

	if (!full)
		return -ENOMEM;
	if (strlen(full) >= PATH_MAX)
		return refuse(u, name, "has too long a name");
	if (hardlink) {
		autofree char *link = places_join(u->to, hardlink);

		if (!link)
			return -ENOMEM;
		archive_entry_set_hardlink(e, link);
	}
	archive_entry_set_pathname(e, full);
	return 0;
}

static int unpack_entry(struct unpack *u, struct archive_entry *e)
{
	const char *raw = archive_entry_pathname(e);
	autofree char *name = raw ? strdup(raw) : NULL;
	int r;

	if (!name)
		return why_set(u->why, -EBADMSG, "'%s' has an entry without a name", u->archive);
	r = check_entry(u, e, name);
	if (r == 0 && depth_of(name) == 0)
		return 0; /* "./" itself */
	if (r == 0)
		r = set_names(u, e, name);
	if (r < 0)
		return r;
	/* the owner may read and write what is his; nobody gets set-id bits from an archive */
	if (archive_entry_filetype(e) != AE_IFLNK)
		archive_entry_set_perm(e,
				       (archive_entry_perm(e) & 0777 & ~022) | 0600 |
					       (archive_entry_filetype(e) == AE_IFDIR ? 0100 : 0));
	if (archive_entry_mtime(e) > u->newest)
		u->newest = archive_entry_mtime(e);
	if (archive_write_header(u->out, e) < ARCHIVE_WARN)
		return cannot_write(u, name);
	if (!archive_entry_hardlink(e) && archive_entry_filetype(e) == AE_IFREG)
		r = copy_data(u, name);
	if (r == 0 && archive_write_finish_entry(u->out) < ARCHIVE_WARN)
		return cannot_write(u, name);
	return r;
}

/* What libarchive understands by itself. For a format that it does not it starts a program, and so
 * it does for all others. */
static void support_filters(struct archive *in)
{
	static int (*const filters[])(struct archive *) = {
		archive_read_support_filter_bzip2, archive_read_support_filter_compress,
		archive_read_support_filter_gzip,  archive_read_support_filter_lz4,
		archive_read_support_filter_lzip,  archive_read_support_filter_lzma,
		archive_read_support_filter_xz,	   archive_read_support_filter_zstd,
	};

	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		cleanup(cleanup_read) struct archive *probe = archive_read_new();

		if (probe && filters[i](probe) == ARCHIVE_OK)
			filters[i](in);
	}
}

/* All that `in`, which is open, has. */
static int unpack_from(struct unpack *u, struct archive *in)
{
	cleanup(cleanup_write) struct archive *out = archive_write_disk_new();
	struct archive_entry *e;
	int r;

	if (!out)
		return -ENOMEM;
	u->in = in;
	u->out = out;
	archive_write_disk_set_options(
		out, ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_SECURE_SYMLINKS |
			     ARCHIVE_EXTRACT_SECURE_NODOTDOT | ARCHIVE_EXTRACT_UNLINK);
	while ((r = archive_read_next_header(in, &e)) == ARCHIVE_OK || r == ARCHIVE_WARN) {
		r = unpack_entry(u, e);
		if (r < 0)
			return r;
	}
	if (r != ARCHIVE_EOF)
		return why_set(u->why, -EBADMSG, "'%s' is damaged: %s", u->archive, reason(in));
	if (u->entries == 0)
		return why_set(u->why, -EBADMSG, "'%s' is empty", u->archive);
	/* times of folders are set here */
	if (archive_write_close(out) < ARCHIVE_WARN)
		return cannot_write(u, ".");
	return 0;
}

static int cannot_read(struct unpack *u, struct archive *in)
{
	return why_set(u->why, -EBADMSG, "cannot read '%s': %s", u->archive, reason(in));
}

static int unpack_all(struct unpack *u, const char *path)
{
	cleanup(cleanup_read) struct archive *in = archive_read_new();

	if (!in)
		return -ENOMEM;
	support_filters(in);
	archive_read_support_format_tar(in);
	archive_read_support_format_zip(in);
	if (archive_read_open_filename(in, path, BLOCK) != ARCHIVE_OK)
		return cannot_read(u, in);
	return unpack_from(u, in);
}

/* ---- Debian's packages: an ar with a tar of the files in it ---- */

struct deb {
	struct archive *ar;
	char block[BLOCK];
};

static la_ssize_t read_deb(struct archive *in, void *arg, const void **ret)
{
	struct deb *deb = arg;
	la_ssize_t n = archive_read_data(deb->ar, deb->block, BLOCK);

	if (n < 0)
		archive_set_error(in, EIO, "%s", reason(deb->ar));
	*ret = deb->block;
	return n < 0 ? ARCHIVE_FATAL : n;
}

static int find_data(struct unpack *u, struct archive *ar)
{
	struct archive_entry *e;
	int r;

	while ((r = archive_read_next_header(ar, &e)) == ARCHIVE_OK || r == ARCHIVE_WARN) {
		const char *name = archive_entry_pathname(e);

		if (name && strncmp(name, "data.tar", 8) == 0)
			return 0;
	}
	return r == ARCHIVE_EOF
		       ? why_set(u->why, -EBADMSG, "'%s' is no package of Debian's", u->archive)
		       : cannot_read(u, ar);
}

static int unpack_data(struct unpack *u, const char *path)
{
	cleanup(cleanup_read) struct archive *ar = archive_read_new();
	cleanup(cleanup_read) struct archive *in = archive_read_new();
	autofree struct deb *deb = malloc(sizeof(*deb));
	int r;

	if (!ar || !in || !deb)
		return -ENOMEM;
	deb->ar = ar;
	archive_read_support_format_ar(ar);
	if (archive_read_open_filename(ar, path, BLOCK) != ARCHIVE_OK)
		return cannot_read(u, ar);
	r = find_data(u, ar);
	if (r < 0)
		return r;
	support_filters(in);
	archive_read_support_format_tar(in);
	if (archive_read_open(in, deb, NULL, read_deb, NULL) != ARCHIVE_OK)
		return cannot_read(u, in);
	return unpack_from(u, in);
}

/* ---- both ---- */

/* libarchive makes names of a zip from what letters the locale has. */
static int unpack_any_letters(struct unpack *u, const char *path,
			      int (*all_of)(struct unpack *, const char *))
{
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
	int r = all_of(u, path);

	if (utf8) {
		uselocale(before);
		freelocale(utf8);
	}
	return r;
}

/* The name of the only entry of a folder if that is a folder; NULL else. */
static char *only_dir(const char *path)
{
	autodir DIR *d = opendir(path);
	autofree char *name = NULL;
	struct dirent *e;
	struct stat st;

	while (d && (e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (name)
			return NULL;
		name = strdup(e->d_name);
	}
	if (!name || fstatat(dirfd(d), name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return NULL;
	return take_ptr(name);
}

static struct unpack begin(const char *archive, const struct unpack_limits *limits, char **why)
{
	const char *slash = strrchr(archive, '/');
	struct unpack u = { .archive = slash ? slash + 1 : archive, .why = why };

	if (limits)
		u.limits = *limits;
	if (!u.limits.bytes)
		u.limits.bytes = USUAL_BYTES;
	if (!u.limits.entries)
		u.limits.entries = USUAL_ENTRIES;
	return u;
}

int unpack_archive(const char *archive, const char *dir, const struct unpack_limits *limits,
		   int64_t *newest, char **why)
{
	autofree char *aside = NULL;
	autofree char *real = NULL;
	autofree char *top = NULL;
	autofree char *content = NULL;
	struct unpack u = begin(archive, limits, why);
	int r;

	if (access(dir, F_OK) == 0)
		return why_errno(why, -EEXIST, "cannot unpack into '%s'", dir);
	aside = text_of("%s.unpacking", dir);
	if (!aside)
		return why_errno(why, -ENOMEM, "%s", dir);
	r = io_remove_tree(AT_FDCWD, aside); /* of somebody who was killed */
	if (r == 0)
		r = io_mkdir_p(AT_FDCWD, aside, 0755);
	if (r < 0)
		return why_errno(why, r, "cannot make '%s'", aside);
	u.to = real = realpath(aside, NULL);
	r = real ? unpack_any_letters(&u, archive, unpack_all)
		 : why_errno(why, -errno, "%s", aside);
	if (r == -ENOMEM)
		why_errno(why, r, "%s", u.archive);
	top = r == 0 ? only_dir(aside) : NULL;
	content = places_join(aside, top ? top : ".");
	if (top && u.narrow)
		r = refuse(&u, u.narrow, "is a link that leads out");
	if (r == 0 && rename(top ? content : aside, dir) < 0)
		r = why_errno(why, -errno, "cannot rename to '%s'", dir);
	io_remove_tree(AT_FDCWD, aside);
	free(u.narrow);
	if (r == 0 && newest)
		*newest = u.newest;
	return r;
}

int unpack_deb(const char *deb, const char *dir, const struct unpack_limits *limits, char **why)
{
	struct unpack u = begin(deb, limits, why);
	autofree char *real = realpath(dir, NULL);
	int r;

	u.to = real;
	r = real ? unpack_any_letters(&u, deb, unpack_data)
		 : why_errno(why, -errno, "cannot unpack into '%s'", dir);
	if (r == -ENOMEM)
		why_errno(why, r, "%s", u.archive);
	free(u.narrow);
	return r;
}
