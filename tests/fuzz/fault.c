// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fuzz/fault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

static enum fault_kind armed;
static unsigned countdown;
static int number;
static const char *what = "";
static bool poor;

void fault_poor(bool is)
{
	poor = is;
}

void fault_arm(enum fault_kind kind, unsigned n, int error)
{
	armed = kind;
	countdown = n;
	number = error;
	what = "";
}

bool fault_disarm(void)
{
	bool happened = armed && !countdown;

	armed = FAULT_NONE;
	return happened;
}

const char *fault_what(void)
{
	return what;
}

static struct {
	const char *call;
	unsigned n; /* atomic */
	void (*f)(void *arg);
	void *arg;
} meanwhile;

void fault_meanwhile(const char *call, unsigned n, void (*f)(void *arg), void *arg)
{
	meanwhile.call = call;
	meanwhile.f = f;
	meanwhile.arg = arg;
	__atomic_store_n(&meanwhile.n, n, __ATOMIC_RELEASE);
}

static bool strikes(enum fault_kind kind, const char *call)
{
	bool counts = armed == kind || (armed == FAULT_DEATH && kind == FAULT_CALLS);

	if (__atomic_load_n(&meanwhile.n, __ATOMIC_ACQUIRE) && strcmp(call, meanwhile.call) == 0 &&
	    __atomic_sub_fetch(&meanwhile.n, 1, __ATOMIC_ACQ_REL) == 0)
		meanwhile.f(meanwhile.arg);
	if (!counts || !countdown || --countdown)
		return false;
	what = call;
	if (armed == FAULT_DEATH) {
		fuzz_trace("    it dies before %s", call);
		_exit(FAULT_GRAVE);
	}
	errno = kind == FAULT_MEMORY ? ENOMEM : number;
	fuzz_trace("    %s fails with %d", call, errno);
	return true;
}

/* The linker's --wrap=f sends calls of f to __wrap_f. clang-format off */
#define WRAP(kind, type, failed, f, params, args)                      \
	type __real_##f params;                                        \
	type __wrap_##f params;                                        \
	type __wrap_##f params                                         \
	{                                                              \
		return strikes(kind, #f) ? (failed) : __real_##f args; \
	}

#define WRAP_CALL(type, f, params, args)   WRAP(FAULT_CALLS, type, -1, f, params, args)
#define WRAP_MEMORY(type, f, params, args) WRAP(FAULT_MEMORY, type, NULL, f, params, args)

WRAP_MEMORY(void *, malloc, (size_t n), (n))
WRAP_MEMORY(void *, calloc, (size_t n, size_t size), (n, size))
WRAP_MEMORY(void *, realloc, (void *p, size_t n), (p, n))
WRAP_MEMORY(char *, strdup, (const char *s), (s))
WRAP_MEMORY(char *, strndup, (const char *s, size_t n), (s, n))

WRAP_CALL(int, chmod, (const char *path, mode_t mode), (path, mode))
WRAP_CALL(int, fallocate64, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size))
WRAP_CALL(int, fchmodat, (int dir, const char *name, mode_t mode, int flags),
	  (dir, name, mode, flags))
WRAP_CALL(int, fchownat, (int dir, const char *name, uid_t uid, gid_t gid, int flags),
	  (dir, name, uid, gid, flags))
