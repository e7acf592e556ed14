// SPDX-License-Identifier: GPL-2.0-or-later
/* What is decided outside and written for a build: its plan, and the files that it reads. */
#include "builder/run/phase.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "builder/base/places.h"
#include "builder/base/times.h"
#include "builder/base/why.h"
#include "builder/cross/compilers.h"
#include "builder/recipe/system.h"
#include "fs/base/cleanup.h"
#include "fs/base/kv.h"
#include "fs/base/text.h"

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

static void add_phases(struct kv *plan, const struct phase_plan *p)
{
	for (int i = p->from; i < PHASE_COUNT; i++) {
		autofree char *command = system_command(p->recipe, i);

		if (command)
			kv_set(plan, recipe_phase_names[i], command);
	}
}

/* NAME.THING = value */
static void set_of(struct kv *plan, const char *name, const char *thing, const char *value)
{
	autofree char *key = text_of("%s.%s", name, thing);

	kv_set(plan, key ? key : name, key ? value : NULL);
}

static bool is_on(const struct phase_plan *p, enum fixup_rule rule)
{
	const struct recipe *recipe = p->recipe;

	return recipe->fixups[rule] &&
	       (rule != FIXUP_STRIP || recipe->says_strip || p->target->board->strip);
}

static void add_fixups(struct kv *plan, const struct phase_plan *p)
{
	const struct board *b = p->target->board;
	autofree char *other = recipe_other_machine(p->recipe, b->prefix);
	const struct box_folders *f = p->inside;
	bool native = p->target->toolchain.native;

	kv_set(plan, "written", f->written);
	kv_set(plan, "other-machine", other);
	kv_set(plan, "keep-debug", board_has_debug(b) ? "yes" : "no");
	if (native)
		kv_setf(plan, "run-path", "%s/%s", b->prefix, b->libdir);
	kv_set(plan, "work", f->work);
	/* /usr is no path of the build */
	kv_set(plan, "toolchain", native ? BOX_TOOLCHAIN : f->toolchain);
	for (int i = 0; i < FIXUP_COUNT; i++)
		set_of(plan, "fix-up", fixup_rule_names[i], is_on(p, i) ? "yes" : "no");
}

static void add_descriptors(struct kv *plan, const struct phase_plan *p)
{
	kv_setf(plan, "events", "%d", p->events);
	kv_set(plan, "log", p->log);
	for (int i = 0; i < PHASE_LOGS; i++) {
		autofree char *fd = text_of("%d", p->logs[i]);

		set_of(plan, "log", phase_log_name(i), fd);
	}
}

static void add_limits(struct kv *plan, const struct limits *l)
{
	kv_setf(plan, "limit.processes", "%" PRIu64, l->processes);
	kv_setf(plan, "limit.memory", "%" PRIu64, l->memory);
}

static void add_environment(struct kv *plan, const struct strv *env)
{
	for (size_t i = 0; i < env->n; i++) {
		autofree char *number = text_of("%zu", i);

		set_of(plan, "environment", number ? number : "", env->v[i]);
	}
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
	t->extra = phase_macro_words(&p->target->toolchain, p->inside);
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

	kv_set(plan, "package", recipe->node);
	kv_set(plan, "version", recipe->version);
	kv_set(plan, "folder", recipe->in_tree ? src : p->inside->build);
	add_descriptors(plan, p);
	add_limits(plan, &recipe->limits);
	kv_set(plan, "counts-jobs", system_counts_jobs(recipe->system) ? "yes" : "no");
	add_phases(plan, p);
	add_fixups(plan, p);
	add_environment(plan, env);
	return kv_error(plan);
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
