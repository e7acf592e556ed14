// SPDX-License-Identifier: GPL-2.0-or-later
/* builder.c - the commands that are the builder's: as git does, another program's. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/cmd/cmd.h"

/* Returns only on failure: -errno. */
static int exec_builder(char *const *args)
{
	char path[PATH_MAX + 16] = "";
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);
	char *slash = n > 0 ? strrchr(path, '/') : NULL;

	if (slash) { /* beside us, so that a source tree works as an installed one does */
		strcpy(slash + 1, "xsysfs-build");
		execv(path, args);
	}
	execvp("xsysfs-build", args);
	return -errno;
}

int cmd_exec_builder(char **argv)
{
	char *args[256] = { "xsysfs-build" };

	for (size_t i = 0; argv[i]; i++) {
		if (i + 2 >= ARRAY_SIZE(args)) {
			log_error("there are too many arguments for '%s'", argv[0]);
			return CMD_FAILED;
		}
		args[i + 1] = argv[i];
	}
	log_errno(exec_builder(args), "cannot run 'xsysfs-build', the builder");
	return CMD_FAILED;
}

/* In a child, with its answer for us and nothing of what it may have to say. */
static pid_t start(char *const *args, int to)
{
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (null < 0 || dup2(to, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
			_exit(127);
		exec_builder(args);
		_exit(127);
	}
	return pid;
}

int cmd_ask_builder(const char *const *args, char **ret)
{
	const char *all[256] = { "xsysfs-build" };
	autofree char *answer = NULL;
	autoclose FILE *from = NULL;
	size_t size = 0, n = 1;
	int fds[2], status;
	ssize_t len = 0;
	pid_t pid;

	while (*args && n + 1 < ARRAY_SIZE(all))
		all[n++] = *args++;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = start((char *const *)all, fds[1]);
	close(fds[1]);
	from = fdopen(fds[0], "r");
	if (!from)
		close(fds[0]);
	else
		len = getdelim(&answer, &size, '\0', from);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -errno;
	if (status != 0 || len <= 0)
		return -ENOENT;
	*ret = take_ptr(answer);
	return 0;
}

void cmd_builders(struct cmd **ret, size_t *n)
{
	static const char *const question[] = { "describe", NULL };
	autofree char *text = NULL;

	*ret = NULL;
	*n = 0;
	if (cmd_ask_builder(question, &text) == 0)
		cmd_read(text, ret, n);
}
