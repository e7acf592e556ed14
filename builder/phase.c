// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/phase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "builder/crossfiles.h"
#include "builder/jobserver.h"
#include "builder/launcher.h"
#include "builder/places.h"
#include "builder/proc.h"
#include "builder/story.h"
#include "builder/system.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/kv.h"
#include "fs/base/log.h"

#define TAIL_LINES 15
#define TAIL_BYTES 4096
#define PLAN_MAX   (1 << 20)

static int write_site(const struct recipe *recipe, const struct phase_folders *f, char **why)
{
	autofree char *text = strv_join(&recipe->cache, "\n");
	autofree char *lines = NULL;
	int r;

	if (!text || asprintf(&lines, "%s\n", text) < 0)
		return why_errno(why, -ENOMEM, "%s", recipe->name);
	r = places_scratch(f->work, "config.site", lines);
	return r < 0 ? why_errno(why, r, "cannot write to '%s'", f->work) : 0;
}

static int write_dates(const struct phase_folders *f, long long epoch, char **why)
{
	char text[256];
	time_t when = epoch;
	struct tm tm;
	int r;

	gmtime_r(&when, &tm);
	strftime(text, sizeof(text),
		 "#define __DATE__ \"%b %e %Y\"\n#define __TIME__ \"%H:%M:%S\"\n"
		 "#define __TIMESTAMP__ \"%a %b %e %H:%M:%S %Y\"\n",
		 &tm);
	r = places_scratch(f->work, PHASE_DATES, text);
	return r < 0 ? why_errno(why, r, "cannot write '%s/%s'", f->work, PHASE_DATES) : 0;
}

static int add_phases(struct kv *plan, const struct recipe *recipe)
{
	int r = 0;

	for (int i = 0; i < PHASE_COUNT && r == 0; i++) {
		autofree char *command = system_command(recipe, i);

		if (command)
			r = kv_set(plan, recipe_phase_names[i], command);
	}
	return r;
}

static int add_fixups(struct kv *plan, const struct recipe *recipe, const struct phase_folders *f)
{
	int r = kv_set(plan, "written", f->written);

	if (r == 0)
		r = kv_set(plan, "work", f->work);
	if (r == 0)
		r = kv_set(plan, "toolchain", f->toolchain);
	for (int i = 0; i < FIXUP_COUNT && r == 0; i++) {
		autofree char *key = NULL;

		if (asprintf(&key, "fix-up.%s", fixup_rule_names[i]) < 0)
			key = NULL;
		r = key ? kv_set(plan, key, recipe->fixups[i] ? "yes" : "no") : -ENOMEM;
	}
	return r;
}

static int add_environment(struct kv *plan, const struct strv *env)
{
	int r = 0;

	for (size_t i = 0; i < env->n && r == 0; i++) {
		autofree char *key = NULL;

		if (asprintf(&key, "environment.%zu", i) < 0)
			key = NULL;
		r = key ? kv_set(plan, key, env->v[i]) : -ENOMEM;
	}
	return r;
}

static int write_text(const struct phase_folders *f, const char *name, char *text, char **why)
{
	autofree char *owned = text;
	int r = owned ? places_scratch(f->work, name, owned) : -ENOMEM;

	return r < 0 ? why_errno(why, r, "cannot write '%s/%s'", f->work, name) : 0;
}

static int write_crossfiles(const struct phase_plan *p, char **why)
{
	autofree char *extra = phase_date_words(p->toolchain, p->inside);
	autofree char *launcher = p->launcher ? places_join(p->launcher, LAUNCHER_SCRIPT) : NULL;
	const struct cross cross = {
		.board = p->board,
		.toolchain = p->toolchain,
		.tools = p->inside->toolchain,
		.sysroot = p->sysroot,
		.extra = extra,
		.launcher = launcher,
	};
	int r;

	if (!extra || (p->launcher && !launcher))
		return why_errno(why, -ENOMEM, "%s", p->recipe->name);
	r = write_text(p->outside, PHASE_CMAKE, cross_cmake(&cross), why);
	return r == 0 ? write_text(p->outside, PHASE_MESON, cross_meson(&cross), why) : r;
}

