// SPDX-License-Identifier: GPL-2.0-or-later
/* session.h - answer the kernel's requests, with a few threads.
 *
 * libfuse's own loop would do, but for what it does not know: FUSE_TMPFILE (Linux 6.2) and
 * FUSE_STATX (6.6) have no place in the libfuse of Debian 12, so such requests are answered here, by
 * the kernel's own protocol (linux/fuse.h), before libfuse sees them.
 */
#pragma once

struct fuse_session;
struct xs;

/* Returns when the mount is gone, or a signal has asked for the end (fuse_session_exited). 0 or
 * -errno. */
int session_loop(struct fuse_session *se, struct xs *xs);
