// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/message.h"
#include "fs/control.h"
#include "fs/daemon.h"
#include "fs/handover.h"
#include "fs/layer.h"
#include "fs/ops.h"
#include "fs/session.h"
#include "fs/state.h"

/* How often workers may die before they have served for a second. */
enum { MAX_FAILURES = 20 };

struct keeper {
	struct keeper_options options;
	struct state *state;
	struct handover *memory;
	struct fuse_session *se; /* has the descriptor of /dev/fuse; serves nothing */
	int control;
	int signals;   /* signalfd(2) */
	char *program; /* that workers are; NULL: what we are */

	pid_t worker;
	int link;
	bool ready, outlives; /* what the worker has said */
	unsigned restarts, failures;
	char died[64]; /* of what the last one did */
	bool by_fault;
};

static int fuse_fd(const struct keeper *k)
{
	return fuse_session_fd(k->se);
}

/* ---- a worker is started ---- */

static void exec_worker(const struct keeper *k, int link, const sigset_t *mask)
{
	char *const argv[] = { "xsysfs", "serve", (char *)k->options.mountpoint, NULL };

	sigprocmask(SIG_SETMASK, mask, NULL);
	if (dup2(link, DAEMON_LINK) < 0 || (link == DAEMON_LINK && fcntl(link, F_SETFD, 0) < 0))
		_exit(126);
	if (k->program)
		execv(k->program, argv);
	execv("/proc/self/exe", argv); /* also when the file has been replaced meanwhile */
	log_errno(-errno, "cannot start the daemon");
	_exit(127);
}

static int send_task(const struct keeper *k)
{
	const int fds[DAEMON_FDS] = { fuse_fd(k), k->memory->fd, k->state->lock, k->state->base->fd,
				      k->control };
	autokv struct kv kv = { 0 };
	int r;

	if ((r = kv_set(&kv, "state", k->state->path)) < 0 ||
	    (r = kv_set(&kv, "mountpoint", k->options.mountpoint)) < 0 ||
	    (r = kv_setf(&kv, "restarts", "%u", k->restarts)) < 0 ||
	    (r = kv_set(&kv, "died", k->died)) < 0 ||
	    (r = kv_set(&kv, "by-fault", k->by_fault ? "yes" : "no")) < 0 ||
	    (r = kv_set(&kv, "quiet", k->options.quiet >= 0 ? "yes" : "no")) < 0)
		return r;
	if (k->options.options && (r = kv_set(&kv, "options", k->options.options)) < 0)
		return r;
	return message_send(k->link, &kv, fds, DAEMON_FDS);
}

static int start_worker(struct keeper *k, const sigset_t *mask)
{
	int link[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, link) < 0)
		return -errno;
	k->ready = false;
	k->worker = fork();
	if (k->worker == 0)
		exec_worker(k, link[1], mask);
	close(link[1]);
	k->link = link[0];
	return k->worker < 0 ? -errno : send_task(k);
}

/* ---- while it serves ---- */

static void tell_ready(struct keeper *k)
{
	struct keeper_options *o = &k->options;

	if (o->ready >= 0 && write(o->ready, "", 1) != 1)
		log_errno(-errno, "cannot tell that the mount is ready");
	if (o->ready >= 0)
		close(take_fd(&o->ready));
	if (o->quiet >= 0) {
		dup2(o->quiet, STDOUT_FILENO);
		dup2(o->quiet, STDERR_FILENO);
	}
}

static const char *text(const struct kv *kv, const char *key)
{
	const char *value = kv_get(kv, key);

	return value ? value : "";
}

/* False: the worker has closed its end. */
static bool hear(struct keeper *k)
{
	autokv struct kv kv = { 0 };
	size_t n;
	int r = message_receive(k->link, &kv, NULL, 0, &n);

	if (r < 0)
		return r == -EBADMSG || r == -EMSGSIZE;
	if (strcmp(text(&kv, "verb"), "ready") == 0) {
		k->ready = true;
		k->outlives = strcmp(text(&kv, "outlives"), "yes") == 0;
		tell_ready(k);
	} else if (strcmp(text(&kv, "verb"), "program") == 0) {
		free(k->program);
		k->program = strdup(text(&kv, "path"));
	}
	return true;
}

