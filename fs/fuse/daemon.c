// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/fuse/daemon.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/message.h"
#include "fs/client/control.h"
#include "fs/fuse/fuse_uring.h"
#include "fs/fuse/ops.h"
#include "fs/fuse/options.h"
#include "fs/fuse/privileges.h"
#include "fs/fuse/session.h"
#include "fs/store/handover.h"
#include "fs/store/inode32.h"
#include "fs/store/state.h"
#include "fs/view/mirror.h"

/* What the keeper has given us. */
struct task {
	struct kv kv;
	int fuse, memory, lock, base, control; /* -1: handed on */
};

/* The one worker that this process is: what FUSE's callbacks cannot be given. */
static struct {
	struct xs *xs;
	pthread_t main_thread;
	bool quiet;
	bool uring;	  /* requests come by io_uring */
	bool can_resend;  /* atomic: the kernel can; known with its hello */
	bool keeper_gone; /* atomic */
	bool again;	  /* atomic: end, so that another worker starts */
} worker;

/* Does the mount live on when we die? */
static bool outlives(void)
{
	return !worker.uring && !__atomic_load_n(&worker.keeper_gone, __ATOMIC_RELAXED) &&
	       __atomic_load_n(&worker.can_resend, __ATOMIC_RELAXED);
}

static int tell_keeper(const char *verb, const char *key, const char *value)
{
	autokv struct kv kv = { 0 };
	int r;

	kv_set(&kv, "verb", verb);
	kv_set(&kv, key, value);
	r = message_send(DAEMON_LINK, &kv, NULL, 0);
	if (r == -EPIPE || r == -ECONNRESET)
		__atomic_store_n(&worker.keeper_gone, true, __ATOMIC_RELAXED);
	return r;
}

static void be_quiet(void)
{
	FILE *null = fopen("/dev/null", "we");

	if (!null)
		return;
	dup2(fileno(null), STDOUT_FILENO);
	dup2(fileno(null), STDERR_FILENO);
	fclose(null);
}

/* The kernel has said hello: whoever started us may go on. */
static void tell_ready(void)
{
	__atomic_store_n(&worker.can_resend, session_can_resend(worker.xs->nodes.memory),
			 __ATOMIC_RELAXED);
	tell_keeper("ready", "outlives", outlives() ? "yes" : "no");
	if (worker.quiet)
		be_quiet();
}

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	(void)userdata;
	/* With OPEN never sent, a truncation that rides on it would be lost: have it as SETATTR. */
	conn->want &= ~FUSE_CAP_ATOMIC_O_TRUNC;
	/* Version 2 of this is better: see ops_privileges.c. What comes by rings does not pass
	 * there: the kernel takes setuid bits away itself, by SETATTR before the write. */
	conn->want &= ~FUSE_CAP_HANDLE_KILLPRIV;
	session_want(conn, !worker.uring);
	/* A new mtime is our own write's: keep what the kernel has cached of it. What changes
	 * otherwise we tell. */
	conn->want &= ~FUSE_CAP_AUTO_INVAL_DATA;
	/* It saves one copy of a long write, and costs every request a look at all of a pipe. */
	conn->want &= ~FUSE_CAP_SPLICE_READ;
	/* ACLs are checked by the kernel, and a default one is looked at before the umask: by us.
	 */
	conn->want |= conn->capable & (FUSE_CAP_POSIX_ACL | FUSE_CAP_DONT_MASK);
	conn->want |= conn->capable & FUSE_CAP_EXPLICIT_INVAL_DATA;
	conn->want |= conn->capable & FUSE_CAP_CACHE_SYMLINKS;
	conn->want |= conn->capable & FUSE_CAP_PARALLEL_DIROPS;
	tell_ready();
}

static void entry_changed(void *arg, uint64_t dir, const char *name)
{
	fuse_lowlevel_notify_inval_entry(arg, dir, name, strlen(name));
}

static int node_changed(void *arg, uint64_t id)
{
	return fuse_lowlevel_notify_inval_inode(arg, id, 0, 0);
}

/* It may know nothing of the node any more. */
static void node_contents(void *arg, uint64_t id, const void *mem, size_t size)
{
	struct fuse_bufvec buf = FUSE_BUFVEC_INIT(size);

	buf.buf[0].mem = (void *)mem;
	fuse_lowlevel_notify_store(arg, id, 0, &buf, 0);
}

/* A signal to the thread that waits for the end is how libfuse is told. */
static void quit(void *arg)
{
	(void)arg;
	pthread_kill(worker.main_thread, SIGTERM);
}

static int upgrade(void *arg, const char *program)
{
	int r = outlives() ? tell_keeper("program", "path", program) : -EOPNOTSUPP;

	if (r < 0)
		return r;
	__atomic_store_n(&worker.again, true, __ATOMIC_RELEASE);
	quit(arg);
	return 0;
}

static struct fuse_session *new_session(const char *options)
{
	struct fuse_lowlevel_ops ops = { .init = op_init };

