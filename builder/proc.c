// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/base/cleanup.h"

static void become(const struct proc *p, int report, pid_t parent)
{
	int in = p->in > 0 ? p->in : open("/dev/null", O_RDONLY);
	struct rlimit limit = { p->seconds, p->seconds + 1 };
	sigset_t none;
	int r;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
	signal(SIGPIPE, SIG_DFL);
	if (in < 0 || dup2(in, 0) < 0 || (p->out > 0 && dup2(p->out, 1) < 0) ||
	    (p->err > 0 && dup2(p->err, 2) < 0) || (p->err == PROC_SAME_AS_OUT && dup2(1, 2) < 0) ||
	    (p->seconds && setrlimit(RLIMIT_CPU, &limit) < 0) || (p->dir && chdir(p->dir) < 0)) {
		r = errno;
	} else {
		execvpe(p->argv[0], (char *const *)p->argv, p->env ? p->env : environ);
		r = errno;
	}
	if (write(report, &r, sizeof(r)) < 0)
		_exit(126);
	_exit(127);
}

/* The pid, or -errno when the program could not be started. */
static pid_t start(const struct proc *p)
{
	pid_t parent = getpid(), pid;
	autofd int hear = -1, tell = -1;
	int pipefd[2];
	int r = 0;

	if (pipe2(pipefd, O_CLOEXEC) < 0)
		return -errno;
	hear = pipefd[0];
	tell = pipefd[1];
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		become(p, tell, parent);
	close(take_fd(&tell));
	while (read(hear, &r, sizeof(r)) < 0 && errno == EINTR)
		;
	if (r == 0)
		return pid;
	waitpid(pid, NULL, 0);
	return -r;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status;
}

int proc_run(const struct proc *p)
{
	pid_t pid = start(p);

	return pid < 0 ? pid : wait_for(pid);
}

/* 0; -ETIME when nothing came for so many seconds (0: wait for ever). */
static int wait_for_input(int fd, int patience)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	if (!patience)
		return 0;
	while ((n = poll(&p, 1, patience * 1000)) < 0 && errno == EINTR)
		;
	if (n < 0)
		return -errno;
	return n == 0 ? -ETIME : 0;
}

/* Everything up to end of file, `max` bytes of it kept. */
static int drain(int fd, size_t max, int patience, char **ret)
{
	autofree char *data = malloc(max + 1);
	size_t have = 0;

	if (!data)
		return -ENOMEM;
	for (;;) {
		char rest[4096];
		int r = wait_for_input(fd, patience);
		ssize_t n;

		if (r < 0)
			return r;
		n = have < max ? read(fd, data + have, max - have) : read(fd, rest, sizeof(rest));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		if (have < max)
			have += n;
	}
	data[have] = '\0';
	*ret = take_ptr(data);
	return 0;
}

int proc_read(const struct proc *p, size_t max, char **ret)
{
	autofd int from = -1, to = -1;
	struct proc with = *p;
	int pipefd[2];
	int status, r;
	pid_t pid;

	if (pipe2(pipefd, O_CLOEXEC) < 0)
		return -errno;
	from = pipefd[0];
	with.out = to = pipefd[1];
	pid = start(&with);
	if (pid < 0)
		return pid;
	close(take_fd(&to));
	r = drain(from, max, p->patience, ret);
	if (r == -ETIME)
		kill(pid, SIGTERM); /* which it hands on to what it has started */
	status = wait_for(pid);
	return r < 0 ? r : status;
}

char *proc_words(int status)
{
	char *words;
	int n;

	if (WIFSIGNALED(status))
		n = asprintf(&words, "killed by signal %d (%s)", WTERMSIG(status),
			     strsignal(WTERMSIG(status)));
	else
		n = asprintf(&words, "exit status %d", WEXITSTATUS(status));
	return n < 0 ? NULL : words;
}
