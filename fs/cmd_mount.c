// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/cmd.h"
#include "fs/control.h"
#include "fs/fuse_uring.h"
#include "fs/keeper.h"
#include "fs/mounts.h"
#include "fs/state.h"
#include "fs/tag.h"
#include "fs/where.h"

enum { GONE_MS = 30000 }; /* how long a daemon may take to go after its unmount */

/* What is to be mounted, in clean absolute paths. */
struct plan {
	char *sysroot, *state, *point;
	char *options; /* of -o; NULL: none */
	bool foreground;
};

static void plan_release(struct plan *plan)
{
	free(plan->sysroot);
	free(plan->state);
	free(plan->point);
	free(plan->options);
}

static bool is_inside(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0' || n == 1);
}

/* realpath(3) of a folder that need not be there yet. */
static char *path_of_new(const char *path)
{
	autofree char *copy = strdup(path);
	autofree char *parent = NULL;
	char *real = realpath(path, NULL), *slash, *joined = NULL;

	if (real || errno != ENOENT || !copy)
		return real;
	while (strlen(copy) > 1 && copy[strlen(copy) - 1] == '/')
		copy[strlen(copy) - 1] = '\0';
	slash = strrchr(copy, '/');
	if (slash)
		*slash = '\0';
	parent = realpath(slash ? slash == copy ? "/" : copy : ".", NULL);
	if (!parent || asprintf(&joined, "%s/%s", parent, slash ? slash + 1 : copy) < 0)
		return NULL;
	return joined;
}

static int check_point(struct plan *plan, const char *given)
{
	automounts struct mounts mounts = { 0 };
	struct stat st;

	plan->point = realpath(given, NULL);
	/* the kernel may remember the attributes of a dead mount; an xattr it has to ask for */
	if ((!plan->point || getxattr(plan->point, TAG_XATTR_STATE, NULL, 0) < 0) &&
	    errno == ENOTCONN)
		return log_error("'%s' is the stale mount of a daemon that has died: run 'xsysfs "
				 "umount %s' first",
				 given, given);
	if (!plan->point)
		return log_errno(-errno, "cannot mount at '%s'", given);
	if (mounts_read(&mounts) == 0 && strv_has(&mounts.points, plan->point))
		return log_error("'%s' is mounted already", plan->point);
	if (stat(plan->point, &st) < 0)
		return log_errno(-errno, "cannot mount at '%s'", given);
	return S_ISDIR(st.st_mode) ? 0 : log_errno(-ENOTDIR, "cannot mount at '%s'", given);
}

static int check_places(struct plan *plan, const char *sysroot, const char *state)
{
	struct stat st;

	plan->sysroot = realpath(sysroot, NULL);
	if (!plan->sysroot || stat(plan->sysroot, &st) < 0)
		return log_errno(-errno, "there is no sysroot '%s'", sysroot);
	if (!S_ISDIR(st.st_mode))
		return log_errno(-ENOTDIR, "cannot use the sysroot '%s'", sysroot);
	plan->state = path_of_new(state);
	if (!plan->state)
		return log_errno(-errno, "cannot use the state folder '%s'", state);
	if (is_inside(plan->state, plan->sysroot))
		return log_error("the state '%s' lies inside the sysroot '%s', which is never "
				 "written: choose another folder",
				 state, sysroot);
	if (is_inside(plan->state, plan->point))
		return log_error("the state '%s' lies inside the mount point '%s', which hides it: "
				 "choose another folder",
				 state, plan->point);
	if (is_inside(plan->point, plan->state))
		return log_error("the mount point '%s' lies inside the state '%s': choose another "
				 "one",
				 plan->point, state);
	if (is_inside(plan->point, plan->sysroot) && strcmp(plan->point, plan->sysroot) != 0)
		return log_error(
			"the mount point '%s' lies inside the sysroot '%s': mount over the "
			"sysroot itself, or somewhere else",
			plan->point, sysroot);
	return 0;
}

/* Mount options as given, but for io_uring where there is none: the mount is as good without. */
static int check_options(struct plan *plan, const char *given)
{
	autofree char *others = given ? strdup(given) : NULL;
	const char *missing;

	if (!given)
		return 0;
	plan->options = strdup(given);
	if (!others || !plan->options)
		return log_errno(-ENOMEM, "cannot mount at '%s'", plan->point);
	missing = fuse_uring_take_option(others) ? fuse_uring_missing() : NULL;
	if (!missing)
		return 0;
	log_warn("requests come by /dev/fuse, not by io_uring: %s", missing);
	free(plan->options);
	plan->options = *others ? take_ptr(others) : NULL;
	return 0;
}

