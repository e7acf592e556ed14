// SPDX-License-Identifier: GPL-2.0-or-later
/* message.h - kv lines, and descriptors with them, over a unix socket of type SOCK_SEQPACKET. */
#pragma once

#include <stddef.h>

#include "fs/base/kv.h"

enum {
	MESSAGE_MAX = 64 * 1024, /* bytes */
	MESSAGE_FDS = 8,
};

/* The descriptors stay the caller's. Returns 0, -EMSGSIZE, -EPIPE (the other side has gone) or
 * -errno. */
int message_send(int socket, const struct kv *kv, const int *fds, size_t n);

/* Waits for one. `fds` get the descriptors that come with it, up to `max` (any more are closed),
 * and are the caller's; `*n` says how many. Returns 0, -EPIPE, -EMSGSIZE, -EBADMSG or -errno. */
int message_receive(int socket, struct kv *ret, int *fds, size_t max, size_t *n);
