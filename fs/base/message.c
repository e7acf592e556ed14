// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/base/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fs/base/cleanup.h"

/* Room for descriptors; see cmsg(3) for why it is a union. */
union aux {
	struct cmsghdr head;
	char space[CMSG_SPACE(sizeof(int) * MESSAGE_FDS)];
};

int message_send(int socket, const struct kv *kv, const int *fds, size_t n)
{
	autofree char *text = kv_format(kv);
	union aux aux = { 0 };
	struct iovec io = { .iov_base = text, .iov_len = text ? strlen(text) : 0 };
	struct msghdr msg = { .msg_iov = &io, .msg_iovlen = 1 };

	if (!text)
		return kv_error(kv) ? kv_error(kv) : -ENOMEM;
	if (io.iov_len > MESSAGE_MAX || n > MESSAGE_FDS)
		return -EMSGSIZE;
	if (n) {
		msg.msg_control = aux.space;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n);
		aux.head.cmsg_level = SOL_SOCKET;
		aux.head.cmsg_type = SCM_RIGHTS;
		aux.head.cmsg_len = CMSG_LEN(sizeof(int) * n);
		memcpy(CMSG_DATA(&aux.head), fds, sizeof(int) * n);
	}
	return sendmsg(socket, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static size_t take_fds(struct msghdr *msg, int *fds, size_t max)
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (n < max)
				fds[n++] = fd;
			else
				close(fd);
		}
	}
	return n;
}

int message_receive(int socket, struct kv *ret, int *fds, size_t max, size_t *n)
{
	autofree char *buf = malloc(MESSAGE_MAX);
	union aux aux;
	struct iovec io = { .iov_base = buf, .iov_len = MESSAGE_MAX };
	struct msghdr msg = { .msg_iov = &io,
			      .msg_iovlen = 1,
			      .msg_control = aux.space,
			      .msg_controllen = sizeof(aux.space) };
	ssize_t len;

	*n = 0;
	if (!buf)
		return -ENOMEM;
	do
		len = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC);
	while (len < 0 && errno == EINTR);
	if (len <= 0)
		return len < 0 ? -errno : -EPIPE;
	*n = take_fds(&msg, fds, max);
	return msg.msg_flags & MSG_TRUNC ? -EMSGSIZE : kv_parse(ret, buf, len, NULL);
}
