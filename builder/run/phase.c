// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/run/phase.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "builder/base/places.h"
#include "builder/base/proc.h"
#include "builder/base/times.h"
#include "builder/base/why.h"
#include "builder/cross/compilers.h"
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

const char *phase_log_name(int i)
{
	return i == PHASE_FIXUP ? "fix-up" : recipe_phase_names[i];
}

static char *site_text(const struct phase_plan *p)
{
	autofree char *text = strv_join(&p->recipe->cache, "\n");

	return text ? text_of("%s\n", text) : NULL;
}

static char *dates_text(const struct phase_plan *p)
{
	char text[256];
	time_t when = times_epoch(p->epoch);
	struct tm tm;

	if (!gmtime_r(&when, &tm) ||
	    !strftime(text, sizeof(text),
		      "#define __DATE__ \"%b %e %Y\"\n#define __TIME__ \"%H:%M:%S\"\n"
		      "#define __TIMESTAMP__ \"%a %b %e %H:%M:%S %Y\"\n",
		      &tm))
		return NULL;
	return strdup(text);
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

static bool is_on(const struct phase_plan *p, enum fixup_rule rule)
{
	const struct recipe *recipe = p->recipe;

	return recipe->fixups[rule] &&
	       (rule != FIXUP_STRIP || recipe->says_strip || p->target->board->strip);
}

static int add_fixups(struct kv *plan, const struct phase_plan *p)
{
	const struct board *b = p->target->board;
	autofree char *other = recipe_other_machine(p->recipe, b->prefix);
	const struct box_folders *f = p->inside;
	bool native = p->target->toolchain.native;
	int r = other ? kv_set(plan, "written", f->written) : -ENOMEM;

	if (r == 0)
		r = kv_set(plan, "other-machine", other);
	if (r == 0)
		r = kv_set(plan, "keep-debug", board_has_debug(b) ? "yes" : "no");

	if (r == 0 && native)
		r = kv_setf(plan, "run-path", "%s/%s", b->prefix, b->libdir);
	if (r == 0)
		r = kv_set(plan, "work", f->work);
	if (r == 0) /* /usr is no path of the build */
		r = kv_set(plan, "toolchain", native ? BOX_TOOLCHAIN : f->toolchain);
	for (int i = 0; i < FIXUP_COUNT && r == 0; i++) {
		autofree char *key = NULL;

		key = text_of("fix-up.%s", fixup_rule_names[i]);
		r = key ? kv_set(plan, key, is_on(p, i) ? "yes" : "no") : -ENOMEM;
	}
	return r;
}

static int add_descriptors(struct kv *plan, const struct phase_plan *p)
{
	int r = kv_setf(plan, "events", "%d", p->events);

	if (r == 0)
		r = kv_set(plan, "log", p->log);
	for (int i = 0; i < PHASE_LOGS && r == 0; i++) {
		autofree char *key = NULL;

		key = text_of("log.%s", phase_log_name(i));
		r = key ? kv_setf(plan, key, "%d", p->logs[i]) : -ENOMEM;
	}
	return r;
}

static int add_limits(struct kv *plan, const struct limits *l)
{
	int r = kv_setf(plan, "limit.processes", "%" PRIu64, l->processes);

	return r == 0 ? kv_setf(plan, "limit.memory", "%" PRIu64, l->memory) : r;
}

static int add_environment(struct kv *plan, const struct strv *env)
{
	int r = 0;

	for (size_t i = 0; i < env->n && r == 0; i++) {
		autofree char *key = NULL;

		key = text_of("environment.%zu", i);
		r = key ? kv_set(plan, key, env->v[i]) : -ENOMEM;
	}
	return r;
}

static int write_text(const struct box_folders *f, const char *name, char *text, char **why)
{
	autofree char *owned = text;
	int r = owned ? places_scratch(f->work, name, owned) : -ENOMEM;

	return r < 0 ? why_errno(why, r, "cannot write '%s/%s'", f->work, name) : 0;
}

/* How the target's compilers find the view, with the texts that it lends. */
struct told {
	char *extra, *bin, *host_paths;
	struct cross cross;
};

static void told_release(struct told *t)
{
	free(t->extra);
	free(t->bin);
	free(t->host_paths);
}

/* Native compilers are the machine's. */
static bool refuses_host_paths(const struct phase_plan *p)
{
	return p->recipe->fixups[FIXUP_HOST_PATHS] && !p->target->toolchain.native;
}

static int tell(struct told *t, const struct phase_plan *p)
{
	t->extra = phase_date_words(&p->target->toolchain, p->inside);
	t->bin = places_join(p->inside->work, PHASE_BIN);
	t->host_paths = places_join(p->inside->work, PHASE_HOSTS);
	t->cross = (struct cross){
		.target = p->target,
		.tools = p->inside->toolchain,
		.bin = t->bin,
		.sysroot = p->sysroot,
		.extra = t->extra,
		.launcher = p->launcher,
		.host_paths = refuses_host_paths(p) ? t->host_paths : NULL,
	};
	return t->extra && t->bin && t->host_paths ? 0 : -ENOMEM;
}

static char *cross_text(const struct phase_plan *p, char *(*print)(const struct cross *cross))
{
	cleanup(told_release) struct told told = { 0 };

	return tell(&told, p) == 0 ? print(&told.cross) : NULL;
}

static char *cmake_text(const struct phase_plan *p)
{
	return cross_text(p, cross_cmake);
}

static char *meson_text(const struct phase_plan *p)
{
	return cross_text(p, cross_meson);
}

static char *python_text(const struct phase_plan *p)
{
	(void)p;
	return strdup(system_python);
}

/* What is written for a build to read; all of it is in its key. */
static const struct {
	const char *name;
	char *(*text)(const struct phase_plan *p);
	bool own;    /* a recipe has a say in it */
	bool python; /* for what is built with Python */
} texts[] = {
	{ "config.site", site_text, true, false }, { PHASE_DATES, dates_text, false, false },
	{ PHASE_CMAKE, cmake_text, false, false }, { PHASE_MESON, meson_text, false, false },
	{ PHASE_PYTHON, python_text, true, true },
};

static bool is_written(const struct phase_plan *p, size_t text)
{
	return !texts[text].python || p->recipe->system == RECIPE_PYTHON;
}

static int write_compilers(const struct phase_plan *p, char **why)
{
	cleanup(told_release) struct told told = { 0 };
	autofree char *bin = places_join(p->outside->work, PHASE_BIN);

	if (!bin || tell(&told, p) < 0)
		return why_errno(why, -ENOMEM, "%s", p->recipe->name);
	return compilers_write(&told.cross, bin, why);
}

/* Without the launcher, which is no input. */
static int add_compilers(const struct phase_plan *p, struct strv *lines)
{
	cleanup(told_release) struct told told = { 0 };
	autostrv struct strv names = { 0 }, bodies = { 0 };
	char hex[DIGEST_HEX];
	int r = tell(&told, p);

	told.cross.launcher = NULL;
	if (r == 0)
		r = compilers_list(&told.cross, &names, &bodies);
	for (size_t i = 0; i < names.n && r == 0; i++) {
		r = digest_of_data(bodies.v[i], strlen(bodies.v[i]), hex);
		if (r == 0)
			r = strv_addf(lines, "written %s/%s %s", PHASE_BIN, names.v[i], hex);
	}
	return r;
}

static int fill_plan(struct kv *plan, const struct phase_plan *p, const struct strv *env)
{
	const struct recipe *recipe = p->recipe;
	autofree char *src = phase_source(recipe, p->inside);
	int r = src ? kv_set(plan, "package", recipe->node) : -ENOMEM;

	if (r == 0)
		r = kv_set(plan, "version", recipe->version);
	if (r == 0)
		r = kv_set(plan, "folder", recipe->in_tree ? src : p->inside->build);
	if (r == 0)
		r = add_descriptors(plan, p);
	if (r == 0)
		r = add_limits(plan, &recipe->limits);
	if (r == 0)
		r = kv_set(plan, "counts-jobs", system_counts_jobs(recipe->system) ? "yes" : "no");
	if (r == 0)
		r = add_phases(plan, recipe);
	if (r == 0)
		r = add_fixups(plan, p);
	return r == 0 ? add_environment(plan, env) : r;
}

int phase_write_plan(const struct phase_plan *p, const struct strv *env, char **why)
{
	autokv struct kv plan = { 0 };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(texts) && r == 0; i++)
		if (is_written(p, i))
			r = write_text(p->outside, texts[i].name, texts[i].text(p), why);
	if (r == 0)
		r = write_compilers(p, why);
	if (r < 0)
		return r;
	r = fill_plan(&plan, p, env);
	if (r < 0)
		return why_errno(why, r, "cannot plan '%s'", p->recipe->name);
	return write_text(p->outside, "plan", kv_format(&plan), why);
}

