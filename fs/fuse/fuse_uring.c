// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/fuse/fuse_uring.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/fuse/ops.h"

/* Containers and the sysctl io_uring_disabled forbid it. */
static bool may_have_rings(void)
{
	char params[120] = ""; /* struct io_uring_params */
	int fd = syscall(SYS_io_uring_setup, 1, params);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

const char *fuse_uring_missing(void)
{
	autofd int fd = open("/sys/module/fuse/parameters/enable_uring", O_RDONLY | O_CLOEXEC);
	char value = 'N';

	if (!OPS_URING)
		return "this xsysfs was built on a libfuse before 3.18";
	if (fd < 0)
		return "the kernel has it from Linux 6.14 on";
	if (read(fd, &value, 1) != 1 || value != 'Y')
		return "the parameter enable_uring of the kernel's fuse is off";
	return may_have_rings() ? NULL : "io_uring is forbidden here";
}
