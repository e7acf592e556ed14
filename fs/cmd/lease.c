// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/cmd/lease.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/client/control.h"
#include "fs/client/where.h"

enum { MAX_TRIES = 20 };

static int make_token(char token[static 33])
{
	uint64_t n[2];

	if (getrandom(n, sizeof(n), 0) != sizeof(n))
		return -errno;
	snprintf(token, 33, "%016" PRIx64 "%016" PRIx64, n[0], n[1]);
	return 0;
}

static bool has_died(int r)
{
	return r == -EPIPE || r == -ECONNRESET;
}

/* Connect to the daemon that there is now and ask for our install. -ENOENT: it has none of ours.
 * `reply` says what it has become. */
static int come_back(struct lease *lease, struct kv *reply)
{
	autokv struct kv request = { 0 };
	int r = -EPIPE;

	kv_set(&request, "verb", "resume");
	kv_set(&request, "package", lease->package);
	kv_set(&request, "token", lease->token);
	for (int i = 0; has_died(r) && i < MAX_TRIES; i++) {
		int control = where_connect(lease->where);

		if (control < 0)
			return control;
		if (lease->control >= 0)
			close(lease->control);
		lease->control = control;
		kv_release(reply);
		r = control_call(control, &request, reply, NULL);
	}
	return r;
}

int lease_begin(struct lease *lease, const struct where *where, const char *package,
		struct kv *request, struct kv *reply)
{
	int r;

	*lease = (struct lease){ .where = where, .package = package, .control = -1, .stop = -1 };
	lease->control = where_connect(where);
	if (lease->control < 0)
		return lease->control;
	r = make_token(lease->token);
	if (r < 0)
		return r;
	kv_set(request, "verb", "begin");
	kv_set(request, "token", lease->token);
	r = control_call(lease->control, request, reply, NULL);
	for (int i = 0; has_died(r) && i < MAX_TRIES; i++) {
		r = come_back(lease, reply);
		if (r != -ENOENT)
			continue;
		kv_release(reply); /* it had not begun */
		r = control_call(lease->control, request, reply, NULL);
	}
	return r;
}

static void *watch(void *arg)
{
	struct lease *lease = arg;

	for (;;) {
		struct pollfd p[] = { { .fd = lease->control }, { lease->stop, POLLIN, 0 } };
		autokv struct kv reply = { 0 };

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return NULL;
		if (p[1].revents)
			return NULL;
		/* if that fails, lease_commit will find out and say so */
		if (p[0].revents && come_back(lease, &reply) < 0)
			return NULL;
	}
}

int lease_watch(struct lease *lease)
{
	sigset_t all, old;
	int r;

	lease->stop = eventfd(0, EFD_CLOEXEC);
	if (lease->stop < 0)
		return -errno;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = -pthread_create(&lease->watcher, NULL, watch, lease);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r < 0)
		close(take_fd(&lease->stop));
	return r;
}

static void stop_watching(struct lease *lease)
{
	if (lease->stop < 0)
		return;
	if (eventfd_write(lease->stop, 1) == 0)
		pthread_join(lease->watcher, NULL);
	close(take_fd(&lease->stop));
}

static bool is_committed(const struct kv *reply)
{
	const char *install = kv_get(reply, "install");

	return install && strcmp(install, "committed") == 0;
}

static int finish(struct lease *lease, const char *verb, struct kv *reply)
{
	int r;

	stop_watching(lease);
	r = control_ask(lease->control, verb, NULL, NULL, reply, NULL);
	for (int i = 0; has_died(r) && i < MAX_TRIES; i++) {
		r = come_back(lease, reply);
		if (r < 0 || is_committed(reply))
			continue;
		kv_release(reply);
		r = control_ask(lease->control, verb, NULL, NULL, reply, NULL);
	}
	lease->is_over = r == 0;
	return r;
}

int lease_commit(struct lease *lease, struct kv *reply)
{
	return finish(lease, "commit", reply);
}

int lease_aside(struct lease *lease, struct kv *reply)
{
	return finish(lease, "aside", reply);
}

/* Dropped before we return: who unmounts next is not told that it is under way. A daemon that does
 * not answer drops it by itself. */
static void drop(struct lease *lease)
{
	autokv struct kv reply = { 0 };

	control_ask(lease->control, "abort", NULL, NULL, &reply, NULL);
}

void lease_end(struct lease *lease)
{
	stop_watching(lease);
	if (lease->control >= 0 && !lease->is_over)
		drop(lease);
	if (lease->control >= 0)
		close(take_fd(&lease->control));
}
