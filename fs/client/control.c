// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/client/control.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/message.h"

enum {
	ANSWER_SECONDS = 15, /* how long a daemon may take for what it only has to say */
	STOPPED_SECONDS = 3, /* how long it may be stopped before we go */
};

static bool is_quick(const char *verb)
{
	static const char *const verbs[] = { "base", "quit", "status", "upgrade" };

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verb, verbs[i]) == 0)
			return true;
	return false;
}

/* From here on no call on that socket takes longer. */
static void set_patience(int fd, int seconds)
{
	const struct timeval time = { .tv_sec = seconds };

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
}

/* Who made the socket that we are connected to: a folder of another user's may have any. */
static bool is_trusted(int fd, uid_t user)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 &&
	       (cred.uid == user || cred.uid == 0);
}

int control_connect(int state, uid_t user)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	autofd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	/* the state's own path may be longer than a socket's name: go through the descriptor */
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/control", state);
	set_patience(fd, ANSWER_SECONDS);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return is_trusted(fd, user) ? take_fd(&fd) : -EPERM;
}

pid_t control_keeper(int control)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	return getsockopt(control, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 ? cred.pid : 0;
}

/* A process of /proc: its state as proc_pid_stat(5) has it, and its parent; 0: gone. */
static char state_of(const char *pid, pid_t *parent)
{
	char path[64], text[256], *end;
	char state = 0;
	ssize_t n;
	autofd int fd = -1;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	end = strrchr(text, ')'); /* a program's name may have some, too */
	return end && sscanf(end, ") %c %d", &state, parent) == 2 ? state : 0;
}

/* The worker is the keeper's child; where that has died, it is the keeper who has to act. */
pid_t control_stopped(int control)
{
	pid_t keeper = control_keeper(control), stopped = 0, parent;
	autodir DIR *d = keeper > 0 ? opendir("/proc") : NULL;
	bool has_worker = false;
	char pid[16];
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char state = isdigit((unsigned char)*e->d_name) ? state_of(e->d_name, &parent) : 0;

		if (!state || state == 'Z' || parent != keeper)
			continue;
		has_worker = true;
		stopped = state == 'T' ? atoi(e->d_name) : stopped;
	}
	if (!d || has_worker)
		return stopped;
	snprintf(pid, sizeof(pid), "%d", keeper);
	return state_of(pid, &parent) == 'T' ? keeper : 0;
}

/* What takes long, takes as long as it takes: a commit, say. But nobody who is stopped answers. */
static int await_reply(int control, bool quick)
{
	struct pollfd p = { .fd = control, .events = POLLIN };
	int stopped = 0;

	for (int waited = 0; !quick || waited < ANSWER_SECONDS; waited++) {
		int n = poll(&p, 1, 1000);

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		stopped = control_stopped(control) ? stopped + 1 : 0;
		if (stopped == STOPPED_SECONDS)
			break;
	}
	return -ETIMEDOUT;
}

int control_call(int control, const struct kv *request, struct kv *reply, int *fd)
{
	const char *verb = kv_get(request, "verb");
	autofd int got = -1;
	const char *code;
	size_t n = 0;
	int r = message_send(control, request, NULL, 0);

	if (r == 0)
		r = await_reply(control, verb && is_quick(verb));
	if (r == 0)
		r = message_receive(control, reply, &got, 1, &n);
	if (r < 0)
		return r == -ECONNRESET ? -EPIPE : r == -EAGAIN ? -ETIMEDOUT : r;
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

	kv_set(&request, "verb", verb);
	if (key)
		kv_set(&request, key, value);
	return control_call(control, &request, reply, fd);
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
