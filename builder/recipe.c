// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/recipe.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/ini.h"
#include "builder/places.h"
#include "builder/system.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/name.h"

const char *const recipe_phase_names[PHASE_COUNT] = { "configure", "make", "install" };

static const char *const script_names[PHASE_COUNT] = { "configure.sh", "build.sh", "install.sh" };
static const char *const option_keys[PHASE_COUNT] = { "options", "make-options",
						      "install-options" };

static const struct ini_allowed allowed[] = {
	{ "package", "name" },
	{ "package", "version" },
	{ "package", "summary" },
	{ "package", "license" },
	{ "package", "homepage" },
	{ "package", "replaces" },
	{ "source:*", "url" },
	{ "source:*", "debian" },
	{ "source:*", "git" },
	{ "source:*", "commit" },
	{ "source:*", "submodules" },
	{ "source:*", "file" },
	{ "source:*", "sha256" },
	{ "source:*", "sig" },
	{ "source:*", "key" },
	{ "needs:*", "packages" },
	{ "needs:*", "packages+" },
	{ "build:*", "system" },
	{ "build:*", "in-tree" },
	{ "build:*", "configure" },
	{ "build:*", "make" },
	{ "build:*", "install" },
	{ "build:*", "options" },
	{ "build:*", "make-options" },
	{ "build:*", "install-options" },
	{ "build:*", "options+" },
	{ "build:*", "make-options+" },
	{ "build:*", "install-options+" },
	{ "cache:*", "*" },
	{ "env:*", "*" },
	{ "fix-ups:*", "*" },
	{ "sub-packages:*", "*" },
	{ "stage:*", "leave-out" },
	{ "stage:*", "leave-out+" },
	{ "stage:*", "without" },
	{ "stage:*", "without+" },
	{ NULL, NULL },
};

/* Sections that a board may have its own of. */
static const char *const overlaid[] = { "needs",   "build",	   "cache", "env",
					"fix-ups", "sub-packages", "stage", NULL };

void recipe_free(struct recipe *r)
{
	if (!r)
		return;
	free(r->name);
	free(r->version);
	free(r->dir);
	free(r->path);
	free(r->summary);
	free(r->license);
	free(r->homepage);
	strv_release(&r->needs);
	strv_release(&r->replaces);
	strv_release(&r->cache);
	strv_release(&r->env);
	strv_release(&r->parts);
	strv_release(&r->leave_out);
	strv_release(&r->without);
	for (size_t i = 0; i < r->n_sources; i++)
		recipe_source_release(&r->sources[i]);
	free(r->sources);
	for (int i = 0; i < PHASE_COUNT; i++) {
		free(r->options[i]);
		free(r->command[i]);
		free(r->script[i]);
	}
	free(r);
}

static void cleanup_recipe(struct recipe **r)
{
	recipe_free(*r);
}

#define RULE_MAX 150 /* bytes of a pattern, before the prefix */

