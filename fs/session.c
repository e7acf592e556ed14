// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/session.h"

#include <errno.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>

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
};

/* What comes by splice is longer than a page, which only a write is. */
static void count(struct requests *requests, const struct fuse_buf *buf)
{
	const struct fuse_in_header *in = buf->mem;

	requests_count(requests, buf->flags & FUSE_BUF_IS_FD ? FUSE_WRITE : in->opcode);
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
		count(&loop->xs->requests, &worker->buf);
		if (!ops_tmpfile_request(loop->se, loop->xs, &worker->buf) &&
		    !ops_statx_request(loop->se, loop->xs, &worker->buf))
			fuse_session_process_buf(loop->se, &worker->buf);
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

int session_loop(struct fuse_session *se, struct xs *xs)
{
	struct loop loop = { .se = se, .xs = xs };
	int r;

	sem_init(&loop.ended, 0, 0);
	r = start(&loop);
	if (r == 0)
		while (sem_wait(&loop.ended) < 0 && !fuse_session_exited(se))
			;
	fuse_session_exit(se);
	for (size_t i = 0; i < loop.n; i++)
		pthread_cancel(loop.workers[i].thread); /* where it waits for a request */
	for (size_t i = 0; i < loop.n; i++) {
		pthread_join(loop.workers[i].thread, NULL);
		free(loop.workers[i].buf.mem);
	}
	sem_destroy(&loop.ended);
	return r;
}
