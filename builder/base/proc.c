// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/strv.h"
#include "fs/base/text.h"

#define WATCH_MS 300

/* 0 or an errno. */
static int keep_only(const struct proc *p)
{
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return errno;
	for (size_t i = 0; i < p->n_keep; i++)
		if (p->keep[i] > 2 && fcntl(p->keep[i], F_SETFD, 0) < 0)
			return errno;
	return 0;
}

/* 0 or -1, with errno. */
static int set_limits(const struct proc *p)
{
	const struct rlimit time = { p->seconds, p->seconds + 1 };
	const struct rlimit file = { p->file_most, p->file_most };

	signal(SIGXFSZ, SIG_DFL);
	if (p->seconds && setrlimit(RLIMIT_CPU, &time) < 0)
		return -1;
	return p->file_most ? setrlimit(RLIMIT_FSIZE, &file) : 0;
}

/* Is there such a program in PATH? execvp says "Permission denied" when there is none, but a folder
 * in PATH that it may not look into. */
static bool is_in_path(const char *name)
{
	const char *path = getenv("PATH");
	autostrv struct strv dirs = { 0 };

	if (strchr(name, '/') || strv_split(&dirs, path ? path : "", ":") < 0)
		return true;
	strv_foreach (dir, &dirs) {
		autofree char *full = text_of("%s/%s", *dir, name);

		if (!full || access(full, F_OK) == 0)
			return true;
	}
	return false;
}

static void become(const struct proc *p, int report, pid_t parent)
{
	int in = p->in > 0 ? p->in : open("/dev/null", O_RDONLY);
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
	    set_limits(p) < 0 || (p->dir && chdir(p->dir) < 0)) {
		r = errno;
	} else if ((r = keep_only(p)) == 0) {
		execvpe(p->argv[0], (char *const *)p->argv, p->env ? p->env : environ);
		r = errno;
		if (r == EACCES && !is_in_path(p->argv[0]))
			r = ENOENT;
	}
	if (write(report, &r, sizeof(r)) < 0)
		_exit(126);
	_exit(127);
}

/* The status of the program, whose group has then been ended. A signal other than SIGCHLD ends it.
 */
static int wait_or_end(pid_t pid, const sigset_t *heard)
{
	siginfo_t info = { 0 };
	int signal, status = 0;

	while (waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && !info.si_pid)
		if (sigwait(heard, &signal) == 0 && signal != SIGCHLD)
			break;
	kill(-pid, SIGKILL); /* before it is reaped, so that the number is still its own */
	waitpid(pid, &status, 0);
	return status;
}

/* Between us and a box: bwrap's own child waits for bwrap before it dies with it, and waits for
 * ever when bwrap is killed at that moment. Both are in a group that we end. */
static void guard(const struct proc *p, int report, pid_t parent)
{
	static const int heard_ones[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP };
	const struct rlimit no_core = { 0, 0 };
	pid_t self = getpid(), pid;
	sigset_t heard;
	int status;

	sigemptyset(&heard);
	for (size_t i = 0; i < ARRAY_SIZE(heard_ones); i++) {
		signal(heard_ones[i], SIG_DFL); /* one that is ignored never comes */
		sigaddset(&heard, heard_ones[i]);
	}
	sigprocmask(SIG_SETMASK, &heard, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		become(p, report, self);
	}
	if (pid < 0) {
		int r = errno;

		_exit(write(report, &r, sizeof(r)) == sizeof(r) ? 127 : 126);
	}
	close_range(0, ~0U, 0); /* our parent's locks and pipes are not held by who waits */
	setpgid(pid, pid);	/* whoever of the two comes first */
	status = wait_or_end(pid, &heard);
	if (!WIFSIGNALED(status))
		_exit(WEXITSTATUS(status));
	setrlimit(RLIMIT_CORE, &no_core);
	signal(WTERMSIG(status), SIG_DFL);
	sigemptyset(&heard);
	sigprocmask(SIG_SETMASK, &heard, NULL);
	raise(WTERMSIG(status));
	_exit(126);
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
	if (pid == 0 && p->box)
		guard(p, tell, parent);
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

/* Until it ends, or is ended. */
static void watch(const struct proc *p, pid_t pid)
{
	autofd int fd = pidfd_open(pid, 0);
	struct pollfd ended = { .fd = fd, .events = POLLIN };
	int n = 0;

	while (fd >= 0 && (n = poll(&ended, 1, WATCH_MS)) <= 0) {
		if (n < 0 && errno != EINTR)
			return;
		if (n == 0 && p->watch(p->watched))
			kill(getpid() == 1 ? -1 : pid, SIGKILL);
	}
}

int proc_run(const struct proc *p)
{
	pid_t pid = start(p);

	if (pid > 0 && p->watch)
		watch(p, pid);
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
	if (WIFSIGNALED(status))
		return text_of("killed by signal %d (%s)", WTERMSIG(status),
			       strsignal(WTERMSIG(status)));
	return text_of("exit status %d", WEXITSTATUS(status));
}
