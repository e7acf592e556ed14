// SPDX-License-Identifier: GPL-2.0-or-later
/* The plan is carried out, inside. */
#include "builder/run/phase.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "builder/base/places.h"
#include "builder/base/proc.h"
#include "builder/cross/libtool.h"
#include "builder/fixup/fixup.h"
#include "builder/recipe/system.h"
#include "builder/run/jobserver.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/kv.h"
#include "fs/base/log.h"
#include "fs/base/tame.h"
#include "fs/base/text.h"

#define TAIL_LINES 15
#define TAIL_BYTES 4096
#define PLAN_MAX   (1 << 20)

/* With the sysroot for PHASE_SYSROOT; the caller frees. NULL: no memory. */
static char *replaced(const char *text, const char *sysroot)
{
	autostrv struct strv parts = { 0 };
	const char *at;

	for (; (at = strstr(text, PHASE_SYSROOT)); text = at + strlen(PHASE_SYSROOT))
		if (strv_addn(&parts, text, at - text) < 0)
			return NULL;
	return strv_add(&parts, text) < 0 ? NULL : strv_join(&parts, sysroot);
}

static int add_replaced(struct strv *env, const char *setting, const char *sysroot)
{
	autofree char *whole = replaced(setting, sysroot);

	return whole ? strv_add(env, whole) : -ENOMEM;
}

/* The compilers and the files for CMake and Meson, where it was not known when they were written.
 * As they are, but for their text. */
static int settle_file(const char *path, const char *sysroot)
{
	autofree char *text = NULL;
	autofree char *whole = NULL;
	autofd int fd = -1;
	int r = io_read_file(AT_FDCWD, path, PLAN_MAX, &text, NULL);

	if (r < 0 || !strstr(text, PHASE_SYSROOT))
		return r;
	whole = replaced(text, sysroot);
	if (!whole)
		return -ENOMEM;
	fd = open(path, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : io_write_all(fd, whole, strlen(whole));
}

static int settle_files(const char *work, const char *sysroot)
{
	static const char *const patterns[] = { PHASE_CMAKE, PHASE_MESON, PHASE_BIN "/*" };
	glob_t g = { 0 };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(patterns) && r == 0; i++) {
		autofree char *pattern = places_join(work, patterns[i]);

		if (!pattern || glob(pattern, i ? GLOB_APPEND : 0, NULL, &g) == GLOB_NOSPACE)
			r = -ENOMEM;
	}
	for (size_t i = 0; i < g.gl_pathc && r == 0; i++)
		r = settle_file(g.gl_pathv[i], sysroot);
	globfree(&g);
	return r;
}

/* The last lines of a log, each with a margin. */
static void show_tail(int log)
{
	char buf[TAIL_BYTES + 1];
	off_t size = lseek(log, 0, SEEK_END);
	ssize_t n = pread(log, buf, TAIL_BYTES, size > TAIL_BYTES ? size - TAIL_BYTES : 0);
	char *start = buf;
	size_t lines = 0;

	while (n > 0 && buf[n - 1] == '\n')
		n--;
	if (n <= 0)
		return;
	buf[n] = '\0';
	for (ssize_t i = n; i > 0; i--)
		if (buf[i - 1] == '\n' && ++lines == TAIL_LINES) {
			start = buf + i;
			break;
		}
	for (char *line; (line = strsep(&start, "\n"));)
		fprintf(stderr, "  | %s\n", line);
}