static int fill_plan(struct kv *plan, const struct phase_plan *p, const struct strv *env)
{
	const struct recipe *recipe = p->recipe;
	int r = kv_set(plan, "package", recipe->name);

	if (r == 0)
		r = kv_set(plan, "version", recipe->version);
	if (r == 0)
		r = kv_set(plan, "folder", recipe->in_tree ? p->inside->src : p->inside->build);
	if (r == 0)
		r = kv_set(plan, "log", p->inside->log);
	if (r == 0)
		r = kv_set(plan, "log-outside", p->outside->log);
	if (r == 0)
		r = kv_setf(plan, "events", "%d", p->events);
	if (r == 0)
		r = kv_set(plan, "counts-jobs", system_counts_jobs(recipe->system) ? "yes" : "no");
	if (r == 0)
		r = add_phases(plan, recipe);
	if (r == 0)
		r = add_fixups(plan, recipe, p->inside);
	return r == 0 ? add_environment(plan, env) : r;
}

int phase_write_plan(const struct phase_plan *p, const struct strv *env, char **why)
{
	autokv struct kv plan = { 0 };
	int r = write_site(p->recipe, p->outside, why);

	if (r == 0)
		r = write_dates(p->outside, p->epoch, why);
	if (r == 0)
		r = write_crossfiles(p, why);
	if (r < 0)
		return r;
	r = fill_plan(&plan, p, env);
	if (r < 0)
		return why_errno(why, r, "cannot plan '%s'", p->recipe->name);
	return write_text(p->outside, "plan", kv_format(&plan), why);
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
	const char *log_outside; /* for messages */
	int events;
	bool counts_jobs;
	struct strv env;
};

static const char *environment(const struct run *run, const char *name)
{
	size_t n = strlen(name);

	strv_foreach (setting, &run->env)
		if (strncmp(*setting, name, n) == 0 && (*setting)[n] == '=')
			return *setting + n + 1;
	return "";
}

/* For a build tool that is no make: as many jobs as can be had when it starts. */
static int borrow_jobs(struct run *run, const char *phase)
{
	int most = atoi(environment(run, "JOBS")), got;

	if (!run->counts_jobs || strcmp(phase, recipe_phase_names[PHASE_MAKE]) != 0)
		return 0;
	got = jobserver_borrow(environment(run, "MAKEFLAGS"), most - 1);
	for (size_t i = 0; i < run->env.n; i++)
		if (strncmp(run->env.v[i], "JOBS=", 5) == 0)
			snprintf(run->env.v[i], strlen(run->env.v[i]) + 1, "JOBS=%d", got + 1);
	return got;
}

