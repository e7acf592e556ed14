// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/phase.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/places.h"
#include "builder/proc.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"

#define TAIL_LINES 15
#define TAIL_BYTES 4096

static void cleanup_json(json_t **j)
{
	json_decref(*j);
}
#define autojson cleanup(cleanup_json)

/* The shell line of a phase; NULL when the package has no such phase, or without memory. */
static char *phase_command(const struct recipe *r, enum recipe_phase phase)
{
	static const char *const usual[PHASE_COUNT] = {
		"\"$SOURCE_DIR/configure\" --build=\"$BUILD_TRIPLE\" --host=\"$HOST_TRIPLE\" "
		"--prefix=\"$PREFIX\" --libdir=\"$PREFIX/$HOST_TRIPLE_LIB_DIR\"",
		"make -j\"$JOBS\"",
		"make install DESTDIR=\"$DESTDIR\"",
	};
	char *command;

	if (r->script[phase])
		return asprintf(&command, "sh -eu \"$RECIPE_DIR/%s\"",
				strrchr(r->script[phase], '/') + 1) < 0 ? NULL : command;
	if (r->command[phase])
		return strdup(r->command[phase]);
	if (r->system == RECIPE_SCRIPT || (r->system == RECIPE_MAKE && phase == PHASE_CONFIGURE))
		return NULL;
	return asprintf(&command, "%s%s%s", usual[phase], *r->options[phase] ? " " : "",
			r->options[phase]) < 0 ? NULL : command;
}

static int write_site(const struct recipe *recipe, const struct phase_folders *f, char **why)
{
	autofree char *path = places_join(f->work, "config.site");
	autofree char *text = strv_join(&recipe->cache, "\n");
	autofree char *lines = NULL;
	int r;

	if (!path || !text || asprintf(&lines, "%s\n", text) < 0)
		return why_errno(why, -ENOMEM, "%s", recipe->name);
	r = io_replace_file(AT_FDCWD, path, lines, strlen(lines));
	return r < 0 ? why_errno(why, r, "cannot write '%s'", path) : 0;
}

int phase_write_plan(const struct recipe *recipe, const struct phase_folders *f,
		     const struct strv *env, char **why)
{
	autojson json_t *phases = json_array();
	autojson json_t *settings = json_array();
	autojson json_t *plan = NULL;
	autofree char *path = places_join(f->work, "plan.json");
	autofree char *text = NULL;
	int r = write_site(recipe, f, why);

	if (r < 0)
		return r;
	for (int i = 0; i < PHASE_COUNT; i++) {
		autofree char *command = phase_command(recipe, i);

		if (command)
			json_array_append_new(phases, json_pack("{ssss}", "name",
								recipe_phase_names[i], "command",
								command));
	}
	strv_foreach(setting, env)
		json_array_append_new(settings, json_string(*setting));
	plan = json_pack("{ssssssssss sOsO}", "package", recipe->name, "version", recipe->version,
			 "folder", recipe->in_tree ? f->src : f->build, "log", f->log, "recipe",
			 recipe->path, "environment", settings, "phases", phases);
	text = plan ? json_dumps(plan, JSON_INDENT(1)) : NULL;
	if (!text || !path)
		return why_errno(why, -ENOMEM, "%s", recipe->name);
	r = io_replace_file(AT_FDCWD, path, text, strlen(text));
	return r < 0 ? why_errno(why, r, "cannot write '%s'", path) : 0;
}

static int add_replaced(struct strv *env, const char *setting, const char *sysroot)
{
	autostrv struct strv parts = { 0 };
	autofree char *whole = NULL;
	const char *at;
	int r = 0;

	while (r == 0 && (at = strstr(setting, PHASE_SYSROOT))) {
		r = strv_addn(&parts, setting, at - setting);
		setting = at + strlen(PHASE_SYSROOT);
	}
	if (r == 0)
		r = strv_add(&parts, setting);
	whole = r == 0 ? strv_join(&parts, sysroot) : NULL;
	return whole ? strv_add(env, whole) : -ENOMEM;
}

