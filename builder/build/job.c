// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/build/job.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/why.h"
#include "builder/box/box.h"
#include "builder/box/hostprograms.h"
#include "builder/build/reuse.h"
#include "builder/recipe/patch.h"
#include "builder/recipe/system.h"
#include "builder/run/phase.h"
#include "builder/target/launcher.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/text.h"

void job_init(struct job *j, const struct recipeset *set, const char *node,
	      struct story_package *told)
{
	*j = (struct job){ .recipe = recipeset_find(set, node), .told = told };
	j->child.said.fd = j->child.events.fd = -1;
	j->jobs = JOBPIPE_NONE;
}

void job_release(struct job *j)
{
	free(j->needs);
	free(j->sees);
	free(j->tools);
	free(j->line);
	strv_release(&j->patches);
	key_release(&j->key);
	child_release(&j->child);
	free(j->before);
	free(j->archive);
	free(j->lacking);
	free(j->reuse);
	free(j->aside);
	free(j->only.sources); /* what is in them is the recipe's */
}

#define TRIES 5 /* others may install what it needs again and again */

int job_set_layer(struct job *j, const char *layer)
{
	free(j->line);
	j->line = text_of("%s %s", j->recipe->name, layer ? layer : "missing");
	return j->line ? 0 : -ENOMEM;
}

/* A program that the recipe names has to be there; of the usual ones a build may not want all. */
static int add_host(const struct recipe *recipe, struct hostprograms *host, const char *name,
		    bool must, struct strv *lines, char **why)
{
	const char *version;
	int r = hostprograms_version(host, name, &version);

	if (r < 0)
		return why_errno(why, r, "cannot ask '%s' for its version", name);
	if (must && !*version)
		return why_set(why, -ENOENT, "%s:%u: there is no '%s' on this machine in %s",
			       recipe->path, recipe->host_line, name, host->path);
	r = strv_addf(lines, "%s %s", name, *version ? version : "(none)");
	return r < 0 ? why_errno(why, r, "%s", recipe->name) : 0;
}

static int list_host(const struct recipe *recipe, struct hostprograms *host, struct strv *lines,
		     char **why)
{
	autostrv struct strv usual = { 0 };
	autofree char *words = system_host(recipe);
	int r = words ? strv_split(&usual, words, " ") : -ENOMEM;

	if (r < 0)
		return why_errno(why, r, "%s", recipe->name);
	strv_foreach (name, &usual)
		if (r == 0 && !strv_has(&recipe->host, *name))
			r = add_host(recipe, host, *name, false, lines, why);
	strv_foreach (name, &recipe->host)
		if (r == 0)
			r = add_host(recipe, host, *name, true, lines, why);
	strv_sort(lines);
	return r;
}

/* The folders as a boxed build sees them, but for the package's name, which is in the key. */
static int list_given(const struct job *j, const struct package_ways *ways, struct strv *lines)
{
	const struct toolchain *toolchain = &ways->target->toolchain;
	const struct box_folders seen = {
		.work = BOX_WORK,
		.src = BOX_WORK "/src",
		.build = BOX_WORK "/build",
		.recipe = BOX_RECIPE,
		.toolchain = (char *)toolchain_inside(toolchain),
		.written = BOX_WRITTEN,
		.native = toolchain->native || j->n_tools ? BOX_NATIVE : NULL,
	};
	const struct phase_plan plan = {
		.recipe = j->recipe,
		.target = ways->target,
		.outside = &seen,
		.inside = &seen,
		.sysroot = BOX_SYSROOT,
	};

	return phase_inputs(&plan, ways->common, lines);
}

static unsigned how(const struct package_ways *ways)
{
	bool preprocessed = ways->target->launcher.remote && board_has_debug(ways->target->board);

	return (ways->boxed ? KEY_BOXED : 0) | (preprocessed ? KEY_PREPROCESSED : 0);
}

