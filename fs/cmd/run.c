// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/name.h"
#include "fs/base/size.h"
#include "fs/base/text.h"
#include "fs/client/control.h"
#include "fs/client/where.h"
#include "fs/cmd/cmd.h"
#include "fs/cmd/lease.h"
#include "fs/cmd/sandbox.h"
#include "fs/store/foreign.h"
#include "fs/store/layer.h"
#include "fs/store/meta.h"
#include "fs/store/parts.h"
#include "fs/store/state.h"

#define PROBLEMS_SHOWN 10

/* "A,B=LAYER" is the names, "A B", and what these have to be, "B=LAYER". */
static int set_needs(struct kv *request, const char *list)
{
	autostrv struct strv words = { 0 }, names = { 0 }, layers = { 0 };
	autofree char *needs = NULL;
	autofree char *fixed = NULL;
	int r = strv_split(&words, list, ", \t");

	strv_foreach (word, &words) {
		if (r == 0 && strchr(*word, '='))
			r = strv_add(&layers, *word);
		if (r == 0)
			r = strv_addn(&names, *word, strcspn(*word, "="));
	}
	needs = strv_join(&names, " ");
	fixed = strv_join(&layers, " ");
	if (r < 0 || !needs || !fixed)
		return -ENOMEM;
	r = kv_set(request, "needs", needs);
	return r == 0 ? kv_set(request, "layers", fixed) : r;
}

static int begin(struct lease *lease, const struct where *where, const char *package,
		 const struct cmd *cmd, const struct cmd_line *line, const struct parts *parts)
{
	static const char *const passed[] = { "version", "key", "replaces", "sees" };
	autokv struct kv request = { 0 };
	autokv struct kv reply = { 0 };
	int r;

	kv_set(&request, "package", package);
	for (size_t i = 0; i < ARRAY_SIZE(passed); i++) {
		const char *value = cmd_value(cmd, line, passed[i]);

		if (!value && strcmp(passed[i], "version") == 0)
			value = "0";
		kv_set(&request, passed[i], value ? value : "");
	}
	parts_to_kv(parts, &request);
	r = set_needs(&request, cmd_value(cmd, line, "needs") ?: "");
	if (r == 0)
		r = lease_begin(lease, where, package, &request, &reply);
	if (r < 0)
		where_say_failed(where, r, kv_get(&reply, "message"), "begin the install of '%s'",
				 package);
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
		where_say_failed(lease->where, r, NULL, "commit '%s'", lease->package);
	return r < 0 ? CMD_FAILED : CMD_DONE;
}

/* What it has come to; somebody else may have taken it away again. */
static void tell(const struct where *where, const char *package)
{
	autofree char *problem = NULL;
	struct state *state = NULL;
	const struct layer *layer;
	char size[SIZE_SAID];

	if (state_open(where->state, false, &state, &problem) < 0)
		return;
	layer = state_find(state, package);
	if (layer)
		log_note("installed %s %s: %ju files, %s", package, layer_version(layer),
			 (uintmax_t)layer->meta->files,
			 size_said((double)layer->meta->bytes, size));
	state_close(state);
}

static int put_aside(struct lease *lease)
{
	autokv struct kv reply = { 0 };
	int r = lease_aside(lease, &reply);
	const char *layer = kv_get(&reply, "layer");

	if (r == 0)
		puts(layer ? layer : "");
	else
		where_say_failed(lease->where, r, NULL, "keep what '%s' has become",
				 lease->package);
	return r < 0 ? CMD_FAILED : CMD_DONE;
}