/* The last lines of a log, each with a margin. */
static void show_tail(const char *path)
{
	autoclose FILE *f = fopen(path, "re");
	char buf[TAIL_BYTES + 1];
	char *start = buf;
	size_t n, lines = 0;

	if (!f)
		return;
	if (fseek(f, -TAIL_BYTES, SEEK_END) < 0)
		rewind(f);
	n = fread(buf, 1, TAIL_BYTES, f);
	while (n && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	for (size_t i = n; i > 0; i--)
		if (buf[i - 1] == '\n' && ++lines == TAIL_LINES) {
			start = buf + i;
			break;
		}
	for (char *line; (line = strsep(&start, "\n"));)
		fprintf(stderr, "  | %s\n", line);
}

struct run {
	const char *package, *version, *folder, *log;
	struct strv env;
};

static int run_phase(const struct run *run, const char *name, const char *command)
{
	autofree char *path = NULL;
	autofree char *words = NULL;
	autofd int log = -1;
	const char *argv[] = { "/bin/sh", "-c", command, NULL };
	int status;

	if (asprintf(&path, "%s/%s.log", run->log, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (log < 0)
		return log_errno(-errno, "cannot write '%s'", path);
	dprintf(log, "$ cd %s\n$ %s\n", run->folder, command);
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s %s: %s\033[K", run->package, run->version, name);
	status = proc_run(&(struct proc){ .argv = argv, .env = run->env.v, .dir = run->folder,
					  .out = log, .err = log });
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	if (status == 0)
		return 0;
	if (status < 0)
		return log_errno(status, "%s %s: cannot run %s in '%s'", run->package, run->version,
				 name, run->folder);
	words = proc_words(status);
	log_error("%s %s: %s failed: %s: %s", run->package, run->version, name,
		  words ? words : "", command);
	show_tail(path);
	log_note("%s %s: the log of %s is '%s'", run->package, run->version, name, path);
	return -EIO;
}

static int fill(struct run *run, const json_t *plan, const char *sysroot)
{
	const json_t *settings = json_object_get(plan, "environment");
	const json_t *setting;
	size_t i;
	int r = strv_addf(&run->env, "XSYSFS=%s", sysroot);

	run->package = json_string_value(json_object_get(plan, "package"));
	run->version = json_string_value(json_object_get(plan, "version"));
	run->folder = json_string_value(json_object_get(plan, "folder"));
	run->log = json_string_value(json_object_get(plan, "log"));
	if (!run->package || !run->version || !run->folder || !run->log)
		return -EBADMSG;
	json_array_foreach(settings, i, setting) {
		if (r == 0 && json_is_string(setting))
			r = add_replaced(&run->env, json_string_value(setting), sysroot);
	}
	return r;
}

int phase_run_plan(const char *work)
{
	autofree char *path = places_join(work, "plan.json");
	autojson json_t *plan = path ? json_load_file(path, 0, NULL) : NULL;
	const char *sysroot = getenv("XSYSFS");
	const json_t *phase;
	struct run run = { 0 };
	size_t i;
	int r;

	if (!plan)
		return log_error("cannot read the plan '%s'", path ? path : work), 1;
	if (!sysroot || *sysroot != '/')
		return log_error("this is a part of 'xsysfs build', started by 'xsysfs run'"), 1;
	umask(022);
	r = fill(&run, plan, sysroot);
	if (r < 0)
		log_errno(r, "cannot use the plan '%s'", path);
	json_array_foreach(json_object_get(plan, "phases"), i, phase) {
		if (r == 0)
			r = run_phase(&run, json_string_value(json_object_get(phase, "name")),
				      json_string_value(json_object_get(phase, "command")));
	}
	strv_release(&run.env);
	return r < 0;
}
