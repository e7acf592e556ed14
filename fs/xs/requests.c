// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/xs/requests.h"

#include <linux/fuse.h>
#include <stddef.h>

#include "fs/base/cleanup.h"

static const char *const names[] = {
	[FUSE_LOOKUP] = "lookup",
	[FUSE_FORGET] = "forget",
	[FUSE_GETATTR] = "getattr",
	[FUSE_SETATTR] = "setattr",
	[FUSE_READLINK] = "readlink",
	[FUSE_SYMLINK] = "symlink",
	[FUSE_MKNOD] = "mknod",
	[FUSE_MKDIR] = "mkdir",
	[FUSE_UNLINK] = "unlink",
	[FUSE_RMDIR] = "rmdir",
	[FUSE_RENAME] = "rename",
	[FUSE_LINK] = "link",
	[FUSE_OPEN] = "open",
	[FUSE_READ] = "read",
	[FUSE_WRITE] = "write",
	[FUSE_STATFS] = "statfs",
	[FUSE_RELEASE] = "release",
	[FUSE_FSYNC] = "fsync",
	[FUSE_SETXATTR] = "setxattr",
	[FUSE_GETXATTR] = "getxattr",
	[FUSE_LISTXATTR] = "listxattr",
	[FUSE_REMOVEXATTR] = "removexattr",
	[FUSE_FLUSH] = "flush",
	[FUSE_INIT] = "init",
	[FUSE_OPENDIR] = "opendir",
	[FUSE_READDIR] = "readdir",
	[FUSE_RELEASEDIR] = "releasedir",
	[FUSE_FSYNCDIR] = "fsyncdir",
	[FUSE_GETLK] = "getlk",
	[FUSE_SETLK] = "setlk",
	[FUSE_SETLKW] = "setlkw",
	[FUSE_ACCESS] = "access",
	[FUSE_CREATE] = "create",
	[FUSE_INTERRUPT] = "interrupt",
	[FUSE_BMAP] = "bmap",
	[FUSE_DESTROY] = "destroy",
	[FUSE_IOCTL] = "ioctl",
	[FUSE_POLL] = "poll",
	[FUSE_NOTIFY_REPLY] = "notify_reply",
	[FUSE_BATCH_FORGET] = "batch_forget",
	[FUSE_FALLOCATE] = "fallocate",
	[FUSE_READDIRPLUS] = "readdirplus",
	[FUSE_RENAME2] = "rename2",
	[FUSE_LSEEK] = "lseek",
	[FUSE_COPY_FILE_RANGE] = "copy_file_range",
	/* which the kernel headers of Debian 12 do not all name */
	[48] = "setupmapping",
	[49] = "removemapping",
	[50] = "syncfs",
	[51] = "tmpfile",
	[52] = "statx",
	[53] = "copy_file_range_64",
};

static unsigned slot(unsigned opcode)
{
	return opcode < REQUESTS_KINDS ? opcode : REQUESTS_KINDS - 1;
}

void requests_count(struct requests *requests, unsigned opcode)
{
	__atomic_fetch_add(&requests->n[slot(opcode)], 1, __ATOMIC_RELAXED);
}

uint64_t requests_get(const struct requests *requests, unsigned opcode)
{
	return __atomic_load_n(&requests->n[slot(opcode)], __ATOMIC_RELAXED);
}

const char *requests_name(unsigned opcode)
{
	const char *name = opcode < ARRAY_SIZE(names) ? names[opcode] : NULL;

	return name ? name : "other";
}