	ops_node_register(&ops);
	ops_name_register(&ops);
	ops_dir_register(&ops);
	ops_data_register(&ops);
	ops_xattr_register(&ops);
	ops_tmpfile_register(&ops);
	ops_statx_register(&ops);
	return session_new(worker.xs->state->path, options, &ops, sizeof(ops), worker.xs);
}

static const char *text(const struct task *task, const char *key)
{
	const char *value = kv_get(&task->kv, key);

	return value ? value : "";
}

static int answer(struct fuse_session *se, struct task *task)
{
	struct xs *xs = worker.xs;
	struct control_options options = {
		.mountpoint = text(task, "mountpoint"),
		.socket = task->control,
		.keeper = getppid(),
		.restarts = atoi(text(task, "restarts")),
		.died = text(task, "died"),
		.transport = worker.uring ? "io_uring" : "/dev/fuse",
		.inode32 = xs->inode32,
		.outlives = outlives,
	};
	struct control *control = NULL;
	int r = session_attach(se, take_fd(&task->fuse));

	xs->events = (struct xs_events){ entry_changed, node_changed, quit, upgrade, se };
	xs->nodes.memory->head->by_fault = strcmp(text(task, "by-fault"), "yes") == 0;
	if (r == 0 && xs->nodes.memory->head->init_size)
		r = session_resume(se, xs);
	if (r < 0)
		return log_errno(r, "cannot serve '%s'", options.mountpoint);
	r = xs_start_telling(xs);
	if (r < 0)
		return log_errno(r, "cannot serve '%s'", options.mountpoint);
	/* whose READ comes by a ring may be waiting behind the one that we wait for */
	if (!worker.uring)
		ahead_serve(&xs->ahead, node_contents, se); /* or else the kernel asks */
	r = control_start(xs, &options, &control);
	if (r < 0)
		return log_errno(r, "cannot listen at '%s/control'", xs->state->path);
	r = worker.uring ? session_loop_rings(se) : session_loop(se, xs);
	if (__atomic_load_n(&worker.again, __ATOMIC_ACQUIRE))
		_exit(DAEMON_AGAIN); /* all that we leave is for the next worker */
	control_stop(control);
	mirror_stop(xs->mirror);
	return r;
}

static int serve(struct task *task)
{
	autofree char *options = strdup(text(task, "options"));
	struct fuse_session *se = new_session(kv_get(&task->kv, "options"));
	int r = 0;

	if (!se || !options)
		return -EIO;
	worker.uring = options_take(options, "io_uring");
	if (options_take(options, "inode32"))
		r = inode32_new(worker.xs->nodes.memory, &worker.xs->inode32);
	if (r == 0 && fuse_set_signal_handlers(se) < 0)
		r = -EIO;
	if (r == 0) {
		r = answer(se, task);
		fuse_remove_signal_handlers(se);
	}
	fuse_session_destroy(se);
	return r;
}

static int open_views(struct task *task)
{
	autofree char *problem = NULL;
	struct handover *memory = NULL;
	struct state *state = NULL;
	int r;

	r = state_open_again(text(task, "state"), take_fd(&task->lock), &state, &problem);
	if (r == 0)
		r = state_set_base_fd(state, take_fd(&task->base));
	if (r == 0)
		r = handover_attach(take_fd(&task->memory), nodes_record_size, &memory);
	if (r < 0) {
		state_close(state);
		return log_errno(r, "%s",
				 problem	? problem
				 : r == -EPROTO ? "the worker before was of another version"
						: "cannot open the state");
	}
	r = xs_new(state, memory, &worker.xs);
	if (r < 0)
		log_errno(r, "cannot open the views of '%s'", text(task, "mountpoint"));
	return r;
}

static int receive(struct task *task)
{
	int fds[DAEMON_FDS];
	size_t n = 0;
	int r = message_receive(DAEMON_LINK, &task->kv, fds, DAEMON_FDS, &n);

	if (r < 0 || n != DAEMON_FDS)
		return log_error("'serve' is for xsysfs itself: use 'xsysfs mount'");
	task->fuse = fds[0];
	task->memory = fds[1];
	task->lock = fds[2];
	task->base = fds[3];
	task->control = fds[4];
	return 0;
}

int daemon_main(void)
{
	struct task task = { .fuse = -1, .memory = -1, .lock = -1, .base = -1, .control = -1 };
	int r;

	umask(0); /* the kernel has applied the caller's */
	worker.main_thread = pthread_self();
	r = receive(&task);
	if (r < 0)
		return 2;
	worker.quiet = strcmp(text(&task, "quiet"), "yes") == 0;
	r = privileges_drop();
	if (r < 0)
		log_errno(r, "cannot give up privileges");
	if (r == 0)
		r = open_views(&task);
	if (r == 0)
		r = serve(&task);
	xs_free(worker.xs);
	kv_release(&task.kv);
	return r < 0 ? 1 : 0;
}
