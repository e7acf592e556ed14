// SPDX-License-Identifier: GPL-2.0-or-later
/* What is heard: the words of those who build and fetch, and signals. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "builder/build/schedule_inside.h"
#include "builder/run/phase.h"
#include "builder/story/screen.h"
#include "fs/base/cleanup.h"
#include "fs/base/tame.h"

#define PATIENCE 10.0 /* seconds between a kind signal and SIGKILL */

struct heard {
	struct schedule *s;
	struct job *job;
};

static void said(void *arg, char *line)
{
	struct schedule *s = arg;

	tame(line);
	if (s->screen)
		screen_say(s->screen, line);
	else
		fprintf(stderr, "%s\n", line);
}

static void supplied(void *arg, struct job *j)
{
	schedule_changed(arg, j);
}

static void told(void *arg, char *line)
{
	const struct heard *h = arg;

	if (strcmp(line, "taken") == 0)
		h->job->taken = true;
	else if (strncmp(line, "layer ", 6) == 0 && !h->job->aside)
		h->job->aside = strdup(line + 6);
	if (strncmp(line, "phase ", 6) != 0)
		return;
	story_phase(h->s->story, h->job->told, line + 6);
	/* a commit waits for the disk: somebody else can use the processor */
	if (strcmp(line + 6, PHASE_COMMIT) == 0)
		schedule_give_back(h->s, h->job);
	schedule_changed(h->s, h->job);
}

void schedule_hear(struct schedule *s)
{
	supply_hear(&s->supply, supplied, said, s);
	for (size_t i = 0; i < s->n; i++) {
		struct heard h = { s, &s->v[i] };

		if (h.job->state != JOB_RUNNING)
			continue;
		child_hear(&h.job->child.said, said, s);
		child_hear(&h.job->child.events, told, &h);
		if (child_is_over(&h.job->child))
			schedule_finish(s, h.job);
	}
}

static void signal_all(struct schedule *s, int signal)
{
	supply_end(&s->supply, signal);
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].state == JOB_RUNNING)
			child_signal(&s->v[i].child, signal);
}

/* The first time kindly; whoever insists is obeyed at once. */
void schedule_hear_signals(struct schedule *s, int fd)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD || info.ssi_signo == SIGWINCH)
			continue;
		signal_all(s, s->signal ? SIGKILL : SIGTERM);
		s->kill_at = story_now(s->story) + PATIENCE;
		s->signal = (int)info.ssi_signo;
		s->stopping = true;
	}
}

/* Whoever ignores a kind signal, however much he has to say. */
static void lose_patience(struct schedule *s)
{
	if (!s->signal || story_now(s->story) < s->kill_at)
		return;
	signal_all(s, SIGKILL);
	s->kill_at += PATIENCE;
}

static size_t add_poll(struct pollfd *p, size_t n, int fd)
{
	if (fd >= 0)
		p[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	return n;
}

void schedule_wait(struct schedule *s, int signals, bool want_token)
{
	autofree struct pollfd *p = calloc(3 * s->n + 4, sizeof(*p));
	int wait = s->screen ? screen_wait(s->screen) : -1;
	size_t n = 0;

	if (!p)
		return;
	n = add_poll(p, n, signals);
	n = add_poll(p, n, s->supply.child.said.fd);
	n = add_poll(p, n, s->supply.child.events.fd);
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].state == JOB_RUNNING) {
			n = add_poll(p, n, want_token ? s->v[i].jobs.read : -1);
			n = add_poll(p, n, s->v[i].child.said.fd);
			n = add_poll(p, n, s->v[i].child.events.fd);
		}
	if (s->signal && (wait < 0 || wait > PATIENCE * 1000))
		wait = PATIENCE * 1000;
	if (s->n_running > 1 && (wait < 0 || wait > JOBSERVER_MS))
		wait = JOBSERVER_MS;
	poll(p, n, wait);
	lose_patience(s);
}
