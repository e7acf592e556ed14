// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/cmd/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
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
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"
#include "fs/cmd/owners.h"

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

/* Of a bind mount: with the flags that it has, which in a user namespace nobody may take away. */
static int lock_view(const char *point)
{
	struct statvfs st;
	unsigned long flags = MS_BIND | MS_REMOUNT | MS_RDONLY;

	if (statvfs(point, &st) < 0)
		return -errno;
	flags |= st.f_flag & ST_NOSUID ? MS_NOSUID : 0;
	flags |= st.f_flag & ST_NODEV ? MS_NODEV : 0;
	flags |= st.f_flag & ST_NOEXEC ? MS_NOEXEC : 0;
	flags |= st.f_flag & ST_NOATIME ? MS_NOATIME : 0;
	flags |= st.f_flag & ST_RELATIME ? MS_RELATIME : 0;
	return mount(NULL, point, NULL, flags, NULL) < 0 ? -errno : 0;
}

/* From here on this process sees the view; its next child is the first of a pid namespace. */
static int enter(const struct sandbox *s)
{
	autofree char *cwd = getcwd(NULL, 0);
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int r = 0, flags = CLONE_NEWNS | CLONE_NEWPID | (uid ? CLONE_NEWUSER : 0);

	if (unshare(flags) < 0)
		return -errno;
	if (uid) {
		r = map_ids(uid, gid);
		if (r < 0)
			return r;
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(s->view, s->point, NULL, MS_BIND, NULL) < 0)
		return -errno;
	if (s->read_only && (r = lock_view(s->point)) < 0)
		return r;
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

/* A folder of the mount, a socket over which descriptors come, a namespace, another's memory: by
 * these a command would be somewhere else again. A pipe, a jobserver's say, and a file, a log's,
 * are only themselves. */
static bool leads_out(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	struct statfs fs;
	struct stat st;

	if (flags < 0 || flags & O_PATH || fstat(fd, &st) < 0)
		return true;
	if (S_ISFIFO(st.st_mode))
		return false;
	return !S_ISREG(st.st_mode) || fstatfs(fd, &fs) < 0 || fs.f_type == PROC_SUPER_MAGIC ||
	       fs.f_type == NSFS_MAGIC;
}

/* Close what is ours, the control connection among it, and what the caller had open, but for what
 * he may well mean the command to inherit. Of the first three only a folder is no stream. */
static int close_others(int but)
{
	autodir DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	struct stat st;

	if (!d)
		return -errno;
	while ((e = readdir(d))) {
		int fd = atoi(e->d_name), flags = fcntl(fd, F_GETFD);

		if (fd > 2 && fd != but && fd != dirfd(d) && flags >= 0 &&
		    (flags & FD_CLOEXEC || leads_out(fd)))
			close(fd);
	}
	for (int fd = 0; fd <= 2; fd++) {
		autofd int null = -1;

		if (fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode))
			continue;
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (null < 0 || dup2(null, fd) < 0)
			return -errno;
	}
	return 0;
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
		if (!s->read_only) /* nothing is given away, and a command has one such trap */
			trap_owners(sock);
		r = close_others(trouble);
	}
	if (r == 0) {
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