static int open_state(const struct plan *plan, struct state **ret)
{
	autofree char *problem = NULL;
	int r = state_open(plan->state, true, ret, &problem);

	if (r == 0) {
		r = state_set_base(*ret, plan->sysroot, &problem);
		if (r < 0)
			state_close(*ret);
	}
	if (r < 0 && problem)
		log_error("%s", problem);
	else if (r < 0)
		log_errno(r, "cannot use the state '%s'", plan->state);
	return r;
}

/* The daemon, in the background: it says what goes wrong on our stderr until it is ready. */
static int serve_in_background(struct state *state, struct keeper_options *options, int ready)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (setsid() < 0 || chdir("/") < 0 || null < 0 || dup2(null, 0) < 0)
		return -errno;
	options->ready = ready;
	options->quiet = null;
	return keeper_run(state, options);
}

static int wait_until_ready(int fd, pid_t pid)
{
	char byte;
	ssize_t n;
	int status;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		return CMD_DONE;
	if (waitpid(pid, &status, 0) == pid && WIFSIGNALED(status))
		log_error("the daemon was killed by signal %d before it was ready",
			  WTERMSIG(status));
	return CMD_FAILED;
}

static int start(struct plan *plan)
{
	struct keeper_options options = {
		.mountpoint = plan->point, .options = plan->options, .ready = -1, .quiet = -1
	};
	struct state *state;
	int fds[2];
	pid_t pid;

	if (open_state(plan, &state) < 0)
		return CMD_FAILED;
	if (plan->foreground)
		return keeper_run(state, &options) < 0 ? CMD_FAILED : CMD_DONE;
	if (pipe2(fds, O_CLOEXEC) < 0) {
		log_errno(-errno, "cannot start the daemon");
		state_close(state);
		return CMD_FAILED;
	}
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		_exit(serve_in_background(state, &options, fds[1]) < 0 ? CMD_FAILED : CMD_DONE);
	}
	close(fds[1]);
	state_close(state); /* the lock stays with the daemon */
	if (pid < 0) {
		close(fds[0]);
		log_errno(-errno, "cannot start the daemon");
		return CMD_FAILED;
	}
	return wait_until_ready(fds[0], pid);
}

static int run_mount(const struct cmd *cmd, int argc, char **argv)
{
	cleanup(plan_release) struct plan plan = { 0 };
	const char *sysroot, *state;
	struct cmd_line line;

	if (cmd_parse(cmd, argc, argv, 1, 1, &line))
		return CMD_USAGE;
	sysroot = cmd_value(cmd, &line, "sysroot");
	state = cmd_value(cmd, &line, "state");
	plan.foreground = cmd_value(cmd, &line, "f");
	if (!sysroot && !state && !strchr(line.argv[0], '/')) {
		char *builder[] = { "mount", line.argv[0], NULL };

		return cmd_exec_builder(builder);
	}
	if (!sysroot || !state)
		return cmd_usage(cmd, "--sysroot and --state are both needed");
	if (check_point(&plan, line.argv[0]) < 0 || check_places(&plan, sysroot, state) < 0 ||
	    check_options(&plan, cmd_value(cmd, &line, "o")) < 0)
		return CMD_FAILED;
	return start(&plan);
}

const struct cmd cmd_mount = {
	.name = "mount",
	.args = "--sysroot DIR --state DIR MNT | BOARD",
	.summary = "show a sysroot, writable, at a mount point",
	.text = "The sysroot is read and never written; what is written at MNT goes into the state "
		"folder, each package's files into a layer of its own. MNT may be the sysroot "
		"itself. The command returns when the mount answers. With a BOARD, sysroot, state "
		"and mount point are those of boards/BOARD.ini.",
	.run = run_mount,
	.options = {
		{ 0, "sysroot", "DIR", "the read-only sysroot" },
		{ 0, "state", "DIR", "where everything that is written goes; made if need be" },
		{ 'o', NULL, "OPTS", "mount options: allow_other, suid, dev, ro, io_uring, ..." },
		{ 'f', "foreground", NULL, "stay in the foreground" },
	},
};

/* ---- umount ---- */

/* The daemon behind a mount: a connection to it, and a way to see it end. */
struct server {
	int control, pidfd; /* -1 each: it has died before */
	bool installing;
};

static void server_release(struct server *server)
{
	if (server->control >= 0)
		close(server->control);
	if (server->pidfd >= 0)
		close(server->pidfd);
}

