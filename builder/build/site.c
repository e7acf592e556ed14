// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/build/site.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/base/times.h"
#include "builder/base/why.h"
#include "builder/box/syscalls.h"
#include "builder/build/subpackages.h"
#include "builder/recipe/patch.h"
#include "builder/recipe/system.h"
#include "builder/run/jobserver.h"
#include "builder/source/unpack.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/kv.h"
#include "fs/base/text.h"

#define READY	  "ready" /* in the work folder: src and build are */
#define READY_MAX 4096

static void folders_release(struct box_folders *f)
{
	free(f->work);
	free(f->src);
	free(f->build);
	free(f->tmp);
	free(f->recipe);
	free(f->toolchain);
	free(f->native);
	free(f->written);
	*f = (struct box_folders){ 0 };
}

void site_init(struct site *s, int events)
{
	*s = (struct site){ .work = WORK_NONE, .events = events, .syscalls = -1 };
	for (int i = 0; i < PHASE_LOGS; i++)
		s->logs[i] = -1;
}

void site_release(struct site *s)
{
	folders_release(&s->outside);
	folders_release(&s->inside);
	work_release(&s->work);
	launcher_share_release(&s->launcher);
	key_release(&s->continued);
	if (s->syscalls >= 0)
		close(s->syscalls);
	for (int i = 0; i < PHASE_LOGS; i++)
		if (s->logs[i] >= 0)
			close(s->logs[i]);
}

const struct box_folders *site_seen(const struct site *s, const struct package_build *b)
{
	return b->ways->boxed ? &s->inside : &s->outside;
}

const struct key *site_key(const struct site *s, const struct package_build *b)
{
	return s->continued.text ? &s->continued : b->key;
}

static int fill_folders(struct box_folders *f, const char *work, const char *package)
{
	f->work = places_join(work, package);
	if (!f->work || !(f->src = places_join(f->work, "src")) ||
	    !(f->build = places_join(f->work, "build")) || !(f->tmp = places_join(f->work, "tmp")))
		return -ENOMEM;
	return 0;
}

static bool has_tools(const struct package_build *b)
{
	return b->tools.fixed.n;
}

/* Tools that run here; of a native build, what it is built with. */
static int name_native(struct box_folders *f, const struct package_build *b)
{
	if (b->ways->target->toolchain.native)
		f->native = strdup(PHASE_SYSROOT BOX_NATIVE);
	else if (has_tools(b))
		f->native = text_of("%s" BOX_NATIVE, b->ways->native->where.point);
	else
		return 0;
	return f->native ? 0 : -ENOMEM;
}

/* The folders as they are. */
static int name_outside(struct box_folders *f, const struct package_build *b, char **why)
{
	int r = fill_folders(f, b->ways->work, b->recipe->name);

	if (r < 0)
		return why_errno(why, r, "cannot name folders");
	f->recipe = realpath(b->recipe->dir, NULL);
	if (!f->recipe)
		return why_errno(why, -errno, "cannot find '%s'", b->recipe->dir);
	f->toolchain = strdup(b->ways->target->toolchain.dir);
	f->written = text_of("%s/pending/%s/root", b->ways->target->where.state, b->recipe->name);
	if (name_native(f, b) < 0 || !f->toolchain || !f->written)
		return why_errno(why, -ENOMEM, "cannot name folders");
	return 0;
}

/* The folders as the commands see them. */
static int name_inside(struct box_folders *f, const struct package_build *b)
{
	int r = fill_folders(f, BOX_WORK, b->recipe->name);

	if (r == 0 && (b->ways->target->toolchain.native || has_tools(b)))
		r = (f->native = strdup(BOX_NATIVE)) ? 0 : -ENOMEM;
	f->recipe = strdup(BOX_RECIPE);
	f->toolchain = strdup(toolchain_inside(&b->ways->target->toolchain));
	f->written = strdup(BOX_WRITTEN);
	return r == 0 && f->recipe && f->written && f->toolchain ? 0 : -ENOMEM;
}

int site_open(struct site *s, const struct package_build *b, char **why)
{
	int r = name_outside(&s->outside, b, why);

	if (r < 0)
		return r;
	if (name_inside(&s->inside, b) < 0)
		return why_errno(why, -ENOMEM, "cannot name folders");
	return work_open(&s->work, b->ways->work, b->recipe->name, why);
}

int site_furnish(struct site *s, const struct package_build *b, char **why)
{
	const struct launcher *launcher = &b->ways->target->launcher;
	int r;

	if (b->ways->boxed && (s->syscalls = syscalls_filter()) < 0)
		return why_errno(why, s->syscalls, "cannot make a filter of system calls");
	r = launcher_share(launcher, b->recipe->name, b->ways->boxed, &s->launcher);
	return r < 0 ? why_errno(why, r, "cannot make the folder of %s", launcher->name) : 0;
}

static int make_folders(const struct work *work, char **why)
{
	int r = work_clear(work);

	if (r == 0 &&
	    (mkdirat(work->dir, "build", 0755) < 0 || mkdirat(work->dir, "tmp", 0755) < 0))
		r = -errno;
	return r < 0 ? why_errno(why, r, "cannot make folders in '%s'", work->path) : 0;
}

