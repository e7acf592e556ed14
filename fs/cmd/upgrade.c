// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/client/where.h"
#include "fs/cmd/cmd.h"

enum { WAIT_MS = 30000, STEP_MS = 20 };

static int ask_status(const struct where *where, struct kv *reply, int *pid)
{
	const char *text;
	int r;

	kv_release(reply);
	r = where_ask(where, "status", NULL, NULL, reply);
	text = kv_get(reply, "pid");
	*pid = text ? atoi(text) : 0;
	return r;
}

/* Is it the program that we are? The one before goes on if this one could not. */
static bool is_our_program(int pid, const char *program)
{
	char link[64];
	autofree char *theirs = NULL;

	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	theirs = realpath(link, NULL);
	return !theirs || strcmp(theirs, program) == 0;
}

static int wait_for_other(const struct where *where, int before, int *pid)
{
	autokv struct kv reply = { 0 };

	for (int ms = 0; ms < WAIT_MS; ms += STEP_MS) {
		int r = ask_status(where, &reply, pid);

		if (r < 0)
			return r;
		if (*pid != before)
			return 0;
		usleep(STEP_MS * 1000);
	}
	return -ETIME;
}

static int upgrade(const struct where *where)
{
	autofree char *program = realpath("/proc/self/exe", NULL);
	autokv struct kv reply = { 0 };
	int before, now, r;

	if (!program)
		return log_errno(-errno, "cannot tell which program this is");
	r = ask_status(where, &reply, &before);
	if (r == 0)
		r = where_ask(where, "upgrade", "program", program, &reply);
	if (r == -EOPNOTSUPP)
		return log_error("this kernel lets nobody take over a mount (Linux 6.9 does): "
				 "unmount '%s' and mount it again",
				 where->point);
	if (r == 0)
		r = wait_for_other(where, before, &now);
	if (r < 0)
		return where_say_failed(where, r, NULL, "upgrade the daemon of '%s'", where->point);
	if (!is_our_program(now, program))
		return log_error("'%s' could not take over '%s': the program before goes on",
				 program, where->point);
	printf("'%s' is served by xsysfs %s (process %d)\n", where->point, VERSION, now);
	return 0;
}

static int run_upgrade(const struct cmd *cmd, int argc, char **argv)
{
	autowhere struct where where = { 0 };
	struct cmd_line line;

	if (cmd_parse(cmd, argc, argv, 0, 0, &line))
		return CMD_USAGE;
	if (where_find(cmd_value(cmd, &line, "C"), &where) < 0)
		return CMD_FAILED;
	if (!where.point) {
		log_error("the state '%s' is not mounted", where.state);
		return CMD_FAILED;
	}
	return upgrade(&where) < 0 ? CMD_FAILED : CMD_DONE;
}

const struct cmd cmd_upgrade = {
	.name = "upgrade",
	.args = "",
	.summary = "let this xsysfs serve a mount that another one has made",
	.text = "The mount stays, and what is open in it; installs that are under way go on. If "
		"this program cannot read what the one before has left, that one serves on.",
	.run = run_upgrade,
	.options = { CMD_WHERE },
};
