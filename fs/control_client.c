// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fs/base/cleanup.h"

int control_connect(int state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	autofd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	/* the state's own path may be longer than a socket's name: go through the descriptor */
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/control", state);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	return take_fd(&fd);
}

/* Receive one message, and a descriptor if one comes with it. */
static int receive(int control, char *buf, size_t size, size_t *len, int *fd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} aux;
	struct iovec io = { .iov_base = buf, .iov_len = size };
	struct msghdr msg = { .msg_iov = &io,
			      .msg_iovlen = 1,
			      .msg_control = aux.space,
			      .msg_controllen = sizeof(aux.space) };
	ssize_t n;

	do
		n = recvmsg(control, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : -EPIPE;
	*len = n;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	return msg.msg_flags & MSG_TRUNC ? -EMSGSIZE : 0;
}

int control_call(int control, const struct kv *request, struct kv *reply, int *fd)
{
	autofree char *text = kv_format(request);
	autofree char *buf = malloc(CONTROL_MAX);
	autofd int got = -1;
	const char *code;
	size_t len = 0;
	int r;

	if (!text || !buf)
		return -ENOMEM;
	if (strlen(text) > CONTROL_MAX)
		return -EMSGSIZE;
	if (send(control, text, strlen(text), MSG_NOSIGNAL) < 0)
		return -errno;
	r = receive(control, buf, CONTROL_MAX, &len, &got);
	if (r == 0)
		r = kv_parse(reply, buf, len, NULL);
	if (r < 0)
		return r;
	code = kv_get(reply, "errno");
	if (!code)
		return -EPROTO;
	if (fd)
		*fd = take_fd(&got);
	return -atoi(code);
}

int control_ask(int control, const char *verb, const char *key, const char *value, struct kv *reply,
		int *fd)
{
	autokv struct kv request = { 0 };
	int r = kv_set(&request, "verb", verb);

	if (r == 0 && key)
		r = kv_set(&request, key, value);
	return r < 0 ? r : control_call(control, &request, reply, fd);
}

int control_list(const struct kv *reply, const char *key, struct strv *ret)
{
	for (unsigned i = 0;; i++) {
		char name[64];
		const char *value;
		int r;

		snprintf(name, sizeof(name), i ? "%s.%u" : "%s", key, i);
		value = kv_get(reply, name);
		if (!value)
			return 0;
		r = strv_add(ret, value);
		if (r < 0)
			return r;
	}
}
