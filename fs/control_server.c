// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/control.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/install.h"
#include "fs/layer.h"
#include "fs/state.h"
#include "fs/xs.h"

enum { MAX_LISTED = 100 }; /* values of one list in a reply */

struct control {
	struct xs *xs;
	char *mountpoint;
	int socket;
	pthread_t thread;
	pthread_mutex_t lock;
	struct connection *connections; /* under lock */
};

struct connection {
	struct connection *next;
	struct control *control;
	int socket;
	pthread_t thread;
	bool done;	     /* under control->lock: only to be joined */
	struct sight *sight; /* its install; only the connection's thread uses it */
};

/* An answer in the making. */
struct answer {
	struct kv kv;
	int fd; /* to send along, or -1; lent */
	char *problem;
};

static const char *text(const struct kv *kv, const char *key)
{
	const char *value = kv_get(kv, key);

	return value ? value : "";
}

/* A value that may hold anything, on one line. */
static int set_text(struct kv *kv, const char *key, const char *value)
{
	autofree char *line = strdup(value);

	if (!line)
		return -ENOMEM;
	for (char *p = line; *p; p++)
		if (*p == '\n')
			*p = ' ';
	return kv_set(kv, key, line);
}

static int set_list(struct kv *kv, const char *key, const struct strv *list)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->n && i < MAX_LISTED; i++) {
		char name[64];

		snprintf(name, sizeof(name), i ? "%s.%zu" : "%s", key, i);
		r = set_text(kv, name, list->v[i]);
	}
	return r;
}

/* requests.lookup = 12 and so on, for each kind that there has been. */
static int set_requests(struct kv *kv, const struct requests *requests)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < REQUESTS_KINDS; i++) {
		uint64_t n = requests_get(requests, i);
		char key[64];

		snprintf(key, sizeof(key), "requests.%s", requests_name(i));
		if (n && !kv_get(kv, key))
			r = kv_setf(kv, key, "%" PRIu64, n);
	}
	return r;
}

static int do_status(struct connection *c, const struct kv *request, struct answer *a)
{
	struct xs *xs = c->control->xs;
	autostrv struct strv pending = { 0 };
	int r = xs_pending(xs, &pending);

	(void)request;
	if (r < 0 || (r = kv_setf(&a->kv, "pid", "%d", (int)getpid())) < 0 ||
	    (r = set_text(&a->kv, "mountpoint", c->control->mountpoint)) < 0 ||
	    (r = set_text(&a->kv, "state", xs->state->path)) < 0 ||
	    (r = set_text(&a->kv, "sysroot", xs->state->base_path)) < 0 ||
	    (r = set_requests(&a->kv, &xs->requests)) < 0)
		return r;
	return set_list(&a->kv, "pending", &pending);
}

static int do_begin(struct connection *c, const struct kv *request, struct answer *a)
{
	struct install_request q = {
		.package = text(request, "package"),
		.version = text(request, "version"),
		.key = text(request, "key"),
		.needs = text(request, "needs"),
		.replaces = text(request, "replaces"),
	};
	int r;

	if (c->sight)
		return -EALREADY;
	r = xs_begin(c->control->xs, &q, &c->sight, &a->problem);
	return r < 0 ? r : kv_set(&a->kv, "view", q.package);
}

static int do_commit(struct connection *c, const struct kv *request, struct answer *a)
{
	autostrv struct strv problems = { 0 };
	autostrv struct strv notes = { 0 };
	struct sight *sight = take_ptr(c->sight);
	int r;

	(void)request;
	if (!sight)
		return -EINVAL;
	r = xs_commit(c->control->xs, sight, &problems, &notes);
	if (problems.n) {
		set_list(&a->kv, "problem", &problems);
		return r;
	}
	set_list(&a->kv, "note", &notes);
	return r;
}

static int do_abort(struct connection *c, const struct kv *request, struct answer *a)
{
	struct sight *sight = take_ptr(c->sight);

	(void)request;
	(void)a;
	if (!sight)
		return -EINVAL;
	xs_abort(c->control->xs, sight);
	return 0;
}

static int do_remove(struct connection *c, const struct kv *request, struct answer *a)
{
	return xs_remove(c->control->xs, text(request, "package"), &a->problem);
}

static int do_rollback(struct connection *c, const struct kv *request, struct answer *a)
{
	return xs_rollback(c->control->xs, text(request, "package"), &a->problem);
}

static int do_gc(struct connection *c, const struct kv *request, struct answer *a)
{
	autostrv struct strv gone = { 0 };
	int r = xs_gc(c->control->xs, &gone);

	(void)request;
	return r < 0 ? r : set_list(&a->kv, "gone", &gone);
}

static int do_quit(struct connection *c, const struct kv *request, struct answer *a)
{
	const struct xs_events *events = &c->control->xs->events;

	(void)request;
	(void)a;
	events->quit(events->arg);
	return 0;
}

static int do_base(struct connection *c, const struct kv *request, struct answer *a)
{
	(void)request;
	a->fd = c->control->xs->state->base->fd;
	return 0;
}

static const struct {
	const char *name;
	int (*call)(struct connection *c, const struct kv *request, struct answer *a);
} verbs[] = {
	{ "abort", do_abort },	 { "base", do_base },
	{ "begin", do_begin },	 { "commit", do_commit },
	{ "gc", do_gc },	 { "remove", do_remove },
	{ "quit", do_quit },	 { "rollback", do_rollback },
	{ "status", do_status },
};

