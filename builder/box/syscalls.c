// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/box/syscalls.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fs/base/cleanup.h"

/* By name, since not all architectures have all. */
static const struct {
	const char *name;
	int error;
} refused[] = {
	/* keys, which no namespace parts */
	{ "add_key", EPERM },
	{ "keyctl", EPERM },
	{ "request_key", EPERM },
	/* namespaces, but for what `clone` and `unshare` do besides */
	{ "setns", EPERM },
	{ "clone3", ENOSYS }, /* its flags are in memory; the C library takes `clone` instead */
	/* mounts */
	{ "fsconfig", ENOSYS },
	{ "fsmount", ENOSYS },
	{ "fsopen", ENOSYS },
	{ "fspick", ENOSYS },
	{ "mount", EPERM },
	{ "mount_setattr", ENOSYS },
	{ "move_mount", ENOSYS },
	{ "open_tree", ENOSYS },
	{ "pivot_root", EPERM },
	{ "umount", EPERM },
	{ "umount2", EPERM },
	/* much code of the kernel for who means no good */
	{ "bpf", EPERM },
	{ "io_uring_enter", ENOSYS },
	{ "io_uring_register", ENOSYS },
	{ "io_uring_setup", ENOSYS },
	{ "perf_event_open", EPERM },
	{ "userfaultfd", EPERM },
	/* files by number, whatever the path to them is */
	{ "open_by_handle_at", EPERM },
};

static void cleanup_filter(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}

/* What this machine's kernel also runs. One that is there already, or is unknown, is no error. */
static void add_architectures(scmp_filter_ctx ctx)
{
	switch (seccomp_arch_native()) {
	case SCMP_ARCH_X86_64:
		seccomp_arch_add(ctx, SCMP_ARCH_X86);
		seccomp_arch_add(ctx, SCMP_ARCH_X32);
		break;
	case SCMP_ARCH_AARCH64:
		seccomp_arch_add(ctx, SCMP_ARCH_ARM);
		break;
	}
}

static int add_rules(scmp_filter_ctx ctx)
{
	const struct scmp_arg_cmp new_user =
		SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER);
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(refused) && r == 0; i++) {
		int number = seccomp_syscall_resolve_name(refused[i].name);

		if (number != __NR_SCMP_ERROR)
			r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(refused[i].error), number, 0);
	}
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(unshare), 1, new_user);
	return r == 0 ? seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1, new_user)
		      : r;
}

int syscalls_filter(void)
{
	cleanup(cleanup_filter) scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	autofd int fd = memfd_create("seccomp", MFD_CLOEXEC);
	int r;

	if (!ctx)
		return -ENOMEM;
	if (fd < 0)
		return -errno;
	/* an architecture that is not listed has no system calls */
	r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
	add_architectures(ctx);
	if (r == 0)
		r = add_rules(ctx);
	if (r == 0)
		r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return r;
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : take_fd(&fd);
}