/* How many may work at once, and what follows from the source, are no inputs. */
static bool is_input(const char *setting)
{
	return strncmp(setting, "JOBS=", 5) != 0 && strncmp(setting, "SOURCE_DATE_EPOCH=", 18) != 0;
}

/* Those in which a recipe has a say, or the others. */
static int add_texts(const struct phase_plan *p, bool own, struct strv *lines)
{
	char hex[DIGEST_HEX];
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(texts) && r == 0; i++) {
		bool counts = texts[i].own == own && is_written(p, i);
		autofree char *text = counts ? texts[i].text(p) : NULL;

		if (!counts)
			continue;
		r = text ? digest_of_data(text, strlen(text), hex) : -ENOMEM;
		if (r == 0)
			r = strv_addf(lines, "written %s %s", texts[i].name, hex);
	}
	return r;
}

/* Made for a recipe that says nothing else, so that no other can have a say in it. */
static int make_common(const struct phase_plan *p, bool refuse, struct strv *ret)
{
	const struct recipe any = { .fixups[FIXUP_HOST_PATHS] = refuse };
	autostrv struct strv made = { 0 };
	struct phase_plan plan = *p;
	int r;

	plan.recipe = &any;
	r = add_texts(&plan, false, &made);
	if (r == 0)
		r = add_compilers(&plan, &made);
	if (r < 0)
		return r;
	*ret = made;
	made = (struct strv){ 0 };
	return 0;
}

