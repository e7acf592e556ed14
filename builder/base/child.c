// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"

static void become(int said, pid_t parent)
{
	sigset_t none;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
	setpgid(0, 0);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null < 0 || dup2(null, 0) < 0 || dup2(said, 1) < 0 || dup2(said, 2) < 0)
		_exit(126);
	log_redirect(NULL, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

int child_start(struct child *c, int (*work)(void *arg, int events), void *arg)
{
	autofd int hear = -1, said = -1, listen = -1, events = -1;
	pid_t parent = getpid();
	int one[2], two[2];

	*c = (struct child){ .said.fd = -1, .events.fd = -1 };
	if (pipe2(one, O_CLOEXEC) < 0)
		return -errno;
	hear = one[0];
	said = one[1];
	if (pipe2(two, O_CLOEXEC) < 0)
		return -errno;
	listen = two[0];
	events = two[1];
	fflush(NULL);
	c->pid = fork();
	if (c->pid < 0) {
		c->pid = 0;
		return -errno;
	}
	if (c->pid == 0) {
		int r;

		become(said, parent);
		r = work(arg, events);
		fflush(NULL);
		_exit(r);
	}
	setpgid(c->pid, c->pid); /* whoever of the two comes first */
	fcntl(hear, F_SETFL, O_NONBLOCK);
	fcntl(listen, F_SETFL, O_NONBLOCK);
	c->said.fd = take_fd(&hear);
	c->events.fd = take_fd(&listen);
	return 0;
}

/* Give out the whole lines of what is held, and what is too long for one. */
static void give_lines(struct child_pipe *p, void (*line)(void *arg, char *text), void *arg)
{
	char *start = p->held, *end;

	while ((end = memchr(start, '\n', p->n_held - (start - p->held)))) {
		*end = '\0';
		line(arg, start);
		start = end + 1;
	}
	p->n_held -= start - p->held;
	memmove(p->held, start, p->n_held);
	if (p->n_held == CHILD_LINE_MAX) {
		p->held[p->n_held] = '\0';
		line(arg, p->held);
		p->n_held = 0;
	}
}

void child_hear(struct child_pipe *p, void (*line)(void *arg, char *text), void *arg)
{
	if (!p->held)
		p->held = malloc(CHILD_LINE_MAX + 1);
	while (p->held && p->fd >= 0) {
		ssize_t n = read(p->fd, p->held + p->n_held, CHILD_LINE_MAX - p->n_held);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n > 0) {
			p->n_held += n;
			give_lines(p, line, arg);
			continue;
		}
		close(take_fd(&p->fd));
		if (p->n_held) {
			p->held[p->n_held] = '\0';
			line(arg, p->held);
		}
		p->n_held = 0;
	}
}

bool child_is_over(struct child *c)
{
	siginfo_t info = { 0 };

	if (c->said.fd >= 0 || c->events.fd >= 0)
		return false;
	if (c->pid <= 0)
		return true;
	if (waitid(P_PID, c->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || !info.si_pid)
		return false;
	kill(-c->pid, SIGKILL); /* before it is reaped, so that the number is still its own */
	if (waitpid(c->pid, &c->status, 0) != c->pid)
		return false;
	c->pid = -c->pid;
	return true;
}

void child_signal(const struct child *c, int signal)
{
	if (c->pid > 0)
		kill(-c->pid, signal);
}

void child_release(struct child *c)
{
	if (c->pid && c->said.fd >= 0) /* all 0: never started */
		close(c->said.fd);
	if (c->pid && c->events.fd >= 0)
		close(c->events.fd);
	free(c->said.held);
	free(c->events.held);
	*c = (struct child){ .said.fd = -1, .events.fd = -1 };
}
