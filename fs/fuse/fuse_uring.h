// SPDX-License-Identifier: GPL-2.0-or-later
/* fuse_uring.h - requests by io_uring(7) instead of by /dev/fuse: two thirds of the time for a
 * round trip, where libfuse (3.18) and the kernel (6.14, with its parameter enable_uring) have it.
 *
 * Only for who asks for it (-o io_uring), since it costs two things:
 *   - the mount ends with its worker: the kernel does not send again what a ring had (keeper.h);
 *   - the requests of one CPU are answered one after the other, a long one (fsync, the copy-up of a
 *     big file) before the short ones behind it.
 * libfuse has the rings and their threads; they know the operations of its table and nothing of our
 * loop (session.h).
 */
#pragma once

/* NULL: requests can come by io_uring here; else why they cannot. */
const char *fuse_uring_missing(void);
