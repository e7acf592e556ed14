// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/view/mirror.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fs/base/cleanup.h"
#include "fs/store/handover.h"
#include "fs/view/node.h"
#include "fs/view/view.h"

enum {
	/* Of the threads that serve requests, some have to be free for those whom we wait for. */
	MAX_WAITING = 6,
	PATIENCE_MS = 100,
};

/* Has this thread changed something that it has not waited for? */
static __thread bool has_changed;

struct mirror *mirror_new(struct view *view)
{
	struct mirror *m = calloc(1, sizeof(*m));
	pthread_condattr_t attr;

	if (!m)
		return NULL;
	m->view = view;
	m->last = &m->first;
	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m->more, &attr);
	pthread_cond_init(&m->told, &attr);
	pthread_condattr_destroy(&attr);
	return m;
}

void mirror_free(struct mirror *m)
{
	if (!m)
		return;
	mirror_stop(m);
	pthread_cond_destroy(&m->more);
	pthread_cond_destroy(&m->told);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

/* ---- the thread ---- */

/* For the next worker: is the kernel being told? */
static void note_telling(struct mirror *m, int by)
{
	__atomic_fetch_add(&m->view->nodes->memory->head->telling, by, __ATOMIC_RELEASE);
}

static void tell(struct mirror *m, struct mirror_job *job, bool all)
{
	if (all)
		m->teller.tell_all(m->teller.arg);
	else
		m->teller.tell(m->teller.arg, job);
	if (job)
		free(job->name);
	free(job);
}

static struct mirror_job *take_job(struct mirror *m)
{
	struct mirror_job *job = m->first;

	if (!job)
		return NULL;
	m->first = job->next;
	if (!m->first)
		m->last = &m->first;
	return job;
}

static void *work(void *arg)
{
	struct mirror *m = arg;

	pthread_mutex_lock(&m->lock);
	for (;;) {
		struct mirror_job *job;
		bool all;

		while (m->n_told == m->n_pushed && !m->stopping)
			pthread_cond_wait(&m->more, &m->lock);
		if (m->n_told == m->n_pushed)
			break;
		all = m->all;
		m->all = false;
		job = all ? NULL : take_job(m);
		pthread_mutex_unlock(&m->lock);
		tell(m, job, all);
		note_telling(m, -1);
		pthread_mutex_lock(&m->lock);
		__atomic_store_n(&m->n_told, m->n_told + 1, __ATOMIC_RELEASE);
		pthread_cond_broadcast(&m->told);
	}
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

static bool is_serving(struct mirror *m)
{
	return __atomic_load_n(&m->serving, __ATOMIC_ACQUIRE);
}

int mirror_serve(struct mirror *m, const struct mirror_teller *teller)
{
	sigset_t all, old;
	int r;

	m->teller = *teller;
	m->stopping = false;
	sigfillset(&all); /* signals are for the thread that waits for the end */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = -pthread_create(&m->thread, NULL, work, m);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	__atomic_store_n(&m->serving, r == 0, __ATOMIC_RELEASE);
	return r;
}

void mirror_stop(struct mirror *m)
{
	if (!is_serving(m))
		return;
	__atomic_store_n(&m->serving, false, __ATOMIC_RELEASE);
	pthread_mutex_lock(&m->lock);
	m->stopping = true;
	pthread_cond_signal(&m->more);
	pthread_mutex_unlock(&m->lock);
	pthread_join(m->thread, NULL);
}

/* ---- what has changed ---- */

/* NULL: of everything. */
static void push(struct mirror *m, struct mirror_job *job)
{
	note_telling(m, 1);
	pthread_mutex_lock(&m->lock);
	if (job) {
		*m->last = job;
		m->last = &job->next;
	} else if (m->all) { /* as good as told */
		note_telling(m, -1);
		pthread_mutex_unlock(&m->lock);
		return;
	}
	m->all = m->all || !job;
	__atomic_store_n(&m->n_pushed, m->n_pushed + 1, __ATOMIC_RELEASE);
	pthread_cond_signal(&m->more);
	pthread_mutex_unlock(&m->lock);
}

static void push_new(struct mirror *m, uint64_t id, const char *name)
{
	struct mirror_job *job = calloc(1, sizeof(*job));
	char *copy = job && name ? strdup(name) : NULL;

	if (!job || (name && !copy)) {
		free(job);
		push(m, NULL);
		return;
	}
	job->id = id;
	job->name = copy;
	push(m, job);
}

/* What is looked at from here on is not from before the change. */
static void note_change(struct mirror *m, bool names)
{
	if (names)
		__atomic_fetch_add(&m->view->generation, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&m->view->changes, 1, __ATOMIC_SEQ_CST);
	has_changed = true;
}

/* The number of the other view's node for this directory; false: it has none. */
static bool find_twin(struct mirror *m, struct node *dir, uint64_t *ret)
{
	int r = is_serving(m) ? nodes_twin(m->view->nodes, dir, m->view, ret) : -ENOENT;

	if (r == -ENOMEM)
		push(m, NULL);
	return r == 0;
}

void mirror_name(struct mirror *m, struct node *dir, const char *name)
{
	uint64_t id;

	if (!m)
		return;
	note_change(m, true);
	if (find_twin(m, dir, &id))
		push_new(m, id, name);
}

void mirror_dir(struct mirror *m, struct node *dir)
{
	struct node *parent = node_parent(dir->view->nodes, dir);
	uint64_t id;

	if (!m)
		return;
	note_change(m, true);
	if (find_twin(m, dir, &id))
		push_new(m, id, NULL);
	else if (parent && find_twin(m, parent, &id))
		push_new(m, id, node_name(dir->view->nodes, dir));
}

void mirror_file(struct mirror *m, const struct layer *layer, ino_t real)
{
	uint64_t id = 0;

	if (!m)
		return;
	note_change(m, false);
	while (is_serving(m) && (id = nodes_next_untold(m->view->nodes, m->view, layer, real)))
		push_new(m, id, NULL);
}

void mirror_node(struct mirror *m, struct node *node)
{
	uint64_t id;

	if (!m)
		return;
	if (!node->dir) {
		const struct layer *layer;
		ino_t real;

		node_whereabouts(node->view->nodes, node, &layer, &real);
		mirror_file(m, layer, real);
		return;
	}
	note_change(m, false);
	if (find_twin(m, node, &id))
		push_new(m, id, NULL);
}

void mirror_all(struct mirror *m)
{
	if (is_serving(m))
		push(m, NULL);
}

/* ---- replies ---- */

void mirror_was_changed(void)
{
	has_changed = true;
}

static void wait_for(struct mirror *m, uint64_t n)
{
	struct timespec until;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += PATIENCE_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	m->waiting++;
	while (r == 0 && m->n_told < n)
		r = pthread_cond_timedwait(&m->told, &m->lock, &until);
	m->waiting--;
}

void mirror_settle(struct mirror *m)
{
	if (!has_changed)
		return;
	has_changed = false;
	if (__atomic_load_n(&m->n_told, __ATOMIC_ACQUIRE) ==
	    __atomic_load_n(&m->n_pushed, __ATOMIC_ACQUIRE))
		return;
	pthread_mutex_lock(&m->lock);
	if (m->waiting < MAX_WAITING)
		wait_for(m, m->n_pushed);
	pthread_mutex_unlock(&m->lock);
}
