// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/cmd/owners.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/text.h"
#include "fs/view/view.h"

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define ARCH AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#endif

/* A signal that interrupts a trapped call would have it made twice (Linux 5.19). */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

#ifndef ARCH

int owners_trap(void)
{
	return -ENOSYS;
}

#else

#define TRAP(nr)                                       \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)

int owners_trap(void)
{
	static struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#ifdef SYS_chown
		TRAP(SYS_chown),
		TRAP(SYS_lchown),
#endif
		TRAP(SYS_fchown),
		TRAP(SYS_fchownat),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = ARRAY_SIZE(filter), .filter = filter };
	unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	int fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			 flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);

	if (fd < 0 && errno == EINVAL)
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	return fd < 0 ? -errno : fd;
}

#endif

union control {
	char buf[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

int owners_send(int sock, int fd)
{
	union control control = { 0 };
	struct iovec io = { .iov_base = "", .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &io,
			      .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(sock, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int owners_take(int sock)
{
	union control control = { 0 };
	char byte;
	struct iovec io = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &io,
			      .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *c;
	ssize_t n;
	int fd;

	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return n < 0 ? -errno : -ENODATA;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* A trapped call, whichever of the four it was. */
struct call {
	pid_t pid;
	int dir;       /* AT_FDCWD, or the descriptor that the path or the call is about */
	uint64_t path; /* an address there; 0: `dir` itself */
	bool follow, empty;
	uid_t uid;
	gid_t gid;
};

static void decode(const struct seccomp_notif *n, struct call *c)
{
	const __u64 *args = n->data.args;

	*c = (struct call){ .pid = n->pid, .dir = AT_FDCWD };
	if (n->data.nr == SYS_fchownat) {
		c->dir = args[0];
		c->path = args[1];
		c->uid = args[2];
		c->gid = args[3];
		c->follow = !(args[4] & AT_SYMLINK_NOFOLLOW);
		c->empty = args[4] & AT_EMPTY_PATH;
		return;
	}
	c->uid = args[1];
	c->gid = args[2];
	if (n->data.nr == SYS_fchown) {
		c->dir = args[0];
		return;
	}
	c->path = args[0];
#ifdef SYS_chown
	c->follow = n->data.nr == SYS_chown;
#endif
}

static int read_path(const struct call *c, char path[static PATH_MAX])
{
	size_t n = 0;

	while (n < PATH_MAX - 1) { /* not over the end of a page, which may be the last one */
		size_t size = 4096 - (c->path + n) % 4096;
		struct iovec to = { .iov_base = path + n };
		struct iovec from = { .iov_base = (void *)(uintptr_t)(c->path + n) };
		ssize_t got;

		if (size > PATH_MAX - 1 - n)
			size = PATH_MAX - 1 - n;
		to.iov_len = from.iov_len = size;
		got = process_vm_readv(c->pid, &to, 1, &from, 1, 0);
		if (got <= 0)
			return got < 0 ? -errno : -EFAULT;
		if (memchr(path + n, '\0', got))
			return 0;
		n += got;
	}
	return -ENAMETOOLONG;
}

/* As the process would: from its root and its directory, in its mount namespace. */
static int open_path(const struct call *c, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC | (c->follow ? 0 : O_NOFOLLOW),
				.resolve = RESOLVE_IN_ROOT };
	char proc[64], base[PATH_MAX];
	autofree char *full = NULL;
	autofd int root = -1;
	ssize_t n;
	int fd;

	snprintf(proc, sizeof(proc), "/proc/%d/root", c->pid);
	root = open(proc, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	if (c->dir == AT_FDCWD)
		snprintf(proc, sizeof(proc), "/proc/%d/cwd", c->pid);
	else
		snprintf(proc, sizeof(proc), "/proc/%d/fd/%d", c->pid, c->dir);
	n = *path == '/' ? 0 : readlink(proc, base, sizeof(base) - 1);
	if (n < 0)
		return -errno;
	base[n] = '\0';
	full = text_of("%s/%s", base, path);
	if (!full)
		return -ENOMEM;
	fd = syscall(SYS_openat2, root, full, &how, sizeof(how));
	return fd < 0 ? -errno : fd;
}

static int open_file(const struct call *c)
{
	char path[PATH_MAX] = "", proc[64];
	int r = c->path ? read_path(c, path) : 0;
	int fd;

	if (r < 0)
		return r;
	if (*path)
		return open_path(c, path);
	if (c->path && !c->empty)
		return -ENOENT;
	if (c->dir == AT_FDCWD)
		snprintf(proc, sizeof(proc), "/proc/%d/cwd", c->pid);
	else
		snprintf(proc, sizeof(proc), "/proc/%d/fd/%d", c->pid, c->dir);
	fd = open(proc, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int give(int fd, const struct call *c)
{
	char proc[64], uid[16] = "", gid[16] = "", owner[40];

	if (c->uid != (uid_t)-1)
		snprintf(uid, sizeof(uid), "%u", c->uid);
	if (c->gid != (gid_t)-1)
		snprintf(gid, sizeof(gid), "%u", c->gid);
	snprintf(owner, sizeof(owner), "%s:%s", uid, gid);
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	return setxattr(proc, GIVE_XATTR, owner, strlen(owner), 0) < 0 ? -errno : 0;
}

/* What the kernel can do itself, it shall. */
static bool is_to_oneself(const struct call *c)
{
	return (c->uid == (uid_t)-1 || c->uid == geteuid()) &&
	       (c->gid == (gid_t)-1 || c->gid == getegid());
}

/* True: it was ours, and `*result` is what the call returns. */
static bool answer(int listener, const struct seccomp_notif *n, dev_t dev, int *result)
{
	autofd int fd = -1;
	struct stat st;
	struct call c;

	decode(n, &c);
	if (is_to_oneself(&c))
		return false;
	fd = open_file(&c);
	/* still the process that asked? Else these were another one's files. */
	if (fd < 0 || ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &n->id) < 0 ||
	    fstat(fd, &st) < 0 || st.st_dev != dev)
		return false;
	*result = give(fd, &c);
	return true;
}

void owners_serve(int listener, dev_t dev)
{
	struct pollfd poll_for = { .fd = listener, .events = POLLIN };

	while (poll(&poll_for, 1, -1) >= 0 || errno == EINTR) {
		struct seccomp_notif request = { 0 };
		struct seccomp_notif_resp reply = { 0 };
		int result = 0;

		if (poll_for.revents & (POLLHUP | POLLERR | POLLNVAL))
			break;
		if (!(poll_for.revents & POLLIN) ||
		    ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
			continue;
		reply.id = request.id;
		if (answer(listener, &request, dev, &result))
			reply.error = result;
		else
			reply.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		/* fails when the process has gone, which is no matter */
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
	}
	close(listener);
}
