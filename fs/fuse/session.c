// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/fuse/session.h"

#include <errno.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/strv.h"
#include "fs/base/text.h"
#include "fs/fuse/ops.h"
#include "fs/fuse/options.h"
#include "fs/store/handover.h"
#include "fs/store/underway.h"
#include "fs/view/mirror.h"

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
	struct worker workers[THREADS];
	size_t n;
};

/* A worker has ended, or somebody has asked for the end: by a signal, even when no loop runs any
 * more. */
static sem_t over;

_Static_assert((int)THREADS <= (int)UNDERWAY_THREADS, "each thread has one request");

/* ---- requests that outlive their worker ---- */

/* Since Linux 6.9, which the headers of Debian 12 do not know: linux/fuse.h has them as
 * FUSE_HAS_RESEND (bit 39 of the flags) and FUSE_NOTIFY_RESEND. */
#define HAS_RESEND (UINT32_C(1) << (39 - 32))
enum { NOTIFY_RESEND = 7 };

/* The same, FUSE_NO_EXPORT_SUPPORT. */
#define NO_EXPORT_SUPPORT (UINT32_C(1) << (38 - 32))

static __thread bool is_again;
static __thread struct handover_request *under_way;

bool session_is_again(void)
{
	return is_again;
}

uint64_t *session_moving(void)
{
	return under_way ? &under_way->moving : NULL;
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

/* Those without an answer are not sent again. */
static bool has_answer(uint32_t opcode)
{
	return opcode != FUSE_FORGET && opcode != FUSE_BATCH_FORGET && opcode != FUSE_INTERRUPT;
}

static void reply_error(struct fuse_session *se, const struct fuse_in_header *in, int r)
{
	struct fuse_out_header out = { .len = sizeof(out), .error = r, .unique = in->unique };

	/* no one is left to be told if this fails */
	if (write(fuse_session_fd(se), &out, sizeof(out)) < 0)
		return;
}

/* ---- the connection ---- */

#if defined(FUSE_CAP_HANDLE_KILLPRIV_V2) && defined(FUSE_CAP_NO_EXPORT_SUPPORT)

void session_want(struct fuse_conn_info *conn, bool killpriv)
{
	uint64_t want = FUSE_CAP_NO_EXPORT_SUPPORT | (killpriv ? FUSE_CAP_HANDLE_KILLPRIV_V2 : 0);

	conn->want |= conn->capable & want;
}

/* See fuse_session_mount on such paths. */
int session_attach(struct fuse_session *se, int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	return fuse_session_mount(se, path) < 0 ? -EIO : 0;
}

#else /* libfuse 3.14 does not know the flags: they are put into the answer to the kernel's hello \
       */

/* It has no requests by io_uring either: what those do without is wanted. */
void session_want(struct fuse_conn_info *conn, bool killpriv)
{
	(void)conn;
	(void)killpriv;
}

static void amend_hello(const struct handover_head *head, const struct iovec *iov, int n)
{
	const struct fuse_out_header *out = iov[0].iov_base;
	const struct fuse_in_header *in = (const void *)head->init;
	const struct fuse_init_in *offered = (const void *)(in + 1);
	struct fuse_init_out *hello;

	if (!head->init_size || out->unique != in->unique || n < 2 ||
	    iov[1].iov_len < offsetof(struct fuse_init_out, unused))
		return;
	hello = iov[1].iov_base;
	hello->flags |= offered->flags & FUSE_HANDLE_KILLPRIV_V2;
	if (hello->flags & FUSE_INIT_EXT)
		hello->flags2 |= offered->flags2 & NO_EXPORT_SUPPORT;
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

static void process(struct worker *worker, const struct handover_request *request)
{
	struct loop *loop = worker->loop;
	const struct fuse_in_header *in = worker->buf.mem;

	if (request && request->done) {
		mirror_settle(loop->xs->mirror);
		reply_error(loop->se, in, 0);
	} else if (request && request->deaths >= UNDERWAY_DEATHS) {
		reply_error(loop->se, in, -EIO);
	} else if (!ops_tmpfile_request(loop->se, loop->xs, &worker->buf) &&
		   !ops_statx_request(loop->se, loop->xs, &worker->buf)) {
		ops_privileges_request(loop->se, loop->xs, &worker->buf);
		fuse_session_process_buf(loop->se, &worker->buf);
	}
}

static void handle(struct worker *worker)
{
	struct loop *loop = worker->loop;
	struct handover_head *head = loop->xs->nodes.memory->head;
	const struct fuse_in_header *in = worker->buf.mem;

	requests_count(&loop->xs->requests, in->opcode);
	if (in->opcode == FUSE_INIT)
		keep_init(head, &worker->buf);
	if (has_answer(in->opcode))
		under_way = underway_begin(head, worker - loop->workers, in, worker->buf.size,
					   ops_again_wants_body(in->opcode), &is_again);
	if (is_again && ops_again_changes(in->opcode))
		mirror_was_changed();
	process(worker, under_way);
	if (under_way)
		underway_end(under_way);
	under_way = NULL;
	is_again = false;
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
	sem_post(&over);
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

/* Was it all but answered? */
static int settle(void *arg, const struct handover_request *request)
{
	struct xs *xs = arg;

	if (ops_again_changes(request->opcode))
		mirror_all(xs->mirror);
	return ops_again_settle(xs, request);
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

static void ask(int number)
{
	int saved = errno;

	(void)number;
	sem_post(&over);
	errno = saved;
}

/* libfuse's own handler has the session end at once, and what it has just received is lost. */
static void heed_signals(void)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction action = { .sa_handler = ask, .sa_flags = SA_RESTART };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		sigaction(numbers[i], &action, NULL);
}

static int run(struct loop *loop)
{
	int r;

	sem_init(&over, 0, 0);
	heed_signals();
	r = start(loop);
	if (r == 0 && !fuse_session_exited(loop->se))
		while (sem_wait(&over) < 0)
			;
	ahead_stop(&loop->xs->ahead); /* it may be waiting for a request that we answer */
	fuse_session_exit(loop->se);
	for (size_t i = 0; i < loop->n; i++)
		pthread_cancel(loop->workers[i].thread); /* where it waits for a request */
	for (size_t i = 0; i < loop->n; i++) {
		pthread_join(loop->workers[i].thread, NULL);
		free(loop->workers[i].buf.mem);
	}
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
	underway_take(xs->nodes.memory->head, settle, xs);
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

static void say_nothing(enum fuse_log_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
}

/* As libfuse sees it, which also knows what it hands on to the kernel. */
static bool is_taken(const char *option)
{
	struct fuse_lowlevel_ops none = { 0 };
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse_session *se = NULL;

	if (fuse_opt_add_arg(&args, "xsysfs") == 0 && fuse_opt_add_arg(&args, "-o") == 0 &&
	    fuse_opt_add_arg(&args, option) == 0)
		se = fuse_session_new(&args, &none, sizeof(none), NULL);
	fuse_opt_free_args(&args);
	if (se)
		fuse_session_destroy(se);
	return se;
}

int session_unknown_option(const char *options, char **ret)
{
	autofree char *theirs = strdup(options);
	autostrv struct strv words = { 0 };
	int r = 0;

	*ret = NULL;
	if (!theirs)
		return -ENOMEM;
	options_take(theirs, "inode32");
	options_take(theirs, "io_uring");
	fuse_set_log_func(say_nothing);
	/* one by one only if need be: a comma may be escaped */
	if (*theirs && !is_taken(theirs))
		r = strv_split(&words, theirs, ",");
	for (size_t i = 0; r == 0 && i < words.n && !*ret; i++)
		if (!is_taken(words.v[i]) && !(*ret = strdup(words.v[i])))
			r = -ENOMEM;
	fuse_set_log_func(NULL);
	return r < 0 ? r : *ret != NULL;
}

static int mount_options(const char *state, const char *options, struct fuse_args *args)
{
	autofree char *name = escape(state);
	autofree char *theirs = strdup(options ? options : "");
	autofree char *all = NULL;

	if (!name || !theirs)
		return -ENOMEM;
	options_take(theirs, "inode32"); /* io_uring is known to a libfuse that has it */
	if (!(all = text_of("default_permissions,subtype=xsysfs,fsname=%s%s%s", name,
			    *theirs ? "," : "", theirs)))
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