/* The key with that source. */
static int make_key(const struct job *j, const struct package_ways *ways, size_t source,
		    struct key *key)
{
	autostrv struct strv given = { 0 }, host = { 0 };
	autofree char **lines = calloc(j->n_sees + j->n_tools + 1, sizeof(*lines));
	const struct strv needs = { .v = lines, .n = j->n_sees }; /* lent, both */
	const struct strv native = { .v = lines ? lines + j->n_sees : NULL, .n = j->n_tools };
	const struct key_inputs in = {
		.recipe = j->recipe,
		.source = &j->recipe->sources[source],
		.patches = &j->patches,
		.toolchain = &ways->target->toolchain,
		.sysroot = ways->target->sysroot,
		.given = &given,
		.needs = &needs,
		.native = &native,
		.host = &host,
		.how = how(ways),
	};
	char *why = NULL;
	int r = lines ? list_given(j, ways, &given) : -ENOMEM;

	if (r < 0)
		return log_errno(r, "%s", j->recipe->node);
	for (size_t i = 0; i < j->n_sees + j->n_tools; i++)
		lines[i] = job_seen(j, i)->line;
	r = list_host(j->recipe, ways->host, &host, &why);
	if (r == 0)
		r = key_make(key, &in, &why);
	return r < 0 ? why_log_of(why, r, j->recipe->node) : 0;
}

/* By what is installed, of which source: any of them is the release. 1; 0: of none. */
static int find_source(struct job *j, const struct package_ways *ways, const char *have)
{
	for (size_t i = 0; i < j->recipe->n_sources; i++) {
		struct key key = { 0 };
		int r = make_key(j, ways, i, &key);

		if (r == 0 && (i == 0 || strcmp(key.hex, have) == 0)) {
			key_release(&j->key);
			j->key = key;
			j->source = i;
		} else {
			key_release(&key);
		}
		if (r < 0)
			return r;
		if (strcmp(j->key.hex, have) == 0)
			return 1;
	}
	return 0;
}

const struct recipe *job_recipe_to_fetch(struct job *j)
{
	const struct recipe *recipe = j->recipe;

	if (!j->forced || j->state == JOB_OPEN)
		return recipe;
	free(j->only.sources);
	j->only = *recipe;
	j->only.n_sources = 0;
	j->only.sources = calloc(recipe->n_sources, sizeof(*recipe->sources));
	for (size_t i = 0; j->only.sources && i < recipe->n_sources; i++)
		if (recipe_source_same(&recipe->sources[i], &recipe->sources[j->source]))
			j->only.sources[j->only.n_sources++] = recipe->sources[i];
	return j->only.sources ? &j->only : NULL;
}

int job_use_source(struct job *j, const struct package_ways *ways, size_t source)
{
	struct key key = { 0 };
	int r = source == j->source ? 0 : make_key(j, ways, source, &key);

	if (r < 0 || source == j->source)
		return r;
	key_release(&j->key);
	j->key = key;
	j->source = source;
	return 0;
}

/* One that was built before, from whichever source. */
static int find_layer(struct job *j, const struct package_ways *ways)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < j->recipe->n_sources; i++) {
		struct key key = { 0 };

		r = make_key(j, ways, i, &key);
		if (r == 0 && (r = reuse_find(ways, j->recipe->name, key.hex, &j->reuse)) < 0)
			log_errno(r, "cannot look for layers of '%s'", j->recipe->name);
		key_release(&key);
	}
	return r < 0 ? r : 0;
}

/* It is what it was: 0; 1: another; -ENOMEM. */
static int look_again(struct job *j)
{
	autofree char *before = take_ptr(j->line);
	int r = job_set_layer(j, installed_layer(j->installed, j->recipe->name));

	return r < 0 ? r : strcmp(before, j->line) != 0;
}

bool job_is_stale(struct job *j)
{
	bool stale = false;

	for (size_t i = 0; i < j->n_sees + j->n_tools; i++) {
		int r = look_again(job_seen(j, i));

		if (r < 0)
			return false;
		stale = stale || r;
	}
	if (!stale || ++j->tries > TRIES)
		return false;
	strv_release(&j->patches);
	key_release(&j->key);
	free(take_ptr(j->before));
	j->state = JOB_OPEN;
	return true;
}

