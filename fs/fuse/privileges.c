// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/fuse/privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fs/base/cleanup.h"

int privileges_drop(void)
{
	static const int kept[] = { CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER,   CAP_FSETID,
				    CAP_MKNOD, CAP_SETFCAP,	 CAP_SYS_ADMIN };
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct have[_LINUX_CAPABILITY_U32S_3],
		keep[ARRAY_SIZE(have)] = { 0 };

	/* after that no program, root's neither, has more than what is permitted here */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_capget, &head, have) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		keep[CAP_TO_INDEX(kept[i])].permitted |= CAP_TO_MASK(kept[i]);
	for (size_t i = 0; i < ARRAY_SIZE(keep); i++) {
		keep[i].permitted &= have[i].permitted;
		keep[i].effective = keep[i].permitted & have[i].effective;
	}
	return syscall(SYS_capset, &head, keep) < 0 ? -errno : 0;
}
