// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/fuse/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
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
#include "fs/client/control.h"
#include "fs/fuse/daemon.h"
#include "fs/fuse/ops.h"
#include "fs/fuse/privileges.h"
#include "fs/fuse/session.h"
#include "fs/store/handover.h"
#include "fs/store/layer.h"
#include "fs/store/state.h"

enum {
	MAX_FAILURES = 20,  /* how often workers may die before they have served for a second */
	UPGRADE_MS = 10000, /* how long another program may take until it serves */
	LOOK_MS = 1000,	    /* how often the worker is looked at */
	MAX_HEADLESS = 2,   /* looks in a row: it dies thread by thread, and that takes a moment */
};

struct keeper {
	struct keeper_options options;
	struct state *state;
	struct handover *memory;
	struct fuse_session *se; /* has the descriptor of /dev/fuse; serves nothing */
	int control;
	int signals;   /* signalfd(2) */
	char *program; /* that workers are; NULL: what we are */

	pid_t worker, left; /* `left`: one that is dead but for a thread (is_headless); 0: none */
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
	close_range(DAEMON_LINK, ~0U, CLOSE_RANGE_CLOEXEC); /* libraries may forget to */
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

	kv_set(&kv, "state", k->state->path);
	kv_set(&kv, "mountpoint", k->options.mountpoint);
	kv_setf(&kv, "restarts", "%u", k->restarts);
	kv_set(&kv, "died", k->died);
	kv_set(&kv, "by-fault", k->by_fault ? "yes" : "no");
	kv_set(&kv, "quiet", k->options.quiet >= 0 ? "yes" : "no");
	if (k->options.options)
		kv_set(&kv, "options", k->options.options);
	return message_send(k->link, &kv, fds, DAEMON_FDS);
}

static int start_worker(struct keeper *k, const sigset_t *mask)
{
	int link[2];

	k->worker = -1;
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

/* It waits for a task that it will never have. */
static void stop_worker(struct keeper *k)
{
	if (k->worker > 0) {
		kill(k->worker, SIGKILL);
		waitpid(k->worker, NULL, 0);
	}
	close(take_fd(&k->link));
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

	if (read(k->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo != SIGCHLD)
		kill(k->worker, SIGTERM);
	else if (k->left && waitpid(k->left, NULL, WNOHANG) == k->left)
		k->left = 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A program that is not ours may never say that it serves, and everybody waits. */
static bool is_overdue(const struct keeper *k, int64_t started)
{
	return k->program && !k->ready && now_ms() > started + UPGRADE_MS;
}

/* Is its first thread gone? Who was killed while a thread tells the kernel something, for which the
 * kernel waits until a request is answered, does not die of it: that thread stays, and the link
 * open. Nothing says so (a pidfd neither), and only the next worker can answer. */
static bool is_headless(pid_t pid)
{
	char path[32], text[512];
	autofd int fd = -1;
	const char *end;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return false;
	text[n] = '\0';
	end = strrchr(text, ')'); /* of its name */
	return end && strncmp(end, ") Z", 3) == 0;
}

/* Hear what it says until it has died (true), or has to. */
static bool listen_to_worker(struct keeper *k, int64_t started)
{
	struct pollfd p[] = { { .fd = k->link, .events = POLLIN },
			      { .fd = k->signals, .events = POLLIN } };
	int headless = 0;

	while (headless < MAX_HEADLESS && !is_overdue(k, started)) {
		int n = poll(p, 2, LOOK_MS);

		if (n > 0 && p[0].revents && !hear(k))
			return true;
		if (n > 0 && p[1].revents)
			pass_signal(k);
		if (n == 0)
			headless = is_headless(k->worker) ? headless + 1 : 0;
	}
	return false;
}

static int wait_for_worker(struct keeper *k, int64_t started)
{
	int status = SIGKILL; /* as waitpid(2) has it */

	if (!listen_to_worker(k, started) && is_headless(k->worker)) {
		k->left = k->worker;
	} else {
		if (is_overdue(k, started))
			kill(k->worker, SIGKILL);
		while (waitpid(k->worker, &status, 0) < 0 && errno == EINTR)
			;
	}
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
static bool goes_on(struct keeper *k, int status, int64_t started)
{
	if (!k->ready && k->program) { /* an upgrade that does not work: back to what we are */
		note_death(k, status);
		free(k->program);
		k->program = NULL;
		return k->outlives;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return false;
	note_death(k, status);
	k->failures = k->ready && now_ms() > started + 1000 ? 0 : k->failures + 1;
	return k->outlives && k->failures < MAX_FAILURES;
}

static int keep(struct keeper *k, const sigset_t *mask)
{
	int status;

	for (;;) {
		int64_t started = now_ms();
		int r = start_worker(k, mask);

		if (r < 0) {
			stop_worker(k);
			return log_errno(r, "cannot start the daemon");
		}
		status = wait_for_worker(k, started);
		if (!goes_on(k, status, started))
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
	int r = geteuid() == 0 ? privileges_drop() : 0;

	if (r == 0)
		r = catch_signals(k, before);
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