/* Who asks us to end means the worker, which does it in good order. */
static void pass_signal(struct keeper *k)
{
	struct signalfd_siginfo info;

	if (read(k->signals, &info, sizeof(info)) == sizeof(info) && info.ssi_signo != SIGCHLD)
		kill(k->worker, SIGTERM);
}

static int wait_for_worker(struct keeper *k)
{
	struct pollfd p[] = { { .fd = k->link, .events = POLLIN },
			      { .fd = k->signals, .events = POLLIN } };
	int status = 0;

	while (poll(p, 2, -1) < 0 || !p[0].revents || hear(k))
		if (p[1].revents)
			pass_signal(k);
	while (waitpid(k->worker, &status, 0) < 0 && errno == EINTR)
		;
	close(take_fd(&k->link));
	return status;
}

/* ---- when it has died ---- */

static void note_death(struct keeper *k, int status)
{
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	k->by_fault = signal != SIGKILL;
	if (signal)
		snprintf(k->died, sizeof(k->died), "signal %d (%s)", signal,
			 sigdescr_np(signal) ? sigdescr_np(signal) : "?");
	else if (WEXITSTATUS(status) == DAEMON_AGAIN)
		snprintf(k->died, sizeof(k->died), "upgrade");
	else
		snprintf(k->died, sizeof(k->died), "exit status %d", WEXITSTATUS(status));
}

/* Is there to be another one? */
static bool goes_on(struct keeper *k, int status, time_t started)
{
	struct timespec now;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return false;
	note_death(k, status);
	if (!k->ready && k->program) { /* an upgrade that does not work: back to what we are */
		free(k->program);
		k->program = NULL;
		return k->outlives;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	k->failures = k->ready && now.tv_sec > started ? 0 : k->failures + 1;
	return k->outlives && k->failures < MAX_FAILURES;
}

static int keep(struct keeper *k, const sigset_t *mask)
{
	int status;

	for (;;) {
		struct timespec started;
		int r;

		clock_gettime(CLOCK_MONOTONIC, &started);
		r = start_worker(k, mask);
		if (k->worker < 0)
			return log_errno(r, "cannot start the daemon");
		status = wait_for_worker(k);
		if (!goes_on(k, status, started.tv_sec))
			break;
		k->restarts++;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

/* ---- from the first to the last ---- */

static int mount_it(struct keeper *k)
{
	/* none is ever called, but libfuse wants a table */
	struct fuse_lowlevel_ops none = { 0 };

	k->se = session_new(k->state->path, k->options.options, &none, sizeof(none), NULL);
	if (!k->se)
		return -EIO;
	return fuse_session_mount(k->se, k->options.mountpoint) < 0 ? -EIO : 0;
}

static int catch_signals(struct keeper *k, sigset_t *before)
{
	static const int caught[] = { SIGCHLD, SIGHUP, SIGINT, SIGTERM };
	sigset_t set;

	signal(SIGXFSZ, SIG_IGN); /* a limit on files is EFBIG, for workers too (execve(2)) */
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
		sigaddset(&set, caught[i]);
	if (sigprocmask(SIG_BLOCK, &set, before) < 0)
		return -errno;
	k->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return k->signals < 0 ? -errno : 0;
}

static int prepare(struct keeper *k, sigset_t *before)
{
	int r = catch_signals(k, before);

	if (r == 0)
		r = handover_new(nodes_record_size, &k->memory);
	if (r == 0)
		r = k->control = control_listen(k->state->fd);
	if (r < 0)
		return log_errno(r, "cannot start the daemon of '%s'", k->options.mountpoint);
	return mount_it(k);
}

int keeper_run(struct state *state, const struct keeper_options *options)
{
	struct keeper k = {
		.options = *options, .state = state, .control = -1, .signals = -1, .link = -1
	};
	sigset_t before;
	int r = prepare(&k, &before);

	if (r == 0) {
		r = keep(&k, &before);
		/* a dead mount answers ENOTCONN; without it, a build would write into the folder
		 * beneath */
		if (r == 0 || !k.ready)
			fuse_session_unmount(k.se);
	}
	if (k.se)
		fuse_session_destroy(k.se);
	if (k.control >= 0) {
		unlinkat(state->fd, "control", 0);
		close(k.control);
	}
	if (k.signals >= 0)
		close(k.signals);
	handover_free(k.memory);
	free(k.program);
	state_close(state);
	return r;
}