WRAP_CALL(int, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))
WRAP_CALL(int, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP_CALL(int, fstat64, (int fd, struct stat *st), (fd, st))
WRAP_CALL(int, fstatat64, (int dir, const char *name, struct stat *st, int flags),
	  (dir, name, st, flags))
WRAP_CALL(ssize_t, fgetxattr, (int fd, const char *name, void *value, size_t size),
	  (fd, name, value, size))
WRAP_CALL(ssize_t, flistxattr, (int fd, char *list, size_t size), (fd, list, size))
WRAP_CALL(int, fsync, (int fd), (fd))
WRAP_CALL(int, ftruncate64, (int fd, off_t size), (fd, size))
WRAP_CALL(int, futimens, (int fd, const struct timespec times[2]), (fd, times))
WRAP_CALL(ssize_t, getxattr, (const char *path, const char *name, void *value, size_t size),
	  (path, name, value, size))
WRAP_CALL(ssize_t, lgetxattr, (const char *path, const char *name, void *value, size_t size),
	  (path, name, value, size))
WRAP_CALL(int, linkat, (int from, const char *old, int to, const char *name, int flags),
	  (from, old, to, name, flags))
WRAP_CALL(ssize_t, listxattr, (const char *path, char *list, size_t size), (path, list, size))
WRAP_CALL(ssize_t, llistxattr, (const char *path, char *list, size_t size), (path, list, size))
WRAP_CALL(int, lsetxattr,
	  (const char *path, const char *name, const void *value, size_t size, int flags),
	  (path, name, value, size, flags))
WRAP_CALL(int, lremovexattr, (const char *path, const char *name), (path, name))
WRAP_CALL(int, fremovexattr, (int fd, const char *name), (fd, name))
WRAP_CALL(int, flock, (int fd, int how), (fd, how))
WRAP(FAULT_CALLS, FILE *, NULL, fopen64, (const char *path, const char *mode), (path, mode))
WRAP_CALL(int, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP_CALL(int, mkdirat, (int dir, const char *name, mode_t mode), (dir, name, mode))
WRAP(FAULT_CALLS, void *, MAP_FAILED, mmap64,
     (void *at, size_t size, int protection, int flags, int fd, off_t from),
     (at, size, protection, flags, fd, from))
WRAP_CALL(ssize_t, pwrite64, (int fd, const void *data, size_t size, off_t at),
	  (fd, data, size, at))
WRAP_CALL(int, renameat, (int from, const char *old, int to, const char *name),
	  (from, old, to, name))
WRAP_CALL(int, removexattr, (const char *path, const char *name), (path, name))
WRAP_CALL(int, setxattr,
	  (const char *path, const char *name, const void *value, size_t size, int flags),
	  (path, name, value, size, flags))
WRAP(FAULT_CALLS, char *, NULL, realpath, (const char *path, char *to), (path, to))
WRAP_CALL(int, stat64, (const char *path, struct stat *st), (path, st))
WRAP_CALL(int, syncfs, (int fd), (fd))
WRAP(FAULT_CALLS, struct dirent *, NULL, readdir64, (DIR * d), (d))
WRAP_CALL(ssize_t, getdents64, (int fd, void *to, size_t size), (fd, to, size))
WRAP_CALL(ssize_t, readlinkat, (int dir, const char *name, char *to, size_t size),
	  (dir, name, to, size))
WRAP_CALL(int, fstatvfs64, (int fd, struct statvfs *st), (fd, st))
WRAP_CALL(int, faccessat, (int dir, const char *name, int mode, int flags),
	  (dir, name, mode, flags))
WRAP_CALL(ssize_t, pread64, (int fd, void *to, size_t size, off_t at), (fd, to, size, at))
WRAP_CALL(off_t, lseek64, (int fd, off_t at, int whence), (fd, at, whence))
WRAP(FAULT_CALLS, DIR *, NULL, fdopendir, (int fd), (fd))
WRAP_CALL(int, statx, (int dir, const char *name, int flags, unsigned mask, struct statx *stx),
	  (dir, name, flags, mask, stx))
WRAP_CALL(int, symlinkat, (const char *target, int dir, const char *name), (target, dir, name))
WRAP_CALL(int, unlinkat, (int dir, const char *name, int flags), (dir, name, flags))
WRAP_CALL(int, utimensat, (int dir, const char *name, const struct timespec times[2], int flags),
	  (dir, name, times, flags))
WRAP_CALL(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))
WRAP_CALL(ssize_t, copy_file_range,
	  (int in, off_t *at_in, int out, off_t *at_out, size_t size, unsigned flags),
	  (in, at_in, out, at_out, size, flags))

/* An overlay's habits. */
static bool refuses(bool this, int error)
{
	if (!poor || !this)
		return false;
	errno = error;
	return true;
}

int __real_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags);
int __wrap_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags);
int __wrap_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
	if (strikes(FAULT_CALLS, "fsetxattr") ||
	    refuses(!strncmp(name, "user.overlay.", 13), EPERM))
		return -1;
	return __real_fsetxattr(fd, name, value, size, flags);
}

int __real_mknodat(int dir, const char *name, mode_t mode, dev_t dev);
int __wrap_mknodat(int dir, const char *name, mode_t mode, dev_t dev);
int __wrap_mknodat(int dir, const char *name, mode_t mode, dev_t dev)
{
	if (strikes(FAULT_CALLS, "mknodat") || refuses(S_ISCHR(mode) && !dev, EPERM))
		return -1;
	return __real_mknodat(dir, name, mode, dev);
}

int __real_renameat2(int from, const char *old, int to, const char *name, unsigned flags);
int __wrap_renameat2(int from, const char *old, int to, const char *name, unsigned flags);
int __wrap_renameat2(int from, const char *old, int to, const char *name, unsigned flags)
{
	if (strikes(FAULT_CALLS, "renameat2") || refuses(flags & RENAME_WHITEOUT, EINVAL))
		return -1;
	return __real_renameat2(from, old, to, name, flags);
}

int __real_openat64(int dir, const char *path, int flags, ...);
int __wrap_openat64(int dir, const char *path, int flags, ...);
int __wrap_openat64(int dir, const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return strikes(FAULT_CALLS, "openat") ? -1 : __real_openat64(dir, path, flags, mode);
}

/* Another descriptor: the engine asks it for nothing else. */
int __real_fcntl64(int fd, int command, ...);
int __wrap_fcntl64(int fd, int command, ...);
int __wrap_fcntl64(int fd, int command, ...)
{
	long arg;
	va_list ap;

	va_start(ap, command);
	arg = va_arg(ap, long);
	va_end(ap);
	return strikes(FAULT_CALLS, "fcntl") ? -1 : __real_fcntl64(fd, command, arg);
}

/* openat2(2), which libc has no function for; the engine passes at most four arguments. */
long __real_syscall(long call, ...);
long __wrap_syscall(long call, ...);
long __wrap_syscall(long call, ...)
{
	long a[4];
	va_list ap;

	va_start(ap, call);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	return strikes(FAULT_CALLS, "openat2") ? -1 : __real_syscall(call, a[0], a[1], a[2], a[3]);
}