/* The keeper is the last to go; a worker that has lost it is alone. */
static int open_last(const struct kv *status)
{
	const char *const keys[] = { "keeper", "pid" };
	int fd = -1;

	for (size_t i = 0; fd < 0 && i < ARRAY_SIZE(keys); i++) {
		const char *pid = kv_get(status, keys[i]);

		if (pid && atoi(pid) > 1)
			fd = syscall(SYS_pidfd_open, atoi(pid), 0);
	}
	return fd;
}

static void server_find(struct server *server, const char *state)
{
	struct where where = { .state = (char *)state };
	autokv struct kv reply = { 0 };

	server->control = where_connect(&where);
	if (server->control < 0 ||
	    control_ask(server->control, "status", NULL, NULL, &reply, NULL) < 0)
		return;
	server->pidfd = open_last(&reply);
	server->installing = kv_get(&reply, "pending");
	if (server->installing)
		log_error("an install of '%s' is under way: unmount when it has ended",
			  kv_get(&reply, "pending"));
}

/* The setuid helper that lets users unmount what they mounted. It says why not on stderr; we say it
 * in our own words, and the usual reason is that somebody is in there. */
static int fusermount(const char *point)
{
	char *const argv[] = { "fusermount3", "-u", "--", (char *)point, NULL };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (null >= 0)
			dup2(null, STDERR_FILENO);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -errno;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return log_error("cannot run 'fusermount3' (Debian's package fuse3 has it)");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EBUSY;
}

static int take_down(const char *point)
{
	if (geteuid() != 0)
		return fusermount(point);
	return umount2(point, UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
}

/* The kernel tells the daemon to go when the last copy of the mount has gone; other mount
 * namespaces may have some for long, so tell it too. */
static int wait_until_gone(const struct server *server)
{
	struct pollfd p = { .fd = server->pidfd, .events = POLLIN };
	autokv struct kv reply = { 0 };

	if (server->pidfd < 0)
		return CMD_DONE; /* it had gone before */
	control_ask(server->control, "quit", NULL, NULL, &reply, NULL);
	if (poll(&p, 1, GONE_MS) == 1)
		return CMD_DONE;
	log_error("unmounted, but the daemon has not ended after %d seconds", GONE_MS / 1000);
	return CMD_FAILED;
}

/* The path as /proc/self/mounts has it, also where a dead daemon lets nobody look. */
static char *point_of(const struct mounts *mounts, const char *given)
{
	char *real = realpath(given, NULL);
	autofree char *copy = NULL;

	if (real || errno != ENOTCONN)
		return real;
	copy = path_of_new(given);
	for (size_t i = 0; i < mounts->points.n; i++) {
		const char *point = mounts->points.v[i];
		size_t a = strlen(point), b = strlen(given);

		while (b > 1 && given[b - 1] == '/')
			b--;
		if (b <= a && strncmp(point + a - b, given, b) == 0)
			return strdup(point);
	}
	errno = ENOTCONN;
	return NULL;
}

static int run_umount(const struct cmd *cmd, int argc, char **argv)
{
	automounts struct mounts mounts = { 0 };
	autofree char *point = NULL;
	cleanup(server_release) struct server server = { .control = -1, .pidfd = -1 };
	autofd int dir = -1;
	struct cmd_line line;
	const char *state;
	int r;

	if (cmd_parse(cmd, argc, argv, 1, 1, &line))
		return CMD_USAGE;
	if (mounts_read(&mounts) < 0)
		return CMD_FAILED;
	point = point_of(&mounts, line.argv[0]);
	state = point ? mounts_state_of(&mounts, point) : NULL;
	if (!state) {
		log_error("'%s' is no mount of xsysfs", line.argv[0]);
		return CMD_FAILED;
	}
	dir = open(point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0) {
		syncfs(dir);
		close(take_fd(&dir));
	}
	server_find(&server, state);
	if (server.installing)
		return CMD_FAILED;
	r = take_down(point);
	if (r == -EBUSY)
		log_error("cannot unmount '%s': it is in use (fuser -vm %s says by whom)", point,
			  point);
	else if (r < 0)
		log_errno(r, "cannot unmount '%s'", point);
	return r < 0 ? CMD_FAILED : wait_until_gone(&server);
}

const struct cmd cmd_umount = {
	.name = "umount",
	.args = "MNT",
	.summary = "unmount, and wait until the daemon has gone",
	.text = "Everything written is on disk when the command returns. Also clears away the "
		"stale "
		"mount of a daemon that has died.",
	.run = run_umount,
};
