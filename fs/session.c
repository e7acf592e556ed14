// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/session.h"

#include <errno.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/handover.h"
#include "fs/ops.h"

/* Enough that some copy-ups and syncs leave others free; more do not make one client faster. */
enum { THREADS = 10 };

struct worker {
	struct loop *loop;
	pthread_t thread;
	struct fuse_buf buf; /* here, since a cancelled thread frees nothing */
};

struct loop {
	struct fuse_session *se;
	struct xs *xs;
	sem_t ended; /* one worker has */
	struct worker workers[THREADS];
	size_t n;
	struct handover_request before[HANDOVER_REQUESTS]; /* what the worker before us was at */
};

_Static_assert((int)THREADS <= (int)HANDOVER_REQUESTS, "each thread has one request");

/* ---- requests that outlive their worker ---- */

/* Since Linux 6.9, which the headers of Debian 12 do not know: linux/fuse.h has them as
 * FUSE_UNIQUE_RESEND, FUSE_HAS_RESEND (bit 39 of the flags) and FUSE_NOTIFY_RESEND. */
#define UNIQUE_RESEND (UINT64_C(1) << 63)
#define HAS_RESEND    (UINT32_C(1) << (39 - 32))
enum { NOTIFY_RESEND = 7 };

/* How many workers may fail at a request before it is refused. */
enum { MAX_DEATHS = 3 };

static __thread bool is_again;

bool session_is_again(void)
{
	return is_again;
}

bool session_can_resend(const struct handover *memory)
{
	const struct fuse_in_header *in = (const void *)memory->head->init;
	const struct fuse_init_in *init = (const void *)(in + 1);

	return memory->head->init_size >= sizeof(*in) + sizeof(*init) &&
	       init->flags & FUSE_INIT_EXT && init->flags2 & HAS_RESEND;
}

static void keep_init(struct handover_head *head, const struct fuse_buf *buf)
{
	if (buf->size > sizeof(head->init))
		return;
	memcpy(head->init, buf->mem, buf->size);
	head->init_size = buf->size;
}

/* The request as a worker before us has noted it; NULL: none has begun it. */
static const struct handover_request *begun_before(const struct loop *loop,
						   const struct fuse_in_header *in)
{
	if (!(in->unique & UNIQUE_RESEND))
		return NULL;
	for (size_t i = 0; i < HANDOVER_REQUESTS; i++)
		if (loop->before[i].unique == (in->unique & ~UNIQUE_RESEND))
			return &loop->before[i];
	return NULL;
}

/* Those without an answer are not sent again. */
static bool has_answer(uint32_t opcode)
{
	return opcode != FUSE_FORGET && opcode != FUSE_BATCH_FORGET && opcode != FUSE_INTERRUPT;
}

/* Note that this thread is at it. */
static void note(struct handover_request *slot, const struct fuse_buf *buf,
		 const struct handover_request *before)
{
	const struct fuse_in_header *in = buf->mem;

	slot->node = in->nodeid;
	slot->opcode = in->opcode;
	slot->deaths = before ? before->deaths : 0;
	slot->size = 0;
	if (ops_again_wants_body(in->opcode) && buf->size <= sizeof(slot->body)) {
		memcpy(slot->body, buf->mem, buf->size);
		slot->size = buf->size;
	}
	__atomic_store_n(&slot->unique, in->unique & ~UNIQUE_RESEND, __ATOMIC_RELEASE);
}

static void reply_error(struct fuse_session *se, const struct fuse_in_header *in, int r)
{
	struct fuse_out_header out = { .len = sizeof(out), .error = r, .unique = in->unique };

	/* no one is left to be told if this fails */
	if (write(fuse_session_fd(se), &out, sizeof(out)) < 0)
		return;
}

/* ---- the connection ---- */

#ifdef FUSE_CAP_HANDLE_KILLPRIV_V2

void session_want_killpriv(struct fuse_conn_info *conn)
{
	conn->want |= conn->capable & FUSE_CAP_HANDLE_KILLPRIV_V2;
}

/* See fuse_session_mount on such paths. */
int session_attach(struct fuse_session *se, int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	return fuse_session_mount(se, path) < 0 ? -EIO : 0;
}

#else /* libfuse 3.14 does not know the flag: it is put into the answer to the kernel's hello */

void session_want_killpriv(struct fuse_conn_info *conn)
{
	(void)conn;
}

static void amend_hello(const struct handover_head *head, const struct iovec *iov, int n)
{
	const struct fuse_out_header *out = iov[0].iov_base;
	const struct fuse_in_header *in = (const void *)head->init;
	const struct fuse_init_in *offered = (const void *)(in + 1);
	struct fuse_init_out *hello;

	if (!head->init_size || out->unique != in->unique || n < 2 ||
	    iov[1].iov_len < offsetof(struct fuse_init_out, max_background))
		return;
	hello = iov[1].iov_base;
	hello->flags |= offered->flags & FUSE_HANDLE_KILLPRIV_V2;
}

static ssize_t write_answer(int fd, struct iovec *iov, int n, void *userdata)
{
	const struct xs *xs = userdata;

	amend_hello(xs->nodes.memory->head, iov, n);
	return writev(fd, iov, n);
}

static ssize_t read_request(int fd, void *buf, size_t size, void *userdata)
{
	(void)userdata;
	return read(fd, buf, size);
}

int session_attach(struct fuse_session *se, int fd)
{
	static const struct fuse_custom_io io = { .writev = write_answer, .read = read_request };

	return fuse_session_custom_io(se, &io, fd);
}

#endif

/* ---- the loop ---- */

