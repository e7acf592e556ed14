// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"
#include "fs/owners.h"

static int write_proc(const char *path, const char *text)
{
	autofd int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : io_write_all(fd, text, strlen(text));
}

/* Be in the new user namespace who we are outside; user_namespaces(7) wants setgroups first. */
static int map_ids(uid_t uid, gid_t gid)
{
	char uid_map[64], gid_map[64];
	int r;

	snprintf(uid_map, sizeof(uid_map), "%u %u 1\n", uid, uid);
	snprintf(gid_map, sizeof(gid_map), "%u %u 1\n", gid, gid);
	r = write_proc("/proc/self/setgroups", "deny");
	if (r == 0 || r == -ENOENT)
		r = write_proc("/proc/self/uid_map", uid_map);
	return r < 0 ? r : write_proc("/proc/self/gid_map", gid_map);
}

/* From here on this process sees the view; its next child is the first of a pid namespace. */
static int enter(const struct sandbox *s)
{
	autofree char *cwd = getcwd(NULL, 0);
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int flags = CLONE_NEWNS | CLONE_NEWPID | (uid ? CLONE_NEWUSER : 0);

	if (unshare(flags) < 0)
		return -errno;
	if (uid) {
		int r = map_ids(uid, gid);

		if (r < 0)
			return r;
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(s->view, s->point, NULL, MS_BIND, NULL) < 0)
		return -errno;
	if (cwd && chdir(cwd) < 0) /* it may lie below the point: be on the view's side of it */
		return log_errno(-errno, "cannot enter '%s' in the build view", cwd);
	return 0;
}

static int status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void exec_command(char **argv)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	execvp(argv[0], argv);
	/* as the shell has it: 127 for no such program, 126 for one that cannot be run */
	_exit(log_errno(-errno, "cannot run '%s'", argv[0]) == -ENOENT ? 127 : 126);
}

/* Process 1 of the pid namespace: it dies with its keeper, and all others with it. */
static void be_init(char **argv, pid_t parent)
{
	int status, result = 127;
	pid_t command, pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent && getppid() != 0) /* 0: a parent outside the namespace */
		_exit(127);
	/* a /proc that knows the new numbers; some containers refuse it, the old one serves too */
	mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	command = fork();
	if (command == 0)
		exec_command(argv);
	while (command > 0 && (pid = wait(&status)) != -1)
		if (pid == command) {
			result = status_of(status);
			break;
		}
	_exit(result);
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status_of(status);
}

/* An ordinary user's chown(2) is answered by our parent; without, it is refused as ever. */
static void trap_owners(int sock)
{
	autofd int listener = geteuid() ? owners_trap() : -EPERM;

	if (listener >= 0)
		owners_send(sock, listener);
}

/* Close what is ours, the control connection among it; what the caller means the command to
 * inherit, a jobserver's pipe say, has no FD_CLOEXEC. */
static void close_ours(int but)
{
	autodir DIR *d = opendir("/proc/self/fd");
	struct dirent *e;

	while (d && (e = readdir(d))) {
		int fd = atoi(e->d_name), flags = fcntl(fd, F_GETFD);

		if (fd > 2 && fd != but && fd != dirfd(d) && flags >= 0 && (flags & FD_CLOEXEC))
			close(fd);
	}
}

/* Enter the namespaces and run the command there; `trouble` is told if that cannot be. */
static void be_keeper(const struct sandbox *s, char **argv, pid_t parent, int trouble, int sock)
{
	pid_t self = getpid(), pid = -1;
	int r;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	r = enter(s);
	if (r == 0) {
		trap_owners(sock);
		close_ours(trouble);
		pid = fork();
		if (pid < 0)
			r = -errno;
	}
	if (r < 0) {
		/* the pipe takes four bytes at once, or its reader has gone, and we with it */
		_exit(write(trouble, &r, sizeof(r)) == sizeof(r) ? 127 : 126);
	}
	close(trouble);
	if (pid == 0)
		be_init(argv, self);
	_exit(wait_for(pid));
}

static int run_bare(char **argv)
{
	pid_t pid = fork();

	if (pid == 0)
		exec_command(argv);
	return pid < 0 ? -errno : wait_for(pid);
}

struct trapped {
	int listener;
	dev_t dev;
};

static void *serve(void *arg)
{
	const struct trapped *t = arg;

	owners_serve(t->listener, t->dev);
	return NULL;
}

/* Wait for the keeper, and answer for it meanwhile. */
static int attend(const struct sandbox *s, pid_t pid, int sock)
{
	struct trapped trapped = { .listener = owners_take(sock) };
	struct stat st;
	pthread_t thread;
	bool serving;
	int r;

	serving = trapped.listener >= 0;
	if (serving) {
		if (stat(s->view, &st) == 0)
			trapped.dev = st.st_dev;
		serving = pthread_create(&thread, NULL, serve, &trapped) == 0;
		if (!serving) /* closed, chown(2) is ENOSYS there */
			close(trapped.listener);
	}
	r = wait_for(pid);
	if (serving)
		pthread_join(thread, NULL);
	return r;
}

int sandbox_run(const struct sandbox *s, char **argv)
{
	pid_t parent = getpid(), pid;
	int trouble[2], sock[2], problem = 0, r;

	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	if (s->bare)
		return run_bare(argv);
	if (pipe2(trouble, O_CLOEXEC) < 0)
		return -errno;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock) < 0) {
		r = -errno;
		close(trouble[0]);
		close(trouble[1]);
		return r;
	}
	pid = fork();
	if (pid == 0) {
		close(sock[0]);
		be_keeper(s, argv, parent, trouble[1], sock[1]);
	}
	close(trouble[1]);
	close(sock[1]);
	r = pid < 0 ? -errno : attend(s, pid, sock[0]);
	close(sock[0]);
	if (read(trouble[0], &problem, sizeof(problem)) == sizeof(problem))
		r = problem;
	close(trouble[0]);
	return r;
}
