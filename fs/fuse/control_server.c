// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/client/control.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/message.h"
#include "fs/base/text.h"
#include "fs/store/install.h"
#include "fs/store/layer.h"
#include "fs/store/parts.h"
#include "fs/store/state.h"
#include "fs/view/view.h"
#include "fs/xs/xs.h"

enum {
	MAX_LISTED = MESSAGE_MAX * 3 / 4, /* bytes of one list in a reply */
	LISTED_MORE = 32,		  /* of each value: its key, and what ends the line */
	OWNERS_SECONDS = 60,
	PAUSE_MS = 100, /* when nobody can be let in */
};

struct control {
	struct xs *xs;
	struct control_options options;
	int socket;	     /* nonblocking; it outlives us: the next worker listens there */
	int stop;	     /* eventfd(2): the thread is to end */
	bool pause;	     /* of the thread */
	time_t owners_until; /* by CLOCK_MONOTONIC; 0: nobody is waited for */
	pthread_t thread;
	pthread_mutex_t lock;
	struct connection *connections; /* under lock */
};

struct connection {
	struct connection *next;
	struct control *control;
	int socket;
	pthread_t thread;
	bool done; /* under control->lock: only to be joined */
	/* only the connection's thread uses these */
	struct sight *sight; /* its install */
	char *settled;	     /* the package of whose commit the next reply tells */
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

	for (char *p = line; p && *p; p++)
		if (*p == '\n')
			*p = ' ';
	return kv_set(kv, key, line);
}

/* As many as there is room for; KEY.left says how many are left. */
static int set_list(struct kv *kv, const char *key, const struct strv *list)
{
	size_t i, room = MAX_LISTED;
	char name[64];
	int r = 0;

	for (i = 0; r == 0 && i < list->n; i++) {
		size_t size = strlen(list->v[i]) + LISTED_MORE;

		if (size > room)
			break;
		room -= size;
		snprintf(name, sizeof(name), i ? "%s.%zu" : "%s", key, i);
		r = set_text(kv, name, list->v[i]);
	}
	if (r < 0 || i == list->n)
		return r;
	snprintf(name, sizeof(name), "%s.left", key);
	return kv_setf(kv, name, "%zu", list->n - i);
}

/* requests.lookup = 12 and so on, for each kind that there has been. */
static void set_requests(struct kv *kv, const struct requests *requests)
{
	for (unsigned i = 0; i < REQUESTS_KINDS; i++) {
		uint64_t n = requests_get(requests, i);
		char key[64];

		snprintf(key, sizeof(key), "requests.%s", requests_name(i));
		if (n && !kv_get(kv, key))
			kv_setf(kv, key, "%" PRIu64, n);
	}
}

static void set_keeper(struct kv *kv, const struct control_options *o)
{
	/* one that has died is nobody's parent any more */
	kv_setf(kv, "keeper", "%d", getppid() == o->keeper ? (int)o->keeper : 0);
	kv_set(kv, "version", VERSION);
	kv_set(kv, "transport", o->transport);
	kv_set(kv, "inode32", o->inode32 ? "yes" : "no");
	kv_setf(kv, "restarts", "%u", o->restarts);
	if (o->restarts)
		set_text(kv, "restarted-after", o->died);
	kv_set(kv, "outlives-daemon", o->outlives() ? "yes" : "no");
}

static int do_status(struct connection *c, const struct kv *request, struct answer *a)
{
	struct xs *xs = c->control->xs;
	autostrv struct strv pending = { 0 };
	int r = xs_pending(xs, &pending);

	(void)request;
	if (r < 0)
		return r;
	kv_setf(&a->kv, "pid", "%d", (int)getpid());
	set_keeper(&a->kv, &c->control->options);
	set_text(&a->kv, "mountpoint", c->control->options.mountpoint);
	set_text(&a->kv, "state", xs->state->path);
	set_text(&a->kv, "sysroot", xs->state->base_path);
	set_requests(&a->kv, &xs->requests);
	set_list(&a->kv, "pending", &pending);
	return kv_error(&a->kv);
}

