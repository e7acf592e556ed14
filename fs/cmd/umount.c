// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/client/control.h"
#include "fs/client/mounts.h"
#include "fs/client/where.h"
#include "fs/cmd/cmd.h"

enum {
	GONE_MS = 30000, /* how long a daemon may take to go after its unmount */
	BUSY_MS = 1000,	 /* how long it may be in use before that is said */
	BUSY_STEP_MS = 50,
	SAID_MAX = 512,
};

#define MTAB "/etc/mtab"

/* The daemon behind a mount: a connection to it, and a way to see it end. */
struct server {
	int control, pidfd; /* -1 each: it has died before */
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

/* Says why it cannot be unmounted, if so. */
static int server_find(struct server *server, const char *state, const char *point, uid_t user)
{
	struct where where = { .state = (char *)state, .point = (char *)point, .user = user };
	autokv struct kv reply = { 0 };
	int r;

	server->control = where_connect(&where);
	r = server->control < 0 ? server->control
				: control_ask(server->control, "status", NULL, NULL, &reply, NULL);
	if (r == -ETIMEDOUT)
		return where_say_silent(&where);
	if (r < 0)
		return 0;
	server->pidfd = open_last(&reply);
	if (!kv_get(&reply, "pending"))
		return 0;
	log_error("an install of '%s' is under way: unmount when it has ended",
		  kv_get(&reply, "pending"));
	return -EBUSY;
}

/* Most often it is the shell that asks. */
static bool stands_on(const char *point)
{
	autofree char *cwd = getcwd(NULL, 0);
	size_t n = strlen(point);

	return cwd && strncmp(cwd, point, n) == 0 && (cwd[n] == '/' || !cwd[n]);
}

static void say_busy(const char *point)
{
	if (stands_on(point))
		log_error("cannot unmount '%s': it is in use, and you stand in it: cd to another "
			  "folder first",
			  point);
	else
		log_error("cannot unmount '%s': it is in use (fuser -vm %s says by whom)", point,
			  point);
}

/* What the helpers have said, in our words where we know better. */
static void say_why(const char *point, char *said)
{
	static const char name[] = "fusermount3: ";

	automounts struct mounts mounts = { 0 };
	uid_t whose = mounts_read(&mounts) == 0 ? mounts_user_of(&mounts, point) : (uid_t)-1;

	if (whose != (uid_t)-1 && whose != getuid()) {
		log_error(
			"cannot unmount '%s': user %u has mounted it, and only that user and root "
			"can unmount it",
			point, (unsigned)whose);
		return;
	}
	said[strcspn(said, "\n")] = '\0';
	if (strncmp(said, name, strlen(name)) == 0)
		said += strlen(name);
	if (strstr(said, MTAB))
		log_error("cannot unmount '%s': fusermount3 lets ordinary users unmount only what "
			  "is in " MTAB " (%s; 'ln -s /proc/self/mounts " MTAB "' as root is the "
			  "way)",
			  point, said);
	else
		log_error("cannot unmount '%s': %s", point, said);
}

static void exec_helper(char *const argv[], int said)
{
	dup2(said, STDERR_FILENO);
	setenv("LC_ALL", "C", 1); /* we read what it says */
	execvp(argv[0], argv);
	dprintf(said, "%s is missing (Debian's package %s has it)\n", argv[0],
		strcmp(argv[0], "umount") == 0 ? "mount" : "fuse3");
	_exit(127);
}

/* A setuid helper that lets users unmount what they mounted. -EIO: `said` has its words. */
static int run_helper(char *const argv[], char said[static SAID_MAX])
{
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		exec_helper(argv, fds[1]);
	close(fds[1]);
	memset(said, 0, SAID_MAX);
	for (size_t len = 0; len + 1 < SAID_MAX; len += n)
		if ((n = read(fds[0], said + len, SAID_MAX - 1 - len)) <= 0)
			break;
	close(fds[0]);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -errno;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return strstr(said, "busy") ? -EBUSY : -EIO;
}

/* fusermount3 looks whose mount it is in /etc/mtab, which not every container has; umount(8) asks
 * the kernel, where it knows of FUSE (util-linux 2.34). */
static int ask_helpers(const char *point, char said[static SAID_MAX])
{
	char *const fusermount[] = { "fusermount3", "-u", "--", (char *)point, NULL };
	char *const umount8[] = { "umount", "--", (char *)point, NULL };
	char other[SAID_MAX] = "";
	int r = run_helper(fusermount, said);

	if (r == -EIO && (strstr(said, MTAB) || strstr(said, "is missing")))
		r = run_helper(umount8, other); /* what the first has said stays the cause */
	return r;
}

static int try_umount(const char *point, char said[static SAID_MAX])
{
	if (geteuid() != 0)
		return ask_helpers(point, said);
	return umount2(point, UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
}

/* Says why not. Whoever looks through the mounts of a machine, as our own commands do, has each of
 * them open for a moment. */
/* By somebody else, since we have looked. */
static bool is_gone(const char *point)
{
	automounts struct mounts mounts = { 0 };

	return mounts_read(&mounts) == 0 && !mounts_state_of(&mounts, point);
}

static int take_down(const char *point)
{
	char said[SAID_MAX] = "";
	int r = try_umount(point, said);

	for (int waited = 0; r == -EBUSY && waited < BUSY_MS; waited += BUSY_STEP_MS) {
		poll(NULL, 0, BUSY_STEP_MS);
		r = try_umount(point, said);
	}
	if (r < 0 && is_gone(point))
		return 0;
	if (r == -EBUSY)
		say_busy(point);
	else if (r < 0 && *said)
		say_why(point, said);
	else if (r < 0)
		log_errno(r, "cannot unmount '%s'", point);
	return r;
}

static void sync_mount(const char *point)
{
	autofd int dir = open(point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir >= 0)
		syncfs(dir);
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

/* What is no folder here may be a board. Says what is wrong. */
static int find_point(const char *given, char **ret)
{
	autowhere struct where where = { 0 };

	*ret = mounts_real_path(given);
	if (*ret || strchr(given, '/') || errno != ENOENT)
		return 0;
	if (where_find(given, &where) < 0)
		return -ENOENT;
	*ret = take_ptr(where.point);
	return *ret ? 0 : log_error("%s is not mounted", given);
}

static int umount_one(const char *given)
{
	automounts struct mounts mounts = { 0 };
	autofree char *point = NULL;
	cleanup(server_release) struct server server = { .control = -1, .pidfd = -1 };
	const char *state;

	if (mounts_read(&mounts) < 0 || find_point(given, &point) < 0)
		return CMD_FAILED;
	state = point ? mounts_state_of(&mounts, point) : NULL;
	if (!state) {
		log_error("'%s' is no mount of xsysfs", given);
		return CMD_FAILED;
	}
	/* before anything that waits for a daemon without an end */
	if (server_find(&server, state, point, mounts_user_of(&mounts, point)) < 0)
		return CMD_FAILED;
	sync_mount(point);
	return take_down(point) < 0 ? CMD_FAILED : wait_until_gone(&server);
}

static int run_umount(const struct cmd *cmd, int argc, char **argv)
{
	struct cmd_line line;
	int status = CMD_DONE;

	if (cmd_parse(cmd, argc, argv, 1, -1, &line))
		return CMD_USAGE;
	for (int i = 0; i < line.argc; i++)
		if (umount_one(line.argv[i]) != CMD_DONE)
			status = CMD_FAILED;
	return status;
}

const struct cmd cmd_umount = {
	.name = "umount",
	.args = "MNT|BOARD...",
	.summary = "unmount, and wait until the daemon has gone",
	.text = "Everything written is on disk when the command returns. Also clears away the "
		"stale mount of a daemon that has died. Where one of several cannot be unmounted, "
		"the others are all the same.",
	.takes = "mount board",
	.run = run_umount,
};
