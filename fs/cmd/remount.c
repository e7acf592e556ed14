// SPDX-License-Identifier: GPL-2.0-or-later
/* remount.c - mount -o remount,ro: other flags for a mount that goes on (see mount(8)).
 *
 * It comes by two ways: `xsysfs mount -o remount,... MNT`, also by mount.xsysfs; and, since the
 * type of our mounts is fuse.xsysfs, by mount.fuse, which knows no commands: `xsysfs STATE MNT -o
 * ...`.
 */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/strv.h"
#include "fs/client/mounts.h"
#include "fs/cmd/cmd.h"

/* A word sets the flag, or clears it. */
static const struct {
	const char *word;
	unsigned long flag;
	bool set;
} flags[] = {
	{ "ro", MS_RDONLY, true },	 { "rw", MS_RDONLY, false },
	{ "nosuid", MS_NOSUID, true },	 { "suid", MS_NOSUID, false },
	{ "nodev", MS_NODEV, true },	 { "dev", MS_NODEV, false },
	{ "noexec", MS_NOEXEC, true },	 { "exec", MS_NOEXEC, false },
	{ "noatime", MS_NOATIME, true }, { "atime", MS_NOATIME, false },
};

/* What statvfs(3) calls the same flags. */
static unsigned long flags_of(const struct statvfs *st)
{
	static const struct {
		unsigned long st, flag;
	} same[] = {
		{ ST_RDONLY, MS_RDONLY },	  { ST_NOSUID, MS_NOSUID },
		{ ST_NODEV, MS_NODEV },		  { ST_NOEXEC, MS_NOEXEC },
		{ ST_NOATIME, MS_NOATIME },	  { ST_RELATIME, MS_RELATIME },
		{ ST_NODIRATIME, MS_NODIRATIME },
	};
	unsigned long ret = 0;

	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		if (st->f_flag & same[i].st)
			ret |= same[i].flag;
	return ret;
}

/* The last word decides. What is no flag stays as it was mounted, as the kernel has it with FUSE.
 */
static int change_flags(unsigned long *ret, const char *options)
{
	autostrv struct strv words = { 0 };
	int r = strv_split(&words, options, ",");

	for (size_t i = 0; r == 0 && i < words.n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(flags); k++)
			if (strcmp(words.v[i], flags[k].word) == 0)
				*ret = flags[k].set ? *ret | flags[k].flag : *ret & ~flags[k].flag;
	return r;
}

bool cmd_wants_remount(const char *options)
{
	autostrv struct strv words = { 0 };

	return options && strv_split(&words, options, ",") == 0 && strv_has(&words, "remount");
}

int cmd_remount(const char *given, const char *options)
{
	automounts struct mounts mounts = { 0 };
	autofree char *point = mounts_real_path(given);
	unsigned long now = 0;
	struct statvfs st;
	int r = mounts_read(&mounts);

	if (r == 0 && (!point || !mounts_state_of(&mounts, point))) {
		log_error("'%s' is no mount of xsysfs", given);
		return CMD_FAILED;
	}
	if (r == 0)
		r = statvfs(point, &st) < 0 ? -errno : 0;
	if (r == 0) {
		now = flags_of(&st);
		r = change_flags(&now, options);
	}
	if (r == 0 && mount(NULL, point, NULL, MS_REMOUNT | now, NULL) < 0)
		r = -errno;
	if (r == -EPERM)
		log_error("cannot remount '%s': only root may", given);
	else if (r < 0)
		log_errno(r, "cannot remount '%s'", given);
	return r < 0 ? CMD_FAILED : CMD_DONE;
}