static int add_common(const struct phase_plan *p, struct phase_common *common, struct strv *lines)
{
	bool refuse = p->recipe->fixups[FIXUP_HOST_PATHS];
	struct strv *kept = &common->lines[refuse];
	int r = kept->n ? 0 : make_common(p, refuse, kept);

	return r == 0 ? strv_add_all(lines, kept) : r;
}

void phase_common_release(struct phase_common *common)
{
	for (size_t i = 0; i < ARRAY_SIZE(common->lines); i++)
		strv_release(&common->lines[i]);
}

int phase_inputs(const struct phase_plan *p, struct phase_common *common, struct strv *lines)
{
	autostrv struct strv env = { 0 };
	int r = phase_environment(p, &env);

	if (r == 0)
		r = strv_addf(lines, "strip %s", is_on(p, FIXUP_STRIP) ? "yes" : "no");
	strv_foreach (setting, &env)
		if (r == 0 && is_input(*setting))
			r = strv_addf(lines, "env %s", *setting);
	if (r == 0)
		r = add_texts(p, true, lines);
	return r == 0 ? add_common(p, common, lines) : r;
}

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

/* A compiler that was to look into this machine's folders has refused; whoever asked it to may have
 * taken that for an answer. */
static int check_host_paths(const struct run *run, const char *phase)
{
	autofree char *path = places_join(run->work, PHASE_HOSTS);
	autofree char *text = NULL;
	int r = path ? io_read_file(AT_FDCWD, path, PLAN_MAX, &text, NULL) : -ENOMEM;

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return log_errno(r, "cannot read '%s'", path ? path : PHASE_HOSTS);
	text[strcspn(text, "\n")] = '\0';
	tame(text);
	return log_error("%s %s: in %s a compiler was to look into this machine's folders, not the "
			 "board's (a recipe may allow it: 'host-paths = no' in [fix-ups]): %s",
			 run->package, run->version, phase, text);
}

/* What is no error, and would be read by nobody in a log. */
static void say_warnings(const struct run *run)
{
	autofree char *path = places_join(run->work, PHASE_WARNINGS);
	autofree char *text = NULL;
	char *rest;

	if (!path || io_read_file(AT_FDCWD, path, PLAN_MAX, &text, NULL) < 0)
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
	if (r == 0)
		r = settle_files(work, sysroot);
	if (r < 0)
		log_errno(r, "cannot use the plan in '%s' (it is for 'xsysfs run')", work);
	umask(022);
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
