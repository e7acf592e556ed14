// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/session.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>

#include "fs/ops.h"

/* Enough that some copy-ups and syncs leave others free; more do not make one client faster. */
enum { THREADS = 10 };

struct loop {
	struct fuse_session *se;
	struct xs *xs;
	sem_t ended; /* one worker has */
	pthread_t threads[THREADS];
	size_t n;
};

static void *work(void *arg)
{
	struct loop *loop = arg;
	struct fuse_buf buf = { 0 };
	int r, old;

	while (!fuse_session_exited(loop->se)) {
		pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
		r = fuse_session_receive_buf(loop->se, &buf);
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
		if (r == -EINTR)
			continue;
		if (r <= 0)
			break;
		if (!ops_tmpfile_request(loop->se, loop->xs, &buf))
			fuse_session_process_buf(loop->se, &buf);
	}
	free(buf.mem);
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
		r = -pthread_create(&loop->threads[loop->n], NULL, work, loop);
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
		pthread_cancel(loop.threads[i]); /* takes effect where it waits for a request */
	for (size_t i = 0; i < loop.n; i++)
		pthread_join(loop.threads[i], NULL);
	sem_destroy(&loop.ended);
	return r;
}