int job_decide(struct job *j, const struct package_ways *ways, const struct installed *installed)
{
	const char *name = j->recipe->name, *have = installed_key(installed, name);
	const char *layer = installed_layer(installed, name);
	int r = patch_list(&ways->places->patches, name, &j->patches);

	if (r < 0)
		return log_errno(r, "cannot read the patches of '%s'", name);
	if (layer && !(j->before = strdup(layer)))
		r = -ENOMEM;
	if (r < 0)
		return log_errno(r, "%s", name);
	r = find_source(j, ways, have ? have : "");
	if (r < 0 || j->forced)
		return r < 0 ? r : 0;
	if (r > 0) {
		free(take_ptr(j->key.text)); /* they are long when much is seen */
		return 1;
	}
	return find_layer(j, ways);
}

char *job_explain(const struct job *j, const struct package_ways *ways,
		  const struct installed *installed)
{
	const char *old = installed_key(installed, j->recipe->name);
	autofree char *text = old ? key_recall(ways->target->board->keys, old) : NULL;
	autofree char *lines = text ? key_difference(text, j->key.text, "  ") : NULL;
	if (!old)
		return strdup("not installed");
	if (!lines)
		return strdup("installed, but not by this builder");
	if (!*lines)
		return strdup("asked for");
	lines[strlen(lines) - 1] = '\0';
	return text_of("inputs have changed\n%s", lines);
}

struct start {
	struct job *job;
	const struct package_ways *ways;
};

/* What is said to 'xsysfs run' of the layers that are in the key: `all` of one side, and of what is
 * needed directly, what is of it. */
static int fix_needs(const struct job *j, struct job *const *all, size_t n, bool native,
		     struct package_seen *seen)
{
	autostrv struct strv lines = { 0 };
	autofree char *text = NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < j->n_needs; i++) {
		if (j->needs[i]->recipe->is_native != native)
			continue;
		r = strv_add(&seen->fixed, j->needs[i]->line);
		if (r == 0)
			*strchr(seen->fixed.v[seen->fixed.n - 1], ' ') = '=';
	}
	for (size_t i = 0; r == 0 && i < n; i++)
		r = strv_addf(&lines, "%s\n", all[i]->line);
	text = r == 0 ? strv_join(&lines, "") : NULL;
	return text ? digest_of_data(text, strlen(text), seen->all) : -ENOMEM;
}

/* Build it, or run `command` there. */
static int build(struct job *j, const struct package_ways *ways, char *const *command, int events)
{
	bool native = j->recipe->is_native;
	struct package_build b = {
		.ways = ways,
		.recipe = j->recipe,
		.patches = &j->patches,
		.key = &j->key,
		.archive = j->archive,
		.jobs = &j->jobs,
		.command = command,
	};
	int r = fix_needs(j, j->sees, j->n_sees, native, &b.sees);

	if (r == 0)
		r = fix_needs(j, j->tools, j->n_tools, !native, &b.tools);
	if (r < 0)
		log_errno(r, "%s", j->recipe->node);
	else
		r = command ? package_shell(&b) : package_build(&b, events);
	strv_release(&b.sees.fixed);
	strv_release(&b.tools.fixed);
	return r;
}

int job_shell(struct job *j, const struct package_ways *ways, char *const *command)
{
	int r = j->archive ? job_use_source(j, ways, j->got) : 0;

	return r < 0 ? r : build(j, ways, command, -1);
}

static int build_here(void *arg, int events)
{
	const struct start *s = arg;

	return build(s->job, s->ways, NULL, events) < 0;
}

int job_start(struct job *j, const struct package_ways *ways)
{
	struct start s = { j, ways };
	int r = job_use_source(j, ways, j->got);

	if (r < 0)
		return r;
	r = jobpipe_open(&j->jobs);
	if (r == 0)
		r = child_start(&j->child, build_here, &s);
	return r < 0 ? log_errno(r, "cannot start the build of '%s'", j->recipe->name) : 0;
}
