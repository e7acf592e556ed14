// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/name.h"
#include "fs/cmd.h"
#include "fs/control.h"
#include "fs/lease.h"
#include "fs/parts.h"
#include "fs/sandbox.h"
#include "fs/where.h"

static int begin(struct lease *lease, const struct where *where, const struct cmd *cmd,
		 const struct cmd_line *line, const struct parts *parts)
{
	static const char *const passed[] = { "package", "version", "key", "needs", "replaces" };
	const char *package = cmd_value(cmd, line, "package");
	autokv struct kv request = { 0 };
	autokv struct kv reply = { 0 };
	const char *message;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(passed); i++) {
		const char *value = cmd_value(cmd, line, passed[i]);

		if (!value && strcmp(passed[i], "version") == 0)
			value = "0";
		r = kv_set(&request, passed[i], value ? value : "");
	}
	if (r == 0)
		r = parts_to_kv(parts, &request);
	if (r == 0)
		r = lease_begin(lease, where, package, &request, &reply);
	message = kv_get(&reply, "message");
	if (r < 0 && message)
		log_error("%s", message);
	else if (r < 0)
		log_errno(r, "cannot begin the install of '%s'", package);
	return r;
}

static int commit(struct lease *lease)
{
	autokv struct kv reply = { 0 };
	autostrv struct strv problems = { 0 };
	autostrv struct strv notes = { 0 };
	int r = lease_commit(lease, &reply);

	control_list(&reply, "note", &notes);
	control_list(&reply, "problem", &problems);
	strv_foreach (note, &notes)
		log_note("%s", *note);
	strv_foreach (problem, &problems)
		log_error("cannot commit '%s': %s", lease->package, *problem);
	if (r < 0 && !problems.n)
		log_errno(r, "cannot commit '%s'", lease->package);
	return r < 0 ? CMD_FAILED : CMD_DONE;
}

/* Run the command in the build view; what it left in caches is in the layer afterwards. */
static int run_command(const struct where *where, const char *package, char **argv)
{
	autofree char *view = NULL;
	autofd int dir = -1;
	struct sandbox sandbox = { .point = where->point };
	int r;

	if (asprintf(&view, "%s/.xsysfs/build/%s", where->point, package) < 0) {
		view = NULL;
		return -ENOMEM;
	}
	dir = open(view, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return log_errno(-errno, "cannot open the build view '%s'", view);
	sandbox.view = view;
	setenv("XSYSFS", where->point, 1);
	r = sandbox_run(&sandbox, argv);
	if (r == -EPERM || r == -ENOSPC || r == -EINVAL) {
		log_warn("this machine refuses namespaces: '%s' runs with the build view at '%s', "
			 "not at '%s', and may leave processes behind",
			 argv[0], view, where->point);
		setenv("XSYSFS", view, 1);
		sandbox.bare = true;
		r = sandbox_run(&sandbox, argv);
	}
	if (r < 0)
		return log_errno(r, "cannot run '%s' in the build view of '%s'", argv[0], package);
	if (syncfs(dir) < 0)
		return log_errno(-errno, "cannot write out what '%s' has written", package);
	return r;
}

/* From the install's begin to its end. */
static int install(const struct cmd *cmd, const struct cmd_line *line, const struct where *where)
{
	const char *package = cmd_value(cmd, line, "package");
	const char *rules = cmd_value(cmd, line, "parts");
	cleanup(parts_release) struct parts parts = { 0 };
	struct lease lease;
	int r = rules ? cmd_read_parts(rules, &parts) : 0;

	if (r < 0)
		return CMD_FAILED;
	r = begin(&lease, where, cmd, line, &parts);
	if (r == 0)
		r = lease_watch(&lease);
	if (r == 0)
		r = run_command(where, package, line->argv);
	if (r == 0)
		r = commit(&lease);
	lease_end(&lease);
	return r < 0 ? CMD_FAILED : r;
}

static int run_run(const struct cmd *cmd, int argc, char **argv)
{
	autowhere struct where where = { 0 };
	const char *package;
	struct cmd_line line;

	if (cmd_parse(cmd, argc, argv, 1, -1, &line))
		return CMD_USAGE;
	package = cmd_value(cmd, &line, "package");
	if (!package)
		return cmd_usage(cmd, "--package is missing");
	if (!name_is_package(package))
		return cmd_usage(cmd, "'%s' is no name for a package", package);
	if (where_find(cmd_value(cmd, &line, "C"), &where) < 0)
		return CMD_FAILED;
	if (!where.point) {
		log_error("the state '%s' is not mounted: nothing can be installed into it",
			  where.state);
		return CMD_FAILED;
	}
	return install(cmd, &line, &where);
}

const struct cmd cmd_run = {
	.name = "run",
	.args = "--package P [--version V] [--needs A,B] -- CMD...",
	.summary = "install one package: what CMD writes at the mount is its layer",
	.text = "CMD sees at the mount point the sysroot, the packages that P needs (and what those "
		"need), and what it writes itself; nothing else. When it ends with 0, the layer is "
		"committed: on disk and visible before the command returns. Otherwise nothing has "
		"happened. The exit status is CMD's. CMD may give files to anybody, as 'install -o' "
		"does, also when you are not root: staging shows it.",
	.takes_command = true,
	.run = run_run,
	.options = {
		CMD_WHERE,
		{ 'p', "package", "P", "the package's name" },
		{ 0, "version", "V", "its version" },
		{ 0, "needs", "A,B", "the packages that it may see" },
		{ 0, "replaces", "A,B", "the packages whose files it may write over" },
		{ 0, "key", "TEXT", "kept with the layer, for builders" },
		{ 0, "parts", "FILE", "rules for its parts (see 'xsysfs help parts')" },
	},
};