static void process(struct worker *worker, const struct handover_request *before)
{
	struct loop *loop = worker->loop;
	const struct fuse_in_header *in = worker->buf.mem;

	if (before && before->done)
		reply_error(loop->se, in, 0);
	else if (before && before->deaths >= MAX_DEATHS)
		reply_error(loop->se, in, -EIO);
	else if (!ops_tmpfile_request(loop->se, loop->xs, &worker->buf) &&
		 !ops_statx_request(loop->se, loop->xs, &worker->buf)) {
		ops_privileges_request(loop->se, loop->xs, &worker->buf);
		fuse_session_process_buf(loop->se, &worker->buf);
	}
}

static void handle(struct worker *worker)
{
	struct loop *loop = worker->loop;
	struct handover_head *head = loop->xs->nodes.memory->head;
	struct handover_request *slot = &head->requests[worker - loop->workers];
	const struct fuse_in_header *in = worker->buf.mem;
	const struct handover_request *before = begun_before(loop, in);

	requests_count(&loop->xs->requests, in->opcode);
	if (in->opcode == FUSE_INIT)
		keep_init(head, &worker->buf);
	if (has_answer(in->opcode))
		note(slot, &worker->buf, before);
	is_again = before;
	process(worker, before);
	is_again = false;
	__atomic_store_n(&slot->unique, 0, __ATOMIC_RELEASE);
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct loop *loop = worker->loop;
	int r, old;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	while (!fuse_session_exited(loop->se)) {
		pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
		r = fuse_session_receive_buf(loop->se, &worker->buf);
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
		if (r == -EINTR)
			continue;
		if (r <= 0)
			break;
		handle(worker);
	}
	sem_post(&loop->ended);
	return NULL;
}

/* Signals are for the thread that waits. */
static int start(struct loop *loop)
{
	sigset_t all, old;
	int r = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	while (r == 0 && loop->n < THREADS) {
		struct worker *worker = &loop->workers[loop->n];

		worker->loop = loop;
		r = -pthread_create(&worker->thread, NULL, work, worker);
		loop->n += r == 0;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return loop->n ? 0 : r;
}

/* Take the notes of the worker before us, and see what it had done. */
static void take_notes(struct loop *loop)
{
	struct handover_head *head = loop->xs->nodes.memory->head;

	memcpy(loop->before, head->requests, sizeof(loop->before));
	memset(head->requests, 0, sizeof(head->requests));
	for (size_t i = 0; i < HANDOVER_REQUESTS; i++) {
		struct handover_request *before = &loop->before[i];

		if (!before->unique)
			continue;
		before->deaths += head->by_fault;
		before->done = ops_again_settle(loop->xs, before);
	}
}

int session_resume(struct fuse_session *se, struct xs *xs)
{
	struct handover_head *head = xs->nodes.memory->head;
	struct fuse_out_header out = { .len = sizeof(out), .error = NOTIFY_RESEND };
	struct fuse_buf buf = { .mem = head->init, .size = head->init_size };

	/* the kernel does not wait for this answer any more, and ignores it */
	fuse_session_process_buf(se, &buf);
	return write(fuse_session_fd(se), &out, sizeof(out)) < 0 ? -errno : 0;
}

static int run(struct loop *loop)
{
	int r;

	sem_init(&loop->ended, 0, 0);
	r = start(loop);
	if (r == 0)
		while (sem_wait(&loop->ended) < 0 && !fuse_session_exited(loop->se))
			;
	fuse_session_exit(loop->se);
	for (size_t i = 0; i < loop->n; i++)
		pthread_cancel(loop->workers[i].thread); /* where it waits for a request */
	for (size_t i = 0; i < loop->n; i++) {
		pthread_join(loop->workers[i].thread, NULL);
		free(loop->workers[i].buf.mem);
	}
	sem_destroy(&loop->ended);
	return r;
}

int session_loop(struct fuse_session *se, struct xs *xs)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	int r;

	if (!loop)
		return -ENOMEM;
	loop->se = se;
	loop->xs = xs;
	take_notes(loop);
	r = run(loop);
	free(loop);
	return r;
}

int session_loop_rings(struct fuse_session *se)
{
	/* few: only what says that something is forgotten comes by /dev/fuse */
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	int r;

	if (!config)
		return -ENOMEM;
	fuse_loop_cfg_set_max_threads(config, 2);
	r = fuse_session_loop_mt(se, config);
	fuse_loop_cfg_destroy(config);
	return r;
}

/* ---- the session itself ---- */

/* fusermount and libfuse cut options at commas and undo backslashes. */
static char *escape(const char *s)
{
	char *out = malloc(strlen(s) * 2 + 1), *p = out;

	if (!out)
		return NULL;
	for (; *s; s++) {
		if (*s == ',' || *s == '\\')
			*p++ = '\\';
		*p++ = *s;
	}
	*p = '\0';
	return out;
}

static int mount_options(const char *state, const char *options, struct fuse_args *args)
{
	autofree char *name = escape(state);
	autofree char *all = NULL;

	if (!name || asprintf(&all, "default_permissions,subtype=xsysfs,fsname=%s%s%s", name,
			      options ? "," : "", options ? options : "") < 0)
		return -ENOMEM;
	if (fuse_opt_add_arg(args, "xsysfs") < 0 || fuse_opt_add_arg(args, "-o") < 0 ||
	    fuse_opt_add_arg(args, all) < 0)
		return -ENOMEM;
	return 0;
}

struct fuse_session *session_new(const char *state, const char *options,
				 const struct fuse_lowlevel_ops *ops, size_t size, void *userdata)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse_session *se = NULL;

	if (mount_options(state, options, &args) == 0)
		se = fuse_session_new(&args, ops, size, userdata);
	fuse_opt_free_args(&args);
	return se;
}