/* Run the command in the build view; what it left in caches is in the layer afterwards. */
static int run_command(const struct where *where, const char *package, bool look, char **argv)
{
	autofree char *view = NULL;
	autofd int dir = -1;
	struct sandbox sandbox = { .point = where->point, .read_only = look };
	int r;

	view = text_of("%s/.xsysfs/build/%s", where->point, package);
	if (!view)
		return -ENOMEM;
	dir = open(view, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return log_errno(-errno, "cannot open the build view '%s'", view);
	sandbox.view = view;
	setenv("XSYSFS", where->point, 1);
	setenv("SYSROOT", where->point, 1);
	r = sandbox_run(&sandbox, argv);
	if (r == -EPERM || r == -ENOSPC || r == -EINVAL) {
		log_warn("this machine refuses namespaces: '%s' runs with the build view at '%s', "
			 "not at '%s', and may leave processes behind",
			 argv[0], view, where->point);
		setenv("XSYSFS", view, 1);
		setenv("SYSROOT", view, 1);
		sandbox.bare = true;
		r = sandbox_run(&sandbox, argv);
	}
	if (r < 0)
		return log_errno(r, "cannot run '%s' in the build view of '%s'", argv[0], package);
	if (!look && syncfs(dir) < 0)
		return log_errno(-errno, "cannot write out what '%s' has written", package);
	return r;
}

/* What was installed below the path of the mount itself, or of a builder's box: DESTDIR was put in
 * front of a path that had it. A folder that the base has is one of the board. */
static int check_places(const struct where *where, const char *package)
{
	const char *const places[] = { where->point, "/xsysfs/sysroot", "/xsysfs" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		autofree char *path = NULL;
		autofree char *seen = NULL;

		path = text_of("%s/pending/%s/root%s", where->state, package, places[i]);
		seen = text_of("%s%s", where->point, places[i]);
		if (!path || !seen)
			return log_errno(-ENOMEM, "%s", package);
		if (access(path, F_OK) == 0 && access(seen, F_OK) < 0)
			return log_error(
				"cannot commit '%s': files are below '%s', as if that were "
				"a folder of the board (DESTDIR in front of a path that "
				"has it already?)",
				package, places[i]);
	}
	return 0;
}

/* What the layer under way has for other machines than those that the base is for. */
static int check_machines(const struct where *where, const char *package,
			  const struct elf_machine *machines, size_t n, const char *allowed)
{
	autostrv struct strv patterns = { 0 }, problems = { 0 };
	autofree char *root = NULL;
	struct layer *layer = NULL;
	int fd = -1, r = strv_split(&patterns, allowed ? allowed : "", ", ");

	if (r == 0 && !(root = text_of("%s/pending/%s/root", where->state, package)))
		r = -ENOMEM;
	if (r == 0 && (fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
		r = -errno;
	if (r == 0 && (r = layer_new(ORIGIN_PACKAGE, "pending", fd, NULL, &layer)) < 0)
		close(fd);
	if (r == 0)
		r = foreign_find(layer, machines, n, &patterns, &problems);
	layer_unref(layer);
	if (r < 0)
		return log_errno(r, "cannot look through what '%s' installed", package);
	for (size_t i = 0; i < problems.n && i < PROBLEMS_SHOWN; i++)
		log_error("cannot commit '%s': %s", package, problems.v[i]);
	if (problems.n > PROBLEMS_SHOWN)
		log_error("cannot commit '%s': and %zu more", package, problems.n - PROBLEMS_SHOWN);
	return problems.n ? -ENOEXEC : 0;
}

/* Of the mount, whose daemon has answered by now. */
static size_t find_machines(const struct where *where,
			    struct elf_machine machines[static FOREIGN_MACHINES])
{
	autofd int mount = open(where->point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return mount < 0 ? 0 : foreign_machines(mount, machines);
}

/* What was written is to stay, if it may. */
static int keep(const struct cmd *cmd, const struct cmd_line *line, struct lease *lease,
		const struct elf_machine *machines, size_t n)
{
	const struct where *where = lease->where;
	const char *package = lease->package;
	int r = check_places(where, package);

	if (r == 0)
		r = check_machines(where, package, machines, n,
				   cmd_value(cmd, line, "other-machine"));
	if (r < 0)
		return r;
	if (cmd_value(cmd, line, "aside"))
		return put_aside(lease);
	r = commit(lease);
	if (r == 0 && !cmd_value(cmd, line, "quiet"))
		tell(where, package);
	return r;
}

/* What the daemon would refuse, or could not even be asked: a message has a line for each. */
static int check_values(const struct cmd *cmd, const struct cmd_line *line)
{
	static const char *const lines[] = { "needs", "replaces", "sees", "key" };
	const char *package = cmd_value(cmd, line, "package");
	const char *version = cmd_value(cmd, line, "version");

	if (package && !name_is_package(package))
		return cmd_usage(cmd,
				 "'%s' is no name for a package (" NAME_RULE
				 "; local and base are taken)",
				 package);
	if (version && !name_is_version(version))
		return cmd_usage(cmd, "'%.64s' is no version (" NAME_RULE ")", version);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		const char *value = cmd_value(cmd, line, lines[i]);

		if (value && strchr(value, '\n'))
			return cmd_usage(cmd, "--%s has a line break in it", lines[i]);
	}
	return CMD_DONE;
}

/* From the install's begin to its end. */
static int install(const struct cmd *cmd, const struct cmd_line *line, const struct where *where)
{
	const char *package = cmd_value(cmd, line, "package");
	const char *rules = cmd_value(cmd, line, "parts");
	cleanup(parts_release) struct parts parts = { 0 };
	struct elf_machine machines[FOREIGN_MACHINES];
	struct lease lease;
	size_t n = 0;
	int r = rules ? cmd_read_parts(rules, &parts) : 0;

	if (r < 0)
		return CMD_FAILED;
	r = begin(&lease, where, package, cmd, line, &parts);
	if (r == 0)
		n = find_machines(where, machines);
	if (r == 0)
		r = lease_watch(&lease);
	if (r == 0)
		r = run_command(where, package, false, line->argv);
	if (r == 0 && !cmd_value(cmd, line, "discard"))
		r = keep(cmd, line, &lease, machines, n);
	lease_end(&lease);
	return r < 0 ? CMD_FAILED : r;
}

/* An install to which nothing is written, and which comes to nothing. */
static int look(const struct cmd *cmd, const struct cmd_line *line, const struct where *where)
{
	const struct parts parts = { 0 };
	autofree char *name = NULL;
	struct lease lease;
	uint64_t n;
	int r;

	if (getrandom(&n, sizeof(n), 0) != sizeof(n))
		return log_errno(-errno, "cannot look"), CMD_FAILED;
	name = text_of("look-%016" PRIx64, n);
	if (!name)
		return log_errno(-ENOMEM, "cannot look"), CMD_FAILED;
	r = begin(&lease, where, name, cmd, line, &parts);
	if (r == 0)
		r = lease_watch(&lease);
	if (r == 0)
		r = run_command(where, name, true, line->argv);
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
	if (!package && !cmd_value(cmd, &line, "look"))
		return cmd_usage(cmd, "--package is missing");
	if (cmd_value(cmd, &line, "discard") &&
	    (cmd_value(cmd, &line, "look") || cmd_value(cmd, &line, "aside")))
		return cmd_usage(cmd, "one of --discard, --aside and --look, not two");
	if (package && cmd_value(cmd, &line, "look"))
		return cmd_usage(cmd, "--look installs nothing: it takes no --package");
	if (check_values(cmd, &line) != CMD_DONE)
		return CMD_USAGE;
	if (where_find(cmd_value(cmd, &line, "C"), &where) < 0)
		return CMD_FAILED;
	if (!where.point) {
		log_error("the state '%s' is not mounted: nothing can be installed into it",
			  where.state);
		return CMD_FAILED;
	}
	return package ? install(cmd, &line, &where) : look(cmd, &line, &where);
}

const struct cmd cmd_run = {
	.name = "run",
	.args = "--package P [--version V] [--needs A,B] -- CMD...",
	.summary = "install one package: what CMD writes at the mount is its layer",
	.text = "CMD sees at the mount point the sysroot, the packages that P needs (and what those "
		"need), and what it writes itself; nothing else. When it ends with 0, the layer is "
		"committed: on disk and visible before the command returns. Otherwise nothing has "
		"happened. The exit status is CMD's. Programs and libraries for another machine than the "
		"sysroot's C library are refused. CMD finds the mount point in $SYSROOT (and $XSYSFS): "
		"what it writes elsewhere is not installed. CMD may give files to anybody, as 'install -o' "
		"does, also when you are not root: staging shows it.",
	.takes_command = true,
	.run = run_run,
	.options = {
		CMD_WHERE,
		{ 'p', "package", "P", "the package's name", "package" },
		{ 0, "version", "V", "its version", NULL },
		{ 0, "needs", "A,B", "the packages that it may see; A=LAYER: only that one of A", "package," },
		{ 0, "replaces", "A,B", "the packages whose files it may write over", "package," },
		{ 0, "sees", "SHA256", "of lines 'NAME LAYER': all that it sees has to be that", NULL },
		{ 0, "key", "TEXT", "kept with the layer, for builders", NULL },
		{ 0, "other-machine", "PATTERNS", "files that may be for another machine", NULL },
		{ 'q', "quiet", NULL, "do not say what was installed", NULL },
		{ 0, "aside", NULL, "commit nothing: print the layer, which is kept until 'gc'", NULL },
		{ 0, "discard", NULL, "install nothing: what CMD writes is thrown away when it ends", NULL },
		{ 0, "look", NULL, "install nothing: CMD only sees what --needs says, and cannot write there", NULL },
		{ 0, "parts", "FILE", "rules for its parts (see 'xsysfs help parts')", "file" },
	},
};
