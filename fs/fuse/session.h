// SPDX-License-Identifier: GPL-2.0-or-later
/* session.h - answer the kernel's requests, with a few threads.
 *
 * libfuse's own loop would do, but for what it does not know:
 *   - FUSE_TMPFILE (Linux 6.2) and FUSE_STATX (6.6) have no place in the libfuse of Debian 12, so
 *     such requests are answered here, by the kernel's own protocol (linux/fuse.h), before libfuse
 *     sees them;
 *   - which requests are under way is noted in handover.h's memory, so that the worker who comes
 *     after us knows: the kernel sends them again, with a bit set (FUSE_NOTIFY_RESEND, Linux 6.9).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fuse_lowlevel_ops;
struct fuse_session;
struct handover;
struct xs;

/* A session with these mount options (of -o; may be NULL) for the state folder of that path. NULL:
 * libfuse has said what is wrong. */
struct fuse_session *session_new(const char *state, const char *options,
				 const struct fuse_lowlevel_ops *ops, size_t size, void *userdata);

/* The first of these mount options that nobody knows: neither we nor libfuse nor the kernel. 1: in
 * `*ret`, which the caller frees; 0: there is none; -errno. Says nothing. */
int session_unknown_option(const char *options, char **ret);

/* Serve the connection that is open as `fd`, which becomes the session's. Returns 0 or -errno. */
int session_attach(struct fuse_session *se, int fd);

/* For init, what libfuse does not know everywhere. `killpriv`: we do what ops_privileges.c does,
 * and the kernel need not. And it shall give out no file handles (name_to_handle_at(2)): it cannot
 * ask us for a file that it has forgotten, whose number may be another one's by then. */
struct fuse_conn_info;
void session_want(struct fuse_conn_info *conn, bool killpriv);

/* Say hello for the kernel, which has said so to a worker before us. Returns 0 or -errno. */
int session_resume(struct fuse_session *se, struct xs *xs);

/* Returns when the mount is gone, or a signal has asked for the end (fuse_session_exited). 0 or
 * -errno. */
int session_loop(struct fuse_session *se, struct xs *xs);

/* The same where requests come by io_uring (fuse_uring.h). */
int session_loop_rings(struct fuse_session *se);

/* Can the kernel send requests again, which it has said in its hello? */
bool session_can_resend(const struct handover *memory);

/* Has a worker before us begun the request that this thread is at? What it is to do may be done. */
bool session_is_again(void);
/* Where a rename says what it is about to move (view_rename). NULL: nobody would read it. */
uint64_t *session_moving(void);