struct run {
	const char *package, *version, *work, *folder;
	const char *log; /* the folder, for messages */
	int events, logs[PHASE_LOGS];
	int jobs[2]; /* the jobserver's; -1: none */
	bool counts_jobs;
	struct limits limits;
	enum limits_over over;
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

/* What a phase finds: DESTDIR only where something is installed, or it would be compiled in. */
static int phase_variables(const struct run *run, const char *phase, struct strv *env)
{
	bool installs = strcmp(phase, recipe_phase_names[PHASE_INSTALL]) == 0;
	int r = strv_addf(env, "XSYSFS_PHASE=%s", phase);

	strv_foreach (setting, &run->env)
		if (r == 0 && (installs || strncmp(*setting, "DESTDIR=", 8) != 0))
			r = strv_add(env, *setting);
	return r;
}

/* What something that ran in a phase left for us in the work folder; NULL: nothing. 0 or -errno,
 * said. */
static int read_left(const struct run *run, const char *name, char **path, char **text)
{
	int r;

	*path = places_join(run->work, name);
	r = *path ? io_read_file(AT_FDCWD, *path, PLAN_MAX, text, NULL) : -ENOMEM;
	if (r < 0 && r != -ENOENT)
		return log_errno(r, "cannot read '%s'", *path ? *path : name);
	return 0;
}

/* A compiler that was to look into this machine's folders has refused; whoever asked it to may have
 * taken that for an answer. */
static int check_host_paths(const struct run *run, const char *phase)
{
	autofree char *path = NULL;
	autofree char *text = NULL;
	int r = read_left(run, PHASE_HOSTS, &path, &text);

	if (r < 0 || !text)
		return r;
	text[strcspn(text, "\n")] = '\0';
	tame(text);
	return log_error("%s %s: in %s a compiler was to look into this machine's folders, not the "
			 "board's (a recipe may allow it: 'host-paths = no' in [fix-ups]): %s",
			 run->package, run->version, phase, text);
}

/* What is no error, and would be read by nobody in a log. */
static void say_warnings(const struct run *run)
{
	autofree char *path = NULL;
	autofree char *text = NULL;
	char *rest;

	if (read_left(run, PHASE_WARNINGS, &path, &text) < 0 || !text)
		return;
	unlink(path);
	rest = text;
	for (char *line; (line = strsep(&rest, "\n"));) {
		tame(line);
		if (*line)
			log_warn("%s %s: %s", run->package, run->version, line);
	}
}

static bool watch(void *arg)
{
	struct run *run = arg;

	if (run->over == LIMITS_KEPT)
		run->over = limits_look(&run->limits);
	return run->over != LIMITS_KEPT;
}

/* Only in a box are the processes that can be seen the build's. */
static bool has_limits(void)
{
	return getpid() == 1;
}

static void say_limit(const struct run *run, const char *phase)
{
	bool many = run->over == LIMITS_TOO_MANY;

	if (run->over != LIMITS_KEPT)
		log_error(
			"%s %s: %s was ended, since it took more %s (a recipe may allow more: '%s' "
			"in [build])",
			run->package, run->version, phase,
			many ? "processes than are allowed" : "memory than is allowed",
			many ? "processes" : "memory");
}

static int run_phase(struct run *run, int log, const char *name, const char *command)
{
	autostrv struct strv env = { 0 };
	autofree char *words = NULL;
	const char *argv[] = { "/bin/sh", "-c", command, NULL };
	int borrowed, status;

	dprintf(log, "$ cd %s\n$ %s\n", run->folder, command);
	dprintf(run->events, "phase %s\n", name);
	borrowed = borrow_jobs(run, name);
	status = phase_variables(run, name, &env);
	if (status == 0)
		status = proc_run(&(struct proc){ .argv = argv,
						  .env = env.v,
						  .dir = run->folder,
						  .out = log,
						  .err = log,
						  .keep = run->jobs,
						  .n_keep = run->jobs[0] < 0 ? 0 : 2,
						  .watch = has_limits() ? watch : NULL,
						  .watched = run });
	jobserver_return(environment(run, "MAKEFLAGS"), borrowed);
	say_warnings(run);
	if (status == 0 && run->over == LIMITS_KEPT &&
	    strcmp(name, recipe_phase_names[PHASE_CONFIGURE]) == 0)
		status = libtool_mend(run->folder, log);
	if (status == 0 && run->over == LIMITS_KEPT)
		return check_host_paths(run, name);
	if (status < 0)
		return log_errno(status, "%s %s: cannot run %s in '%s'", run->package, run->version,
				 name, run->folder);
	say_limit(run, name);
	words = proc_words(status);
	log_error("%s %s: %s failed: %s: %s", run->package, run->version, name, words ? words : "",
		  command);
	show_tail(log);
	log_note("%s %s: the log of %s is '%s/%s.log'", run->package, run->version, name, run->log,
		 name);
	return -EIO;
}

static int descriptor(const struct kv *plan, const char *key, int *ret)
{
	const char *text = kv_get(plan, key);

	return text && sscanf(text, "%d", ret) == 1 ? 0 : -EBADMSG;
}

static int fill_descriptors(struct run *run, const struct kv *plan)
{
	int r = descriptor(plan, "events", &run->events);

	for (int i = 0; i < PHASE_LOGS && r == 0; i++) {
		autofree char *key = NULL;

		key = text_of("log.%s", phase_log_name(i));
		r = key ? descriptor(plan, key, &run->logs[i]) : -ENOMEM;
	}
	return r;
}

static int fill_limits(struct run *run, const struct kv *plan)
{
	return sscanf(kv_get(plan, "limit.processes") ?: "", "%" SCNu64, &run->limits.processes) ==
				       1 &&
			       sscanf(kv_get(plan, "limit.memory") ?: "", "%" SCNu64,
				      &run->limits.memory) == 1
		       ? 0
		       : -EBADMSG;
}

static int fill(struct run *run, const struct kv *plan, const char *sysroot)
{
	int r = strv_addf(&run->env, "XSYSFS=%s", sysroot);

	run->package = kv_get(plan, "package");
	run->version = kv_get(plan, "version");
	run->work = kv_get(plan, "work");
	run->folder = kv_get(plan, "folder");
	run->log = kv_get(plan, "log");
	run->counts_jobs = strcmp(kv_get(plan, "counts-jobs") ?: "", "yes") == 0;
	if (!run->package || !run->version || !run->work || !run->folder || !run->log)
		return -EBADMSG;
	if (r == 0)
		r = fill_descriptors(run, plan);
	if (r == 0)
		r = fill_limits(run, plan);
	for (size_t i = 0; i < plan->keys.n && r == 0; i++)
		if (strncmp(plan->keys.v[i], "environment.", 12) == 0)
			r = add_replaced(&run->env, plan->values.v[i], sysroot);
	if (jobserver_find(environment(run, "MAKEFLAGS"), &run->jobs[0], &run->jobs[1]) < 0)
		run->jobs[0] = -1;
	return r;
}

/* A compiler behind a launcher wants more than PATH. */
static int take_environment(const struct run *run)
{
	strv_foreach (setting, &run->env) {
		size_t n = strcspn(*setting, "=");
		autofree char *name = strndup(*setting, n);

		if (!name)
			return -ENOMEM;
		if ((*setting)[n] && setenv(name, *setting + n + 1, 1) < 0)
			return -errno;
	}
	return 0;
}

/* By the tools that the phases had. */
static int run_fixups(const struct run *run, const struct kv *plan, const char *sysroot)
{
	struct fixup f = {
		.sysroot = sysroot,
		.written = kv_get(plan, "written"),
		.prefix = environment(run, "PREFIX"),
		.strip = environment(run, "STRIP"),
		.objcopy = environment(run, "OBJCOPY"),
		.toolchain = kv_get(plan, "toolchain"),
		.work = kv_get(plan, "work"),
		.log = run->logs[PHASE_FIXUP],
		.package = run->package,
		.version = run->version,
	};
	int r;

	if (!f.written || !f.toolchain || !f.work)
		return log_errno(-EBADMSG, "the plan has no fix-ups");
	for (int i = 0; i < FIXUP_COUNT; i++) {
		autofree char *key = NULL;
		const char *on;

		if (!(key = text_of("fix-up.%s", fixup_rule_names[i])))
			return log_errno(-ENOMEM, "fix-ups");
		on = kv_get(plan, key);
		f.on[i] = on && strcmp(on, "yes") == 0;
	}
	dprintf(run->events, "phase fix-up\n");
	r = take_environment(run);
	if (r < 0)
		return log_errno(r, "fix-ups");
	f.run_path = kv_get(plan, "run-path");
	f.keep_debug = strcmp(kv_get(plan, "keep-debug") ?: "", "yes") == 0;
	r = strv_split(&f.other_machine, kv_get(plan, "other-machine") ?: "", " ");
	if (r == 0)
		r = fixup_learn_machine(&f, environment(run, "CC"),
					environment(run, "HOST_CFLAGS"));
	if (r == 0)
		r = fixup_run(&f, run->package, run->version);
	strv_release(&f.other_machine);
	return r;
}

static int read_plan(const char *work, struct kv *plan)
{
	autofree char *path = places_join(work, "plan");
	autofree char *text = NULL;
	size_t len = 0;
	int r = path ? io_read_file(AT_FDCWD, path, PLAN_MAX, &text, &len) : -ENOMEM;

	return r < 0 ? r : kv_parse(plan, text, len, NULL);
}

/* The plan, and what it says that the phases find. 0 or -errno, said. */
static int open_plan(const char *work, struct kv *plan, struct run *run, const char **sysroot)
{
	int r = read_plan(work, plan);

	*sysroot = getenv("XSYSFS");
	if (r == 0 && (!*sysroot || **sysroot != '/'))
		r = -EINVAL;
	if (r == 0)
		r = fill(run, plan, *sysroot);
	if (r == 0)
		r = settle_files(work, *sysroot);
	if (r < 0)
		log_errno(r, "cannot use the plan in '%s' (it is for 'xsysfs run')", work);
	umask(022);
	return r;
}

int phase_run_plan(const char *work)
{
	autokv struct kv plan = { 0 };
	const char *sysroot;
	struct run run = { 0 };
	int r = open_plan(work, &plan, &run, &sysroot);

	prctl(PR_SET_DUMPABLE, 0); /* so nobody gets at our memory and descriptors by /proc */
	for (int i = 0; i < PHASE_COUNT && r == 0; i++) {
		const char *command = kv_get(&plan, recipe_phase_names[i]);

		if (command)
			r = run_phase(&run, run.logs[i], recipe_phase_names[i], command);
	}
	if (r == 0)
		r = run_fixups(&run, &plan, sysroot);
	if (r == 0)
		dprintf(run.events, "phase " PHASE_COMMIT "\n");
	strv_release(&run.env);
	return r < 0;
}

/* Builds have a dumb one, for the same bytes everywhere; a person has his own. */
static int set_terminal(struct strv *env)
{
	const char *term = isatty(STDIN_FILENO) ? getenv("TERM") : NULL;

	for (size_t i = 0; term && i < env->n; i++)
		if (strncmp(env->v[i], "TERM=", 5) == 0) {
			free(env->v[i]);
			env->v[i] = text_of("TERM=%s", term);
			return env->v[i] ? 0 : -ENOMEM;
		}
	return 0;
}

/* In a session of its own, with job control if stdin is a terminal. */
static int become_shell(const struct run *run, char *const *argv)
{
	static char *const shells[][5] = { { "/bin/bash", "--norc", "--noprofile", "-i", NULL },
					   { "/bin/sh", "-i", NULL } };
	struct strv env = { 0 };

	if (phase_variables(run, recipe_phase_names[PHASE_INSTALL], &env) < 0 ||
	    set_terminal(&env) < 0 || strv_addf(&env, "PS1=%s \\w \\$ ", run->package) < 0)
		return -ENOMEM;
	if (setsid() >= 0 && isatty(STDIN_FILENO))
		ioctl(STDIN_FILENO, TIOCSCTTY, 0);
	if (chdir(run->folder) < 0)
		return -errno;
	if (*argv) {
		execvpe(argv[0], argv, env.v);
		return -errno;
	}
	for (size_t i = 0; i < ARRAY_SIZE(shells); i++)
		execve(shells[i][0], shells[i], env.v);
	return -errno;
}

int phase_run_command(const char *work, char *const *argv)
{
	autokv struct kv plan = { 0 };
	const char *sysroot;
	struct run run = { 0 };
	int r = open_plan(work, &plan, &run, &sysroot), status = 0;
	pid_t pid = r < 0 ? r : fork();

	if (pid == 0) {
		r = become_shell(&run, argv);
		log_errno(r, "cannot run '%s' in '%s'", *argv ? *argv : "/bin/sh", run.folder);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	strv_release(&run.env);
	if (pid < 0)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