static int dispatch(struct connection *c, const char *buf, size_t len, struct answer *a)
{
	autokv struct kv request = { 0 };
	int r = kv_parse(&request, buf, len, NULL);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, text(&request, "verb")) == 0)
			return verbs[i].call(c, &request, a);
	return -ENOSYS;
}

static int send_message(int socket, const char *data, size_t len, int fd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} aux = { 0 };
	struct iovec io = { .iov_base = (char *)data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &io, .msg_iovlen = 1 };

	if (fd >= 0) {
		msg.msg_control = aux.space;
		msg.msg_controllen = sizeof(aux.space);
		aux.head.cmsg_level = SOL_SOCKET;
		aux.head.cmsg_type = SCM_RIGHTS;
		aux.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&aux.head), &fd, sizeof(fd));
	}
	return sendmsg(socket, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int answer(struct connection *c, const char *buf, size_t len)
{
	struct answer a = { .fd = -1 };
	autofree char *out = NULL;
	int r = dispatch(c, buf, len, &a);

	r = kv_setf(&a.kv, "errno", "%d", -r);
	if (r == 0 && a.problem)
		r = set_text(&a.kv, "message", a.problem);
	out = r < 0 ? NULL : kv_format(&a.kv);
	r = out ? send_message(c->socket, out, strlen(out), a.fd) : -ENOMEM;
	kv_release(&a.kv);
	free(a.problem);
	return r;
}

static void *serve(void *arg)
{
	struct connection *c = arg;
	autofree char *buf = malloc(CONTROL_MAX);
	ssize_t n;

	while (buf && (n = recv(c->socket, buf, CONTROL_MAX, 0)) > 0)
		if (answer(c, buf, n) < 0)
			break;
	if (c->sight)
		xs_abort(c->control->xs, c->sight);
	pthread_mutex_lock(&c->control->lock);
	c->done = true;
	pthread_mutex_unlock(&c->control->lock);
	return NULL;
}

static void connection_free(struct connection *c)
{
	pthread_join(c->thread, NULL);
	close(c->socket);
	free(c);
}

/* Join the connections whose threads have ended. */
static void reap(struct control *control)
{
	struct connection *ended = NULL;

	pthread_mutex_lock(&control->lock);
	for (struct connection **p = &control->connections; *p;) {
		struct connection *c = *p;

		if (!c->done) {
			p = &c->next;
			continue;
		}
		*p = c->next;
		c->next = ended;
		ended = c;
	}
	pthread_mutex_unlock(&control->lock);
	for (struct connection *c = ended, *next; c; c = next) {
		next = c->next;
		connection_free(c);
	}
}

static bool may_talk(int socket)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return false;
	return cred.uid == geteuid() || cred.uid == 0;
}

static int start_connection(struct control *control, int socket)
{
	struct connection *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->control = control;
	c->socket = socket;
	pthread_mutex_lock(&control->lock);
	r = -pthread_create(&c->thread, NULL, serve, c);
	if (r == 0) {
		c->next = control->connections;
		control->connections = c;
	}
	pthread_mutex_unlock(&control->lock);
	if (r < 0)
		free(c);
	return r;
}

static void *accept_all(void *arg)
{
	struct control *control = arg;

	for (;;) {
		int fd = accept4(control->socket, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED || errno == EMFILE))
			continue;
		if (fd < 0)
			return NULL; /* shut down */
		reap(control);
		if (!may_talk(fd) || start_connection(control, fd) < 0)
			close(fd);
	}
}

static int listen_at(int state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	autofd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	/* the state is locked by us, so an old socket is a dead daemon's */
	unlinkat(state, "control", 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/control", state);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    fchmodat(state, "control", 0600, 0) < 0 || listen(fd, 16) < 0)
		return -errno;
	return take_fd(&fd);
}

int control_start(struct xs *xs, const char *mountpoint, struct control **ret)
{
	struct control *control = calloc(1, sizeof(*control));
	int r = -ENOMEM;

	if (!control)
		return r;
	control->xs = xs;
	control->mountpoint = strdup(mountpoint);
	pthread_mutex_init(&control->lock, NULL);
	control->socket = control->mountpoint ? listen_at(xs->state->fd) : -ENOMEM;
	r = control->socket < 0 ? control->socket : 0;
	if (r == 0) {
		sigset_t all, old;

		sigfillset(&all); /* signals are for the thread that waits for the end */
		pthread_sigmask(SIG_SETMASK, &all, &old);
		r = -pthread_create(&control->thread, NULL, accept_all, control);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
	}
	if (r < 0) {
		if (control->socket >= 0)
			close(control->socket);
		free(control->mountpoint);
		free(control);
		return r;
	}
	*ret = control;
	return 0;
}

void control_stop(struct control *control)
{
	if (!control)
		return;
	unlinkat(control->xs->state->fd, "control", 0);
	shutdown(control->socket, SHUT_RDWR);
	pthread_join(control->thread, NULL);
	close(control->socket);
	for (struct connection *c = control->connections, *next; c; c = next) {
		next = c->next;
		shutdown(c->socket, SHUT_RDWR);
		connection_free(c);
	}
	free(control->mountpoint);
	pthread_mutex_destroy(&control->lock);
	free(control);
}