static int apply_patches(const struct package_build *b, const struct box_folders *f,
			 const struct work *work, char **why)
{
	autofd int log = -1;
	int r = 0;

	if (!b->patches->n)
		return 0;
	log = work_new_log(work, "patch");
	if (log < 0)
		return why_errno(why, log, "cannot write the log of the patches");
	strv_foreach (patch, b->patches)
		if (r == 0)
			r = patch_apply(*patch, f->src, log, why);
	if (r < 0) {
		autofree char *reason = *why;

		return why_set(why, r, "%s (log: '%s/log/patch.log')", reason, work->path);
	}
	return 0;
}

static int look_for_subdir(const struct recipe *recipe, const struct box_folders *f, char **why)
{
	autofree char *path = recipe->subdir ? places_join(f->src, recipe->subdir) : NULL;
	struct stat st;

	if (!recipe->subdir)
		return 0;
	if (!path)
		return -ENOMEM;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return why_set(why, -ENOENT, "%s:%u: there is no folder '%s' in the archive", recipe->path,
		       recipe->subdir_line, recipe->subdir);
}

/* Of the phases that there are; who carries them out gets no folder to make files in. */
static int make_logs(const struct package_build *b, struct site *s, char **why)
{
	for (int i = s->from; i < PHASE_LOGS; i++) {
		autofree char *command =
			i == PHASE_FIXUP ? NULL : system_command(b->recipe, (enum recipe_phase)i);

		if (!command && i != PHASE_FIXUP)
			continue;
		s->logs[i] = work_new_log(&s->work, phase_log_name(i));
		if (s->logs[i] < 0)
			return why_errno(why, s->logs[i], "cannot write '%s/log/%s.log'",
					 s->work.path, phase_log_name(i));
	}
	return 0;
}

static int write_plan(const struct package_build *b, struct site *s, int64_t newest, char **why)
{
	const struct package_ways *ways = b->ways;
	autofree char *log = package_log_folder(ways, b->recipe->name);
	struct phase_plan plan = {
		.recipe = b->recipe,
		.target = ways->target,
		.outside = &s->outside,
		.inside = site_seen(s, b),
		.sysroot = ways->boxed ? BOX_SYSROOT : PHASE_SYSROOT,
		.launcher = launcher_links(&ways->target->launcher, ways->boxed),
		.jobs = ways->jobs->tokens,
		.epoch = newest,
		.from = s->from,
		.events = s->events,
		.log = log,
	};
	autostrv struct strv env = { 0 };
	int r = log ? 0 : why_errno(why, -ENOMEM, "%s", b->recipe->name);

	if (r == 0 && !b->command)
		r = make_logs(b, s, why);
	if (r < 0)
		return r;
	memcpy(plan.logs, s->logs, sizeof(plan.logs));
	r = phase_environment(&plan, &env);
	if (r == 0)
		r = b->command ? strv_addf(&env, "MAKEFLAGS=-j%d", ways->jobs->tokens)
			       : jobserver_environment(ways->jobs, b->jobs, &env);
	strv_foreach (setting, &s->launcher.env)
		if (r == 0)
			r = strv_add(&env, *setting);
	if (r < 0)
		return why_errno(why, r, "%s", b->recipe->name);
	return phase_write_plan(&plan, &env, why);
}

static int write_rules(const struct package_build *b, const struct box_folders *f, char **why)
{
	autofree char *rules = NULL;
	int r = subpackages_rules(b->recipe, b->ways->target->board, &rules, why);

	if (r < 0)
		return r;
	r = places_scratch(f->work, SITE_RULES, rules);
	return r < 0 ? why_errno(why, r, "cannot write '%s/%s'", f->work, SITE_RULES) : 0;
}

/* No file tells when it was unpacked or patched. */
static int set_times(const struct site *s, int64_t epoch, char **why)
{
	autofd int src = io_open_dir(s->work.dir, "src");
	int r = src < 0 ? src : times_bound(src, epoch);

	return r < 0 ? why_errno(why, r, "cannot set times in '%s'", s->outside.src) : 0;
}

/* A package without a source has an empty folder. */
static int unpack(const struct package_build *b, const struct site *s, int64_t *newest, char **why)
{
	if (*b->archive)
		return unpack_archive(b->archive, s->outside.src, NULL, newest, why);
	return mkdirat(s->work.dir, "src", 0755) < 0
		       ? why_errno(why, -errno, "cannot make '%s'", s->outside.src)
		       : 0;
}

/* For who goes on here. */
struct ready {
	char key[DIGEST_HEX];
	int64_t epoch;	 /* what SOURCE_DATE_EPOCH was */
	bool has_phases; /* the logs are those of phases that began here */
	bool touched;	 /* somebody has worked here by hand */
};

