// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd_change.c - remove, rollback, gc: by the daemon when one is there, else on the state itself.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/cmd.h"
#include "fs/control.h"
#include "fs/state.h"
#include "fs/where.h"

struct change {
	const char *verb, *package;
	int (*offline)(struct state *state, const char *package, struct strv *gone, char **problem);
	const char *what; /* for messages: "cannot WHAT" */
};

static int remove_offline(struct state *state, const char *package, struct strv *gone,
			  char **problem)
{
	(void)gone;
	return state_remove(state, package, problem);
}

static int rollback_offline(struct state *state, const char *package, struct strv *gone,
			    char **problem)
{
	(void)gone;
	return state_rollback(state, package, problem);
}

static int gc_offline(struct state *state, const char *package, struct strv *gone, char **problem)
{
	struct strv none = { 0 };

	(void)package;
	(void)problem;
	return state_gc(state, &none, gone);
}

static int change_offline(const struct where *where, const struct change *change, struct strv *gone,
			  char **problem)
{
	struct state *state = NULL;
	int r = state_open(where->state, true, &state, problem);

	if (r < 0)
		return r;
	r = change->offline(state, change->package, gone, problem);
	state_close(state);
	return r;
}

static int make_change(const char *given, const struct change *change, struct strv *gone)
{
	autowhere struct where where = { 0 };
	autofree char *problem = NULL;
	autokv struct kv reply = { 0 };
	const char *message;
	int r;

	if (where_find(given, &where) < 0)
		return CMD_FAILED;
	r = where_ask(&where, change->verb, change->package ? "package" : NULL, change->package,
		      &reply);
	message = kv_get(&reply, "message");
	if (r == -ENOTCONN) {
		r = change_offline(&where, change, gone, &problem);
		message = problem;
	} else {
		control_list(&reply, "gone", gone);
	}
	if (r < 0 && message)
		log_error("%s", message);
	else if (r < 0)
		log_errno(r, "cannot %s", change->what);
	return r < 0 ? CMD_FAILED : CMD_DONE;
}

static int run_on_package(const struct cmd *cmd, int argc, char **argv, struct change *change)
{
	autostrv struct strv gone = { 0 };
	struct cmd_line line;

	if (cmd_parse(cmd, argc, argv, 1, 1, &line))
		return CMD_USAGE;
	change->verb = cmd->name;
	change->package = line.argv[0];
	change->what = cmd->summary;
	return make_change(cmd_value(cmd, &line, "C"), change, &gone);
}

static int run_remove(const struct cmd *cmd, int argc, char **argv)
{
	struct change change = { .offline = remove_offline };

	return run_on_package(cmd, argc, argv, &change);
}

static int run_rollback(const struct cmd *cmd, int argc, char **argv)
{
	struct change change = { .offline = rollback_offline };

	return run_on_package(cmd, argc, argv, &change);
}

static int run_gc(const struct cmd *cmd, int argc, char **argv)
{
	struct change change = { .verb = "gc", .offline = gc_offline, .what = "throw away layers" };
	autostrv struct strv gone = { 0 };
	struct cmd_line line;
	int r;

	if (cmd_parse(cmd, argc, argv, 0, 0, &line))
		return CMD_USAGE;
	r = make_change(cmd_value(cmd, &line, "C"), &change, &gone);
	strv_foreach (id, &gone)
		puts(*id);
	return r;
}

const struct cmd cmd_remove = {
	.name = "remove",
	.args = "P",
	.summary = "take a package out",
	.text = "Refused while another package needs it. Its layer stays on disk until 'gc'.",
	.run = run_remove,
	.options = { CMD_WHERE },
};

const struct cmd cmd_rollback = {
	.name = "rollback",
	.args = "P",
	.summary = "go back to a package's previous build",
	.text = "The layer that the present one took the place of shows again.",
	.run = run_rollback,
	.options = { CMD_WHERE },
};

const struct cmd cmd_gc = {
	.name = "gc",
	.args = "",
	.summary = "throw away layers that no stack names",
	.text = "Prints the layers that are gone. There is no rollback to them, and no diff.",
	.run = run_gc,
	.options = { CMD_WHERE },
};