static int take_parts(const struct kv *request, struct parts *parts, struct answer *a)
{
	int r = parts_from_kv(parts, request);

	if (r == -EBADMSG)
		a->problem = text_of("the rules for the parts of '%s' are none",
				     text(request, "package"));
	return r;
}

static int do_begin(struct connection *c, const struct kv *request, struct answer *a)
{
	cleanup(parts_release) struct parts parts = { 0 };
	struct install_request q = {
		.parts = &parts,
		.package = text(request, "package"),
		.version = text(request, "version"),
		.key = text(request, "key"),
		.needs = text(request, "needs"),
		.replaces = text(request, "replaces"),
		.layers = text(request, "layers"),
		.sees = text(request, "sees"),
		.token = text(request, "token"),
	};
	int r;

	if (c->sight)
		return -EALREADY;
	r = take_parts(request, &parts, a);
	if (r < 0)
		return r;
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
	c->settled = strdup(sight->view->name);
	r = xs_commit(c->control->xs, sight, &problems, &notes);
	if (problems.n) {
		set_list(&a->kv, "problem", &problems);
		return r;
	}
	set_list(&a->kv, "note", &notes);
	return r;
}

/* He whose install it is comes back after the worker before us has died. */
static int do_resume(struct connection *c, const struct kv *request, struct answer *a)
{
	const char *package = text(request, "package");
	int r;

	if (c->sight)
		return -EALREADY;
	r = xs_claim(c->control->xs, package, text(request, "token"), &c->sight, &a->problem);
	if (r == 0 && !c->sight)
		c->settled = strdup(package);
	return r < 0 ? r : kv_set(&a->kv, "install", c->sight ? "pending" : "committed");
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

static int do_aside(struct connection *c, const struct kv *request, struct answer *a)
{
	struct sight *sight = take_ptr(c->sight);
	autofree char *id = NULL;
	int r;

	(void)request;
	if (!sight)
		return -EINVAL;
	r = xs_aside(c->control->xs, sight, &id);
	return r < 0 ? r : kv_set(&a->kv, "layer", id);
}

static int do_remove(struct connection *c, const struct kv *request, struct answer *a)
{
	return xs_remove(c->control->xs, text(request, "package"), &a->problem);
}

static int do_rollback(struct connection *c, const struct kv *request, struct answer *a)
{
	return xs_rollback(c->control->xs, text(request, "package"), &a->problem);
}

static int do_restore(struct connection *c, const struct kv *request, struct answer *a)
{
	return xs_restore(c->control->xs, text(request, "layer"), &a->problem);
}

static int do_parts(struct connection *c, const struct kv *request, struct answer *a)
{
	cleanup(parts_release) struct parts parts = { 0 };
	int r = take_parts(request, &parts, a);

	return r < 0 ? r
		     : xs_set_parts(c->control->xs, text(request, "package"), &parts, &a->problem);
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

/* Another worker, of another program maybe, is to take the mount over. */
static int do_upgrade(struct connection *c, const struct kv *request, struct answer *a)
{
	const struct xs_events *events = &c->control->xs->events;

	(void)a;
	return events->upgrade ? events->upgrade(events->arg, text(request, "program"))
			       : -EOPNOTSUPP;
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
	{ "abort", do_abort },	   { "aside", do_aside },     { "base", do_base },
	{ "begin", do_begin },	   { "commit", do_commit },   { "gc", do_gc },
	{ "parts", do_parts },	   { "quit", do_quit },	      { "remove", do_remove },
	{ "restore", do_restore }, { "resume", do_resume },   { "rollback", do_rollback },
	{ "status", do_status },   { "upgrade", do_upgrade },
};

static int dispatch(struct connection *c, const struct kv *request, struct answer *a)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, text(request, "verb")) == 0)
			return verbs[i].call(c, request, a);
	return -ENOSYS;
}

