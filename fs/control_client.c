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
#include "fs/base/message.h"

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

int control_call(int control, const struct kv *request, struct kv *reply, int *fd)
{
	autofd int got = -1;
	const char *code;
	size_t n = 0;
	int r = message_send(control, request, NULL, 0);

	if (r == 0)
		r = message_receive(control, reply, &got, 1, &n);
	if (r < 0)
		return r == -ECONNRESET ? -EPIPE : r;
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
