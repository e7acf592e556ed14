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
#include "fs/base/near.h"
#include "fs/base/text.h"
#include "fs/client/control.h"
#include "fs/client/mounts.h"
#include "fs/client/where.h"
#include "fs/cmd/cmd.h"
#include "fs/fuse/fuse_uring.h"
#include "fs/fuse/keeper.h"
#include "fs/fuse/options.h"
#include "fs/fuse/session.h"
#include "fs/store/state.h"
#include "fs/store/tag.h"

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
	if (!parent || !(joined = text_of("%s/%s", parent, slash ? slash + 1 : copy)))
		return NULL;
	return joined;
}

/* By files and messages with a line for each path. */
static int check_name(const char *what, const char *path)
{
	return strchr(path, '\n') ? log_error("the path of the %s has a line break in it: choose "
					      "another one",
					      what)
				  : 0;
}

/* Something of ours at that place: alive or not, it is in the way. */
static int refuse_mounted(const struct mounts *mounts, const char *point)
{
	const char *state = mounts_state_of(mounts, point);
	int r;

	if (!state)
		return 0;
	r = where_refuse_dead(state, point, mounts_user_of(mounts, point));
	if (r == 0)
		r = where_refuse_mounted_by(point, mounts_user_of(mounts, point));
	return r < 0 ? r : log_error("'%s' is mounted already", point);
}

static int check_point(struct plan *plan, const struct mounts *mounts, const char *given)
{
	struct stat st;
	int r;

	plan->point = mounts_real_path(given);
	if (!plan->point)
		return log_errno(-errno, "cannot mount at '%s'", given);
	r = refuse_mounted(mounts, plan->point);
	if (r < 0 || (r = check_name("mount point", plan->point)) < 0)
		return r;
	if (stat(plan->point, &st) < 0)
		return log_errno(-errno, "cannot mount at '%s'", given);
	return S_ISDIR(st.st_mode) ? 0 : log_errno(-ENOTDIR, "cannot mount at '%s'", given);
}

static int check_places(struct plan *plan, const struct mounts *mounts, const char *sysroot,
			const char *state)
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
	if (check_name("sysroot", plan->sysroot) < 0 || check_name("state", plan->state) < 0)
		return -EINVAL;
	if (mounts_at(mounts, plan->state, true) >= 0)
		return log_error(
			"the state '%s' lies on a mount of xsysfs, which takes no marks of "
			"another one: choose another folder",
			state);
	if (mounts_point_of(mounts, plan->state))
		return log_error("the state '%s' is in use: it is mounted at '%s'", plan->state,
				 mounts_point_of(mounts, plan->state));
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

/* Before anything is made or fetched. The words are those of the help; libfuse knows others. */
static int check_words(const struct cmd *cmd, const char *options)
{
	static const char *const usual[] = { "allow_other", "suid",    "dev",	   "ro", "noexec",
					     "noatime",	    "inode32", "io_uring", NULL };
	autofree char *unknown = NULL;
	autofree char *near = NULL;
	int r = options ? session_unknown_option(options, &unknown) : 0;

	if (r < 0)
		log_errno(r, "cannot read the mount options '%s'", options);
	if (r <= 0)
		return r < 0 ? CMD_FAILED : CMD_DONE;
	near = near_said(unknown, usual);
	return cmd_usage(cmd,
			 "there is no mount option '%s'%s: there are allow_other, suid, dev, ro, "
			 "noexec, noatime, inode32, io_uring, and others that mount.fuse3(8) has",
			 unknown, near ? near : "");
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
	missing = options_take(others, "io_uring") ? fuse_uring_missing() : NULL;
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
	automounts struct mounts mounts = { 0 };
	const char *sysroot, *state;
	struct cmd_line line;
	int r;

	if (cmd_parse(cmd, argc, argv, 1, 2, &line))
		return CMD_USAGE;
	sysroot = cmd_value(cmd, &line, "sysroot");
	state = cmd_value(cmd, &line, "state");
	plan.foreground = cmd_value(cmd, &line, "f");
	if (cmd_wants_remount(cmd_value(cmd, &line, "o")))
		return cmd_remount(line.argv[0], cmd_value(cmd, &line, "o"));
	r = check_words(cmd, cmd_value(cmd, &line, "o"));
	if (r != CMD_DONE)
		return r;
	if (!sysroot && !state && !strchr(line.argv[0], '/')) {
		argv[0] = (char *)cmd->name;
		return cmd_exec_builder(argv); /* it knows these options, too */
	}
	if (!sysroot || !state)
		return cmd_usage(cmd, "--sysroot and --state are both needed");
	if (line.argc > 1)
		return cmd_usage(cmd, "there is an argument too many: '%s'", line.argv[1]);
	close_range(3, ~0U, 0); /* what the caller has open is not the daemon's to keep */
	if (mounts_read(&mounts) < 0 || check_point(&plan, &mounts, line.argv[0]) < 0 ||
	    check_places(&plan, &mounts, sysroot, state) < 0 ||
	    check_options(&plan, cmd_value(cmd, &line, "o")) < 0)
		return CMD_FAILED;
	return start(&plan);
}

const struct cmd cmd_mount = {
	.name = "mount",
	.args = "BOARD [MNT] | --sysroot DIR --state DIR MNT",
	.summary = "show a sysroot, writable, at a mount point",
	.text = "The sysroot is read and never written; what is written at MNT goes into the state "
		"folder, each package's files into a layer of its own. MNT may be the sysroot "
		"itself. The command returns when the mount answers. With a BOARD, sysroot, state "
		"and mount point are those of boards/BOARD.ini. "
		"With -o inode32, inode numbers and positions in directories have 31 bits, for "
		"programs of 32 bits that were built without large-file support. Files are numbered "
		"as they are seen: a number stays for as long as the mount does, whoever serves it, "
		"and not longer. Without it the numbers are the same with the next mount, too.",
	.takes = "board folder",
	.run = run_mount,
	.options = {
		{ 0, "sysroot", "DIR", "the read-only sysroot", "folder" },
		{ 0, "state", "DIR", "where everything that is written goes; made if need be", "folder" },
		{ 'o', "options", "OPTS", "mount options: allow_other, suid, dev, ro, noexec, noatime, inode32, "
		  "io_uring, and those of mount.fuse3(8); remount,ro of one that is there", NULL },
		{ 'f', "foreground", NULL, "stay in the foreground", NULL },
		{ 0, "boards", "DIR", "look for BOARD in this folder before the installed ones (may be repeated; "
		  "default: ./boards)", "folder" },
		{ 0, "sources", "DIR", "look for its toolchain's archive in this folder first (may be repeated)",
		  "folder" },
		{ 0, "offline", NULL, "download nothing: its toolchain is at hand, or an error", NULL },
	},
};