static int run_phase(struct run *run, const char *name, const char *command)
{
	autofree char *path = NULL;
	autofree char *words = NULL;
	autofd int log = -1;
	const char *argv[] = { "/bin/sh", "-c", command, NULL };
	int borrowed, status;

	if (asprintf(&path, "%s/%s.log", run->log, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (log < 0)
		return log_errno(-errno, "cannot write '%s'", path);
	dprintf(log, "$ cd %s\n$ %s\n", run->folder, command);
	dprintf(run->events, "phase %s\n", name);
	borrowed = borrow_jobs(run, name);
	status = proc_run(&(struct proc){
		.argv = argv, .env = run->env.v, .dir = run->folder, .out = log, .err = log });
	jobserver_return(environment(run, "MAKEFLAGS"), borrowed);
	if (status == 0)
		return 0;
	if (status < 0)
		return log_errno(status, "%s %s: cannot run %s in '%s'", run->package, run->version,
				 name, run->folder);
	words = proc_words(status);
	log_error("%s %s: %s failed: %s: %s", run->package, run->version, name, words ? words : "",
		  command);
	show_tail(path);
	log_note("%s %s: the log of %s is '%s/%s.log'", run->package, run->version, name,
		 run->log_outside, name);
	return -EIO;
}

static int fill(struct run *run, const struct kv *plan, const char *sysroot)
{
	int r = strv_addf(&run->env, "XSYSFS=%s", sysroot);

	run->package = kv_get(plan, "package");
	run->version = kv_get(plan, "version");
	run->folder = kv_get(plan, "folder");
	run->log = kv_get(plan, "log");
	run->log_outside = kv_get(plan, "log-outside");
	run->counts_jobs = strcmp(kv_get(plan, "counts-jobs") ?: "", "yes") == 0;
	if (!run->package || !run->version || !run->folder || !run->log || !run->log_outside ||
	    sscanf(kv_get(plan, "events") ?: "", "%d", &run->events) != 1)
		return -EBADMSG;
	for (size_t i = 0; i < plan->keys.n && r == 0; i++)
		if (strncmp(plan->keys.v[i], "environment.", 12) == 0)
			r = add_replaced(&run->env, plan->values.v[i], sysroot);
	return r;
}

/* By the tools that the phases had. */
static int run_fixups(const struct run *run, const struct kv *plan, const char *sysroot)
{
	autofree char *path = places_join(run->log, "fix-up.log");
	autofd int log = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
	struct fixup f = {
		.sysroot = sysroot,
		.written = kv_get(plan, "written"),
		.prefix = environment(run, "PREFIX"),
		.strip = environment(run, "STRIP"),
		.objcopy = environment(run, "OBJCOPY"),
		.toolchain = kv_get(plan, "toolchain"),
		.work = kv_get(plan, "work"),
		.log = log,
	};

	if (log < 0)
		return log_errno(-errno, "cannot write '%s'", path ? path : "a log");
	if (!f.written || !f.toolchain || !f.work)
		return log_errno(-EBADMSG, "the plan has no fix-ups");
	for (int i = 0; i < FIXUP_COUNT; i++) {
		autofree char *key = NULL;
		const char *on;

		if (asprintf(&key, "fix-up.%s", fixup_rule_names[i]) < 0)
			return log_errno(-ENOMEM, "fix-ups");
		on = kv_get(plan, key);
		f.on[i] = on && strcmp(on, "yes") == 0;
	}
	dprintf(run->events, "phase fix-up\n");
	setenv("PATH", environment(run, "PATH"), 1);
	return fixup_run(&f, run->package, run->version);
}

static int read_plan(const char *work, struct kv *plan)
{
	autofree char *path = places_join(work, "plan");
	autofree char *text = NULL;
	size_t len = 0;
	int r = path ? io_read_file(AT_FDCWD, path, PLAN_MAX, &text, &len) : -ENOMEM;

	return r < 0 ? r : kv_parse(plan, text, len, NULL);
}

int phase_run_plan(const char *work)
{
	autokv struct kv plan = { 0 };
	const char *sysroot = getenv("XSYSFS");
	struct run run = { 0 };
	int r = read_plan(work, &plan);

	if (r == 0 && (!sysroot || *sysroot != '/'))
		r = -EINVAL;
	if (r == 0)
		r = fill(&run, &plan, sysroot);
	if (r < 0)
		log_errno(r, "cannot use the plan in '%s' (it is for 'xsysfs run')", work);
	umask(022);
	for (int i = 0; i < PHASE_COUNT && r == 0; i++) {
		const char *command = kv_get(&plan, recipe_phase_names[i]);

		if (command)
			r = run_phase(&run, recipe_phase_names[i], command);
	}
	if (r == 0)
		r = run_fixups(&run, &plan, sysroot);
	if (r == 0)
		dprintf(run.events, "phase " STORY_COMMIT "\n");
	strv_release(&run.env);
	return r < 0;
}
