// SPDX-License-Identifier: GPL-2.0-or-later
/* syscalls.h - what a build in a box may not ask the kernel for. The one door to libseccomp.
 *
 * A box is made of namespaces, and these are shared with all others: the keyring of who builds, and
 * what only a new user namespace (user_namespaces(7)) or much of the kernel's code stands before:
 * mounts, bpf(2), perf_event_open(2), io_uring(7). No build needs any of them. Each is refused as
 * where the kernel does not have it, or does not let one, so that programs go another way.
 */
#pragma once

/* A file with the filter, as bwrap(1) takes it with --seccomp. A descriptor or -errno. */
int syscalls_filter(void);