#define refuse(ini, line, fmt, ...) \
	why_set(why, -EINVAL, "%s:%u: " fmt, (ini)->path, (line), ##__VA_ARGS__)

/* A copy of the value, NULL when the key is not there. -ENOMEM or 0. */
static int take(const struct ini *ini, const char *section, const char *key, char **ret)
{
	const char *value = ini_get(ini, section, key, NULL);

	*ret = value ? strdup(value) : NULL;
	return value && !*ret ? -ENOMEM : 0;
}

static int take_names(const struct ini *ini, const char *section, const char *key,
		      struct strv *names, char **why)
{
	const struct ini_entry *e = ini_find(ini, section, key);
	int r;

	if (!e)
		return 0;
	r = strv_split(names, e->value, " \t,");
	if (r < 0)
		return r;
	strv_foreach (name, names)
		if (!name_is_package(*name))
			return refuse(ini, e->line, "'%s' is no name for a package", *name);
	strv_sort(names);
	strv_uniq(names);
	return 0;
}

static int take_package(struct recipe *recipe, const struct ini *ini, char **why)
{
	const struct ini_entry *name = ini_find(ini, "package", "name");
	const struct ini_entry *version = ini_find(ini, "package", "version");
	int r;

	if (name && strcmp(name->value, recipe->name) != 0)
		return refuse(ini, name->line, "the name '%s' is not its folder's, '%s'",
			      name->value, recipe->name);
	if (!version)
		return refuse(ini, 1u, "[package] has no version");
	if (!name_is_version(version->value))
		return refuse(ini, version->line, "'%s' is no version", version->value);
	r = take(ini, "package", "version", &recipe->version);
	if (r == 0)
		r = take(ini, "package", "summary", &recipe->summary);
	if (r == 0)
		r = take(ini, "package", "license", &recipe->license);
	if (r == 0)
		r = take(ini, "package", "homepage", &recipe->homepage);
	return r == 0 ? take_names(ini, "package", "replaces", &recipe->replaces, why) : r;
}

static int take_sources(struct recipe *recipe, const struct ini *ini, char **why)
{
	for (size_t i = 0; i < ini->n; i++) {
		const struct ini_entry *e = &ini->entries[i];
		struct recipe_source *all;
		int r;

		if (*e->key || strncmp(e->section, "source", 6) != 0)
			continue;
		all = reallocarray(recipe->sources, recipe->n_sources + 1, sizeof(*all));
		if (!all)
			return -ENOMEM;
		recipe->sources = all;
		r = recipe_source_take(&all[recipe->n_sources++], ini, e, recipe->name, recipe->dir,
				       why);
		if (r < 0)
			return r;
	}
	return recipe->n_sources ? 0 : refuse(ini, 1u, "there is no [source]");
}

static int take_system(struct recipe *recipe, const struct ini *ini, char **why)
{
	const struct ini_entry *e = ini_find(ini, "build", "system");
	const struct ini_entry *in_tree = ini_find(ini, "build", "in-tree");
	int system = e ? system_find(e->value) : RECIPE_AUTOTOOLS;
	const char *near;

	if (system < 0) {
		near = why_near(e->value, system_words);
		return refuse(ini, e->line, "unknown build system '%s' (%s%s)", e->value,
			      near ? "did you mean "
				   : "known: autotools, cmake, meson, make, python, script",
			      near ? near : "");
	}
	recipe->system = system;
	recipe->in_tree = system_is_in_tree(system);
	if (in_tree && strcmp(in_tree->value, "yes") != 0 && strcmp(in_tree->value, "no") != 0)
		return refuse(ini, in_tree->line, "'in-tree' is yes or no");
	if (in_tree)
		recipe->in_tree = in_tree->value[0] == 'y';
	return 0;
}

/* Scripts lie beside the recipe; a script and a command for the same phase are one too many. */
static int take_phases(struct recipe *recipe, const struct ini *ini, char **why)
{
	for (int i = 0; i < PHASE_COUNT; i++) {
		autofree char *script = places_join(recipe->dir, script_names[i]);
		const struct ini_entry *command = ini_find(ini, "build", recipe_phase_names[i]);
		const struct ini_entry *options = ini_find(ini, "build", option_keys[i]);

		if (!script || take(ini, "build", recipe_phase_names[i], &recipe->command[i]) < 0)
			return -ENOMEM;
		recipe->options[i] = strdup(options ? options->value : "");
		if (!recipe->options[i])
			return -ENOMEM;
		if (access(script, F_OK) == 0)
			recipe->script[i] = take_ptr(script);
		if (recipe->script[i] && command)
			return refuse(ini, command->line, "'%s' is given here and by '%s'",
				      command->key, recipe->script[i]);
		if ((recipe->script[i] || command) && options)
			return refuse(ini, options->line,
				      "'%s' would be ignored: the phase has a "
				      "command of its own",
				      options->key);
	}
	if (recipe->system == RECIPE_SCRIPT && !recipe->script[PHASE_INSTALL] &&
	    !recipe->command[PHASE_INSTALL])
		return refuse(ini, 1u, "a package of system 'script' wants an install.sh");
	return 0;
}

static int take_settings(const struct ini *ini, const char *section, struct strv *ret, char **why)
{
	for (size_t i = 0; i < ini->n; i++) {
		const struct ini_entry *e = &ini->entries[i];

		if (!*e->key || strcmp(e->section, section) != 0)
			continue;
		if (isdigit((unsigned char)e->key[0]) ||
		    e->key[strspn(e->key, "abcdefghijklmnopqrstuvwxyz"
					  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")])
			return refuse(ini, e->line, "'%s' is no name for a variable", e->key);
		if (strv_addf(ret, "%s=%s", e->key, e->value) < 0)
			return -ENOMEM;
	}
	strv_sort(ret);
	return 0;
}

/* "no" and "yes", for one rule or for all of them. */
static int take_fixups(struct recipe *recipe, const struct ini *ini, char **why)
{
	const char *words[FIXUP_COUNT + 2] = { "all" };

	for (int i = 0; i < FIXUP_COUNT; i++) {
		const char *all = ini_get(ini, "fix-ups", "all", i == FIXUP_STRIP ? "no" : "yes");

		words[i + 1] = fixup_rule_names[i];
		recipe->fixups[i] =
			strcmp(ini_get(ini, "fix-ups", fixup_rule_names[i], all), "yes") == 0;
	}
	for (size_t i = 0; i < ini->n; i++) {
		const struct ini_entry *e = &ini->entries[i];
		const char *near;
		size_t k = 0;

		if (!*e->key || strcmp(e->section, "fix-ups") != 0)
			continue;
		while (words[k] && strcmp(words[k], e->key) != 0)
			k++;
		near = words[k] ? NULL : why_near(e->key, words);
		if (!words[k])
			return refuse(ini, e->line, "there is no fix-up '%s'%s%s%s", e->key,
				      near ? " (did you mean '" : "", near ? near : "",
				      near ? "'?)" : "");
		if (strcmp(e->value, "yes") != 0 && strcmp(e->value, "no") != 0)
			return refuse(ini, e->line, "'%s' is yes or no", e->key);
	}
	return 0;
}

/* A rule as the file system takes it, but for the prefix: the words are checked where the line is
 * known. */
static int check_part(const struct ini *ini, const struct ini_entry *e, const char *name,
		      const char *pattern, char **why)
{
	if (!name_is_package(name) || strcmp(name, "leave-out") == 0 ||
	    strcmp(name, "without") == 0)
		return refuse(ini, e->line, "'%s' is no name for a sub-package", name);
	if (pattern && (strcmp(pattern, "@") == 0 || strlen(pattern) > RULE_MAX))
		return refuse(ini, e->line, "'%s' is no pattern for files", pattern);
	return 0;
}

static int take_parts(struct recipe *recipe, const struct ini *ini, char **why)
{
	for (size_t i = 0; i < ini->n; i++) {
		const struct ini_entry *e = &ini->entries[i];
		autostrv struct strv patterns = { 0 };

		if (!*e->key || strcmp(e->section, "sub-packages") != 0)
			continue;
		if (strv_split(&patterns, e->value, " \t") < 0)
			return -ENOMEM;
		strv_foreach (pattern, &patterns) {
			int r = check_part(ini, e, e->key, *pattern, why);

			if (r == 0)
				r = strv_addf(&recipe->parts, "%s %s", e->key, *pattern);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int take_stage(struct recipe *recipe, const struct ini *ini, char **why)
{
	const struct ini_entry *leave_out = ini_find(ini, "stage", "leave-out");
	const struct ini_entry *without = ini_find(ini, "stage", "without");
	int r = leave_out ? strv_split(&recipe->leave_out, leave_out->value, " \t") : 0;

	recipe->says_without = without;
	strv_foreach (pattern, &recipe->leave_out)
		if (r == 0)
			r = check_part(ini, leave_out, "any", *pattern, why);
	if (r == 0 && without)
		r = strv_split(&recipe->without, without->value, " \t,");
	strv_foreach (name, &recipe->without)
		if (r == 0)
			r = check_part(ini, without, *name, NULL, why);
	return r;
}

static int fill(struct recipe *recipe, const struct ini *ini, char **why)
{
	const struct ini_entry *needs = ini_find(ini, "needs", "packages");
	int r = take_package(recipe, ini, why);

	recipe->needs_line = needs ? needs->line : 1;
	if (r == 0)
		r = take_sources(recipe, ini, why);
	if (r == 0)
		r = take_names(ini, "needs", "packages", &recipe->needs, why);
	if (r == 0)
		r = take_system(recipe, ini, why);
	if (r == 0)
		r = take_phases(recipe, ini, why);
	if (r == 0)
		r = take_settings(ini, "cache", &recipe->cache, why);
	if (r == 0)
		r = take_settings(ini, "env", &recipe->env, why);
	if (r == 0)
		r = take_parts(recipe, ini, why);
	if (r == 0)
		r = take_stage(recipe, ini, why);
	return r == 0 ? take_fixups(recipe, ini, why) : r;
}

int recipe_load(const char *recipes, const char *name, const struct strv *words,
		struct recipe **ret, char **why)
{
	cleanup(cleanup_recipe) struct recipe *recipe = calloc(1, sizeof(*recipe));
	autoini struct ini ini = { 0 };
	int r;

	if (!name_is_package(name))
		return why_set(why, -EINVAL, "'%s' is no name for a package", name);
	if (!recipe)
		return why_errno(why, -ENOMEM, "%s", name);
	recipe->name = strdup(name);
	recipe->dir = places_join(recipes, name);
	recipe->path = recipe->dir ? places_join(recipe->dir, "recipe.ini") : NULL;
	if (!recipe->name || !recipe->path)
		return why_errno(why, -ENOMEM, "%s", name);
	r = ini_load(&ini, recipe->path, why);
	if (r == 0)
		r = ini_check(&ini, allowed, why);
	if (r == 0)
		r = ini_overlay(&ini, overlaid, words, why);
	if (r < 0)
		return r;
	r = fill(recipe, &ini, why);
	if (r == -ENOMEM)
		return why_errno(why, r, "%s", recipe->path);
	if (r == 0)
		*ret = take_ptr(recipe);
	return r;
}