static int write_ready(const struct site *s, const struct ready *ready)
{
	autokv struct kv kv = { 0 };
	autofree char *text = NULL;

	kv_set(&kv, "key", ready->key);
	kv_setf(&kv, "epoch", "%" PRId64, ready->epoch);
	kv_set(&kv, "phases", ready->has_phases ? "yes" : "no");
	kv_set(&kv, "touched", ready->touched ? "yes" : "no");
	text = kv_format(&kv);
	return text ? places_scratch(s->work.path, READY, text) : -ENOMEM;
}

static bool says_yes(const struct kv *kv, const char *key)
{
	return strcmp(kv_get(kv, key) ?: "", "yes") == 0;
}

static int read_ready(const struct site *s, struct ready *ret)
{
	autokv struct kv kv = { 0 };
	autofree char *text = NULL;
	const char *key;
	size_t len = 0;
	int r = io_read_file(s->work.dir, READY, READY_MAX, &text, &len);

	if (r == 0)
		r = kv_parse(&kv, text, len, NULL);
	key = r == 0 ? kv_get(&kv, "key") : NULL;
	if (r == 0 && (!key || strlen(key) != DIGEST_HEX - 1 ||
		       sscanf(kv_get(&kv, "epoch") ?: "", "%" SCNd64, &ret->epoch) != 1))
		r = -EBADMSG;
	if (r < 0)
		return r;
	memcpy(ret->key, key, DIGEST_HEX);
	ret->has_phases = says_yes(&kv, "phases");
	ret->touched = says_yes(&kv, "touched");
	return 0;
}

bool site_is_ready(const struct site *s)
{
	return faccessat(s->work.dir, READY, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool site_was_left(const char *all, const char *package)
{
	autofree char *path = text_of("%s/%s/" READY, all, package);

	return path && faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The key that the folders are of lies beside them as soon as they are whole. */
static int write_all(struct site *s, const struct package_build *b, int64_t newest, char **why)
{
	const char *keys = b->ways->target->board->keys;
	int r = write_plan(b, s, newest, why);

	if (r == 0)
		r = write_rules(b, &s->outside, why);
	if (r < 0 || b->command)
		return r;
	r = key_store(keys, site_key(s, b));
	return r < 0 ? why_errno(why, r, "cannot write to '%s'", keys) : 0;
}

int site_prepare(struct site *s, const struct package_build *b, char **why)
{
	struct ready ready;
	int64_t newest = 0;
	int r = make_folders(&s->work, why);

	dprintf(s->events, "phase unpack\n");
	if (r == 0)
		r = unpack(b, s, &newest, why);
	if (r == 0 && b->patches->n)
		dprintf(s->events, "phase patch\n");
	if (r == 0)
		r = apply_patches(b, &s->outside, &s->work, why);
	if (r == 0)
		r = look_for_subdir(b->recipe, &s->outside, why);
	newest = times_epoch(newest);
	if (r == 0)
		r = set_times(s, newest, why);
	if (r == 0)
		r = write_all(s, b, newest, why);
	if (r < 0)
		return r;
	ready = (struct ready){ .epoch = newest, .has_phases = !b->command };
	memcpy(ready.key, b->key->hex, DIGEST_HEX);
	r = write_ready(s, &ready);
	return r < 0 ? why_errno(why, r, "cannot write '%s/" READY "'", s->work.path) : 0;
}

/* The one that said something last. What was installed is gone: that begins anew. */
static enum recipe_phase last_begun(const struct site *s)
{
	int last = PHASE_CONFIGURE;

	for (int i = PHASE_CONFIGURE; i < PHASE_LOGS; i++) {
		autofree char *name = text_of("%s.log", phase_log_name(i));
		struct stat st;

		if (name && fstatat(s->work.log, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size)
			last = i;
	}
	return last < PHASE_INSTALL ? last : PHASE_INSTALL;
}

int site_prepare_again(struct site *s, const struct package_build *b, char **why)
{
	struct ready ready = { 0 };
	int r = read_ready(s, &ready);

	if (r < 0)
		return why_errno(why, r, "cannot read '%s/" READY "'", s->work.path);
	if (unlinkat(s->work.dir, PHASE_HOSTS, 0) < 0 && errno != ENOENT)
		return why_errno(why, -errno, "cannot remove '%s/" PHASE_HOSTS "'", s->work.path);
	if (ready.has_phases)
		s->from = last_begun(s);
	if (ready.touched || strcmp(ready.key, b->key->hex) != 0)
		r = key_of_continued(b->key, &s->continued);
	if (r == 0 && !b->command && !ready.has_phases) {
		ready.has_phases = true;
		r = write_ready(s, &ready);
	}
	return r < 0 ? why_errno(why, r, "cannot go on in '%s'", s->work.path)
		     : write_all(s, b, ready.epoch, why);
}

int site_touch(const struct site *s, char **why)
{
	struct ready ready = { 0 };
	int r = read_ready(s, &ready);

	ready.touched = true;
	if (r == 0)
		r = write_ready(s, &ready);
	return r < 0 ? why_errno(why, r, "cannot write '%s/" READY "'", s->work.path) : 0;
}
