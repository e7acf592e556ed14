// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fuzz/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

static enum fault_kind armed;
static unsigned countdown;
static int number;
static const char *what = "";

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

static bool strikes(enum fault_kind kind, const char *call)
{
	if (armed != kind || !countdown || --countdown)
		return false;
	what = call;
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

WRAP_CALL(int, fchmodat, (int dir, const char *name, mode_t mode, int flags),
	  (dir, name, mode, flags))
WRAP_CALL(int, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))
WRAP_CALL(int, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP_CALL(int, fsetxattr, (int fd, const char *name, const void *value, size_t size, int flags),
	  (fd, name, value, size, flags))
WRAP_CALL(int, fstat64, (int fd, struct stat *st), (fd, st))
WRAP_CALL(int, fsync, (int fd), (fd))
WRAP_CALL(int, ftruncate64, (int fd, off_t size), (fd, size))
WRAP_CALL(int, linkat, (int from, const char *old, int to, const char *name, int flags),
	  (from, old, to, name, flags))
WRAP_CALL(int, lsetxattr,
	  (const char *path, const char *name, const void *value, size_t size, int flags),
	  (path, name, value, size, flags))
WRAP_CALL(int, mkdirat, (int dir, const char *name, mode_t mode), (dir, name, mode))
WRAP_CALL(int, mknodat, (int dir, const char *name, mode_t mode, dev_t dev), (dir, name, mode, dev))
WRAP_CALL(ssize_t, pwrite64, (int fd, const void *data, size_t size, off_t at),
	  (fd, data, size, at))
WRAP_CALL(int, renameat, (int from, const char *old, int to, const char *name),
	  (from, old, to, name))
WRAP_CALL(int, renameat2, (int from, const char *old, int to, const char *name, unsigned flags),
	  (from, old, to, name, flags))
WRAP_CALL(int, symlinkat, (const char *target, int dir, const char *name), (target, dir, name))
WRAP_CALL(int, unlinkat, (int dir, const char *name, int flags), (dir, name, flags))
WRAP_CALL(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))
WRAP_CALL(ssize_t, copy_file_range,
	  (int in, off_t *at_in, int out, off_t *at_out, size_t size, unsigned flags),
	  (in, at_in, out, at_out, size, flags))

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
