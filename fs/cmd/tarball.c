// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/cmd/tarball.h"

#include <archive.h>
#include <archive_entry.h>
#include <endian.h>
#include <errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"

struct tarball {
	struct archive *archive;
	struct archive_entry_linkresolver *links;
	struct archive_entry *entry; /* that has begun; or NULL */
	int64_t latest;		     /* no time is later; INT64_MAX: they all stay */
};

struct tarball *tarball_new(int fd)
{
	struct tarball *t = calloc(1, sizeof(*t));
	const char *epoch = getenv("SOURCE_DATE_EPOCH");

	if (!t)
		return NULL;
	t->latest = epoch && *epoch ? strtoll(epoch, NULL, 10) : INT64_MAX;
	t->archive = archive_write_new();
	t->links = archive_entry_linkresolver_new();
	if (t->archive && t->links &&
	    archive_write_set_format_pax_restricted(t->archive) == ARCHIVE_OK &&
	    archive_write_set_format_option(t->archive, "pax", "xattrheader", "SCHILY") ==
		    ARCHIVE_OK &&
	    archive_write_open_fd(t->archive, fd) == ARCHIVE_OK) {
		archive_entry_linkresolver_set_strategy(t->links, ARCHIVE_FORMAT_TAR);
		return t;
	}
	tarball_finish(t);
	return NULL;
}

static int error_of(const struct tarball *t)
{
	int e = archive_errno(t->archive);

	return e > 0 ? -e : -EIO;
}

static int write_contents(struct tarball *t, int fd, int64_t size)
{
	char buf[65536];
	off_t at = 0;

	while (at < size) {
		ssize_t n = pread(fd, buf, sizeof(buf), at);

		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO; /* shorter than its header says */
		if (n > size - at)
			n = size - at;
		if (archive_write_data(t->archive, buf, n) != n)
			return error_of(t);
		at += n;
	}
	return 0;
}

static void fill(const struct tarball *t, struct archive_entry *e, const char *path,
		 const struct stat *st, const char *target)
{
	int64_t when = st->st_mtim.tv_sec;

	archive_entry_copy_stat(e, st);
	archive_entry_copy_pathname(e, path);
	/* other names are the target's to know, by the numbers */
	if (st->st_uid == 0)
		archive_entry_copy_uname(e, "root");
	if (st->st_gid == 0)
		archive_entry_copy_gname(e, "root");
	archive_entry_unset_atime(e);
	archive_entry_unset_ctime(e);
	archive_entry_unset_birthtime(e);
	archive_entry_set_mtime(e, when > t->latest ? t->latest : when,
				when >= t->latest ? 0 : st->st_mtim.tv_nsec);
	if (target)
		archive_entry_copy_symlink(e, target);
}

int tarball_begin(struct tarball *t, const char *path, const struct stat *st, const char *target)
{
	t->entry = archive_entry_new();
	if (!t->entry)
		return -ENOMEM;
	fill(t, t->entry, path, st, target);
	return 0;
}

/* As acl(5) is kept in an attribute. What it says of owner, group and others goes into the entry's
 * mode, so that the group's own rights are not taken for the mask. */
static int add_acl(struct archive_entry *e, int type, const void *value, size_t size)
{
	static const struct {
		int ours, libarchive;
	} tags[] = {
		{ ACL_USER_OBJ, ARCHIVE_ENTRY_ACL_USER_OBJ },
		{ ACL_USER, ARCHIVE_ENTRY_ACL_USER },
		{ ACL_GROUP_OBJ, ARCHIVE_ENTRY_ACL_GROUP_OBJ },
		{ ACL_GROUP, ARCHIVE_ENTRY_ACL_GROUP },
		{ ACL_MASK, ARCHIVE_ENTRY_ACL_MASK },
		{ ACL_OTHER, ARCHIVE_ENTRY_ACL_OTHER },
	};
	const char *at = value, *end = at + size;
	struct posix_acl_xattr_entry one;

	for (at += sizeof(struct posix_acl_xattr_header); end - at >= (ssize_t)sizeof(one);
	     at += sizeof(one)) {
		memcpy(&one, at, sizeof(one));
		for (size_t i = 0; i < ARRAY_SIZE(tags); i++)
			if (le16toh(one.e_tag) == tags[i].ours &&
			    archive_entry_acl_add_entry(e, type, le16toh(one.e_perm),
							tags[i].libarchive, (int)le32toh(one.e_id),
							NULL) != ARCHIVE_OK)
				return -ENOMEM;
	}
	return 0;
}

int tarball_attribute(struct tarball *t, const char *name, const void *value, size_t size)
{
	if (strcmp(name, "system.posix_acl_access") == 0)
		return add_acl(t->entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, value, size);
	if (strcmp(name, "system.posix_acl_default") == 0)
		return add_acl(t->entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, value, size);
	archive_entry_xattr_add_entry(t->entry, name, value, size);
	return 0;
}

int tarball_add(struct tarball *t, int fd)
{
	struct archive_entry *spare = NULL;
	int r = 0;

	archive_entry_linkify(t->links, &t->entry, &spare);
	if (archive_write_header(t->archive, t->entry) < ARCHIVE_WARN)
		r = error_of(t);
	if (r == 0 && fd >= 0)
		r = write_contents(t, fd, archive_entry_size(t->entry));
	archive_entry_free(take_ptr(t->entry));
	return r;
}

int tarball_finish(struct tarball *t)
{
	int r = 0;

	if (t->archive && archive_write_close(t->archive) < ARCHIVE_WARN)
		r = error_of(t);
	if (t->archive)
		archive_write_free(t->archive);
	if (t->links)
		archive_entry_linkresolver_free(t->links);
	archive_entry_free(t->entry);
	free(t);
	return r;
}