/* `r` is what became of the request so far: one that cannot be read is answered, too. */
static int answer(struct connection *c, const struct kv *request, int r)
{
	struct answer a = { .fd = -1 };

	if (r == 0)
		r = dispatch(c, request, &a);
	if (kv_error(&a.kv)) /* half an answer is none */
		kv_release(&a.kv);
	kv_setf(&a.kv, "errno", "%d", -r);
	if (a.problem)
		set_text(&a.kv, "message", a.problem);
	r = message_send(c->socket, &a.kv, &a.fd, a.fd >= 0);
	kv_release(&a.kv);
	free(a.problem);
	return r;
}

static bool is_gone(int r)
{
	return r < 0 && r != -EBADMSG && r != -EMSGSIZE;
}

static void *serve(void *arg)
{
	struct connection *c = arg;
	int r;

	do {
		autokv struct kv request = { 0 };
		size_t n;

		r = message_receive(c->socket, &request, NULL, 0, &n);
		if (!is_gone(r))
			r = answer(c, &request, r);
		if (r == 0 && c->settled)
			xs_settled(c->control->xs, c->settled);
		free(c->settled);
		c->settled = NULL;
	} while (r == 0);
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

static int ms_until(time_t end)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec < end ? (int)(end - now.tv_sec) * 1000 : 0;
}

/* False: we are to stop. */
static bool wait_for_caller(struct control *control)
{
	struct pollfd p[] = { { .fd = control->stop, .events = POLLIN },
			      { .fd = control->pause ? -1 : control->socket, .events = POLLIN } };
	int limit = control->owners_until ? ms_until(control->owners_until) : -1;
	int n = poll(p, 2, control->pause ? PAUSE_MS : limit);

	control->pause = false;
	if (control->owners_until && ms_until(control->owners_until) == 0) {
		control->owners_until = 0; /* who has not come back does not */
		xs_abort_unclaimed(control->xs);
	}
	return n <= 0 || !p[0].revents;
}

static void accept_one(struct control *control)
{
	int fd = accept4(control->socket, NULL, NULL, SOCK_CLOEXEC);

	/* no descriptor, say: who calls is still there when there is one again */
	control->pause = fd < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED;
	reap(control);
	if (fd >= 0 && (!may_talk(fd) || start_connection(control, fd) < 0))
		close(fd);
}

static void *accept_all(void *arg)
{
	struct control *control = arg;

	xs_tell_again(control->xs);
	while (wait_for_caller(control))
		accept_one(control);
	return NULL;
}

int control_listen(int state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	autofd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	/* the state is locked by us, so an old socket is a dead daemon's */
	unlinkat(state, "control", 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/control", state);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    fchmodat(state, "control", 0600, 0) < 0 || listen(fd, SOMAXCONN) < 0)
		return -errno;
	return take_fd(&fd);
}

static int start_accepting(struct control *control)
{
	sigset_t all, old;
	int r;

	sigfillset(&all); /* signals are for the thread that waits for the end */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = -pthread_create(&control->thread, NULL, accept_all, control);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

int control_start(struct xs *xs, const struct control_options *options, struct control **ret)
{
	struct control *control = calloc(1, sizeof(*control));
	struct timespec now;
	int r;

	if (!control)
		return -ENOMEM;
	control->xs = xs;
	control->options = *options;
	control->socket = options->socket;
	control->stop = eventfd(0, EFD_CLOEXEC);
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (options->restarts)
		control->owners_until = now.tv_sec + OWNERS_SECONDS;
	pthread_mutex_init(&control->lock, NULL);
	r = control->stop < 0 ? -errno : start_accepting(control);
	if (r < 0) {
		if (control->stop >= 0)
			close(control->stop);
		free(control);
	} else {
		*ret = control;
	}
	return r;
}

void control_stop(struct control *control)
{
	if (!control)
		return;
	eventfd_write(control->stop, 1);
	pthread_join(control->thread, NULL);
	for (struct connection *c = control->connections, *next; c; c = next) {
		next = c->next;
		shutdown(c->socket, SHUT_RDWR);
		connection_free(c);
	}
	pthread_mutex_destroy(&control->lock);
	close(control->stop);
	free(control);
}
