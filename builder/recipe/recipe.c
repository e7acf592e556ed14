// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/recipe/recipe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/base/ini.h"
#include "builder/base/places.h"
#include "builder/base/why.h"
#include "builder/recipe/recipe_env.h"
#include "builder/recipe/recipe_options.h"
#include "builder/recipe/system.h"
#include "fs/base/cleanup.h"
#include "fs/base/name.h"
#include "fs/base/near.h"

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
	{ "source:*", "none" },
	{ "source:*", "url" },
	{ "source:*", "debian" },
	{ "source:*", "git" },
	{ "source:*", "commit" },
	{ "source:*", "submodules" },
	{ "source:*", "file" },
	{ "source:*", "sha256" },
	{ "source:*", "size" },
	{ "source:*", "sig" },
	{ "source:*", "key" },
	{ "needs:*", "packages" },
	{ "needs:*", "packages+" },
	{ "needs:*", "native" },
	{ "needs:*", "native+" },
	{ "needs:*", "host" },
	{ "needs:*", "host+" },
	{ "build:*", "system" },
	{ "build:*", "in-tree" },
	{ "build:*", "autoreconf" },
	{ "build:*", "subdir" },
	{ "build:*", "memory" },
	{ "build:*", "processes" },
	{ "build:*", "configure" },
	{ "build:*", "make" },
	{ "build:*", "install" },
	{ "build:*", "options" },
	{ "build:*", "make-options" },
	{ "build:*", "install-options" },
	{ "build:*", "other-machine" },
	{ "build:*", "other-machine+" },
	{ "build:*", "options+" },
	{ "build:*", "make-options+" },
	{ "build:*", "install-options+" },
	{ "cache:*", "*" },
	{ "env:*", "*" },
	{ "fix-ups:*", "*" },
	{ "sub-packages:*", "*" },
	{ "options", "*" },
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
	free(r->node);
	free(r->version);
	free(r->dir);
	free(r->path);
	free(r->summary);
	free(r->license);
	free(r->homepage);
	free(r->subdir);
	strv_release(&r->needs);
	strv_release(&r->native);
	strv_release(&r->host);
	strv_release(&r->host_least);
	strv_release(&r->replaces);
	strv_release(&r->cache);
	strv_release(&r->env);
	strv_release(&r->other_machine);
	strv_release(&r->parts);
	strv_release(&r->leave_out);
	strv_release(&r->without);
	strv_release(&r->chosen);
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

char *recipe_other_machine(const struct recipe *r, const char *prefix)
{
	autostrv struct strv patterns = { 0 };

	strv_foreach (pattern, &r->other_machine)
		if (strv_addf(&patterns, "%s%s%s", **pattern == '/' ? "" : prefix + 1,
			      **pattern == '/' ? "" : "/", *pattern + (**pattern == '/')) < 0)
			return NULL;
	return strv_join(&patterns, " ");
}

static void cleanup_recipe(struct recipe **r)
{
	recipe_free(*r);
}

#define RULE_MAX 150 /* bytes of a pattern, before the prefix */

/* A copy of the value, NULL when the key is not there. -ENOMEM or 0. */
static int take(const struct ini *ini, const char *section, const char *key, char **ret)
{
	const char *value = ini_get(ini, section, key, NULL);

	*ret = value ? strdup(value) : NULL;
	return value && !*ret ? -ENOMEM : 0;
}

/* Names of packages. */
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
			return ini_refuse(why, ini, e->line, "'%s' is no name for a package",
					  *name);
	strv_sort(names);
	strv_uniq(names);
	return 0;
}

/* One program, and the version behind it; a program that is there already may get one. */
static int add_program(struct recipe *recipe, const char *name, const char *least)
{
	for (size_t i = 0; i < recipe->host.n; i++)
		if (strcmp(recipe->host.v[i], name) == 0) {
			char *newer = strdup(least);

			if (!newer)
				return -ENOMEM;
			free(recipe->host_least.v[i]);
			recipe->host_least.v[i] = newer;
			return 0;
		}
	return strv_add(&recipe->host, name) < 0 ? -ENOMEM : strv_add(&recipe->host_least, least);
}

/* "gcc make, cython3 (>= 0.29)" */
static int take_programs(struct recipe *recipe, const struct ini *ini, char **why)
{
	const struct ini_entry *e = ini_find(ini, "needs", "host");
	const char *at = e ? e->value : "";
	int r = 0;

	while (r == 0 && *(at += strspn(at, " \t,"))) {
		size_t n = strcspn(at, " \t,(");
		autofree char *name = strndup(at, n);
		char least[65] = "";
		int end = 0;

		if (!name)
			return -ENOMEM;
		if (!name_is_package(name))
			return ini_refuse(why, ini, e->line, "'%s' is no name for a program", name);
		at += n;
		if (at[strspn(at, " \t")] == '(' &&
		    (sscanf(at, " ( >= %64[^) \t] )%n", least, &end) != 1 || !end ||
		     !name_is_version(least)))
			return ini_refuse(why, ini, e->line,
					  "'host' wants versions as in '%s (>= 1.2)'", name);
		at += end;
		r = add_program(recipe, name, least);
	}
	return r;
}

static int take_package(struct recipe *recipe, const struct ini *ini, char **why)
{
	const struct ini_entry *name = ini_find(ini, "package", "name");
	const struct ini_entry *version = ini_find(ini, "package", "version");
	int r;

	if (name && strcmp(name->value, recipe->name) != 0)
		return ini_refuse(why, ini, name->line, "the name '%s' is not its folder's, '%s'",
				  name->value, recipe->name);
	if (!version)
		return ini_refuse(why, ini, 1u, "[package] has no version");
	if (!name_is_version(version->value))
		return ini_refuse(why, ini, version->line, "'%s' is no version (" NAME_RULE ")",
				  version->value);
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
	return recipe->n_sources
		       ? 0
		       : ini_refuse(why, ini, 1u,
				    "there is no [source] (a package without one says 'none "
				    "= yes' there)");
}

/* "3000", "6G": a number that may end in M or G. */
static int take_limit(const struct ini *ini, const char *key, uint64_t *ret, char **why)
{
	const struct ini_entry *e = ini_find(ini, "build", key);
	size_t digits = e ? strspn(e->value, "0123456789") : 0;
	const char *unit = e ? e->value + digits : "";

	if (!e)
		return 0;
	if (!digits || digits > 9 || *e->value == '0' ||
	    (*unit && (unit[1] || !strchr("MG", *unit))))
		return ini_refuse(why, ini, e->line, "'%s' wants a number, as in '%s'", key,
				  strcmp(key, "memory") == 0 ? "6G" : "10000");
	*ret = strtoull(e->value, NULL, 10) << (*unit == 'G' ? 30 : *unit == 'M' ? 20 : 0);
	return 0;
}

static int take_limits(struct recipe *recipe, const struct ini *ini, char **why)
{
	int r;

	recipe->limits.processes = LIMITS_PROCESSES;
	r = take_limit(ini, "processes", &recipe->limits.processes, why);
	return r < 0 ? r : take_limit(ini, "memory", &recipe->limits.memory, why);
}

static bool is_below(const char *path)
{
	const char *at = path;

	if (*path == '/' || path[strcspn(path, " \t\"'\\$`")])
		return false;
	for (;;) {
		size_t len = strcspn(at, "/");

		if (len == 0 || (len == 2 && strncmp(at, "..", 2) == 0))
			return false;
		if (!at[len])
			return true;
		at += len + 1;
	}
}

static int take_subdir(struct recipe *recipe, const struct ini *ini, char **why)
{
	const struct ini_entry *e = ini_find(ini, "build", "subdir");

	if (!e)
		return 0;
	if (!is_below(e->value))
		return ini_refuse(why, ini, e->line, "'%s' is no folder of the archive", e->value);
	recipe->subdir_line = e->line;
	recipe->subdir = strdup(e->value);
	return recipe->subdir ? 0 : -ENOMEM;
}

static int take_system(struct recipe *recipe, const struct ini *ini, char **why)
{
	const struct ini_entry *e = ini_find(ini, "build", "system");
	int r, system = e ? system_find(e->value) : RECIPE_AUTOTOOLS;
	const char *near;

	if (system < 0) {
		near = near_word(e->value, system_words);
		return ini_refuse(why, ini, e->line, "unknown build system '%s' (%s%s)", e->value,
				  near ? "did you mean "
				       : "known: autotools, cmake, meson, make, python, script",
				  near ? near : "");
	}
	recipe->system = system;
	recipe->in_tree = system_is_in_tree(system);
	r = ini_switch(ini, "build", "in-tree", &recipe->in_tree, why);
	if (r == 0)
		r = ini_switch(ini, "build", "autoreconf", &recipe->autoreconf, why);
	if (r == 0 && recipe->autoreconf && system != RECIPE_AUTOTOOLS)
		return ini_refuse(why, ini, ini_find(ini, "build", "autoreconf")->line,
				  "'autoreconf' is for 'system = autotools'");
	return r == 0 ? take_subdir(recipe, ini, why) : r;
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
			return ini_refuse(why, ini, command->line, "'%s' is given here and by '%s'",
					  command->key, recipe->script[i]);
		if ((recipe->script[i] || command) && options)
			return ini_refuse(why, ini, options->line,
					  "'%s' would be ignored: the phase has a "
					  "command of its own",
					  options->key);
	}
	if (recipe->system == RECIPE_SCRIPT && !recipe->script[PHASE_INSTALL] &&
	    !recipe->command[PHASE_INSTALL])
		return ini_refuse(why, ini, 1u, "a package of system 'script' wants an install.sh");
	return 0;
}

/* "no" and "yes", for one rule or for all of them. */
static int take_fixups(struct recipe *recipe, const struct ini *ini, char **why)
{
	const char *words[FIXUP_COUNT + 2] = { "all" };

	for (int i = 0; i < FIXUP_COUNT; i++) {
		const char *all = ini_get(ini, "fix-ups", "all", "yes");

		words[i + 1] = fixup_rule_names[i];
		recipe->fixups[i] =
			strcmp(ini_get(ini, "fix-ups", fixup_rule_names[i], all), "yes") == 0;
	}
	recipe->says_strip = ini_find(ini, "fix-ups", "strip") || ini_find(ini, "fix-ups", "all");
	for (size_t i = 0; i < ini->n; i++) {
		const struct ini_entry *e = &ini->entries[i];
		autofree char *near = NULL;
		bool on = false;
		size_t k = 0;
		int r;

		if (!*e->key || strcmp(e->section, "fix-ups") != 0)
			continue;
		while (words[k] && strcmp(words[k], e->key) != 0)
			k++;
		near = words[k] ? NULL : near_said(e->key, words);
		if (!words[k])
			return ini_refuse(why, ini, e->line, "there is no fix-up '%s'%s", e->key,
					  near ?: "");
		r = ini_switch(ini, "fix-ups", e->key, &on, why);
		if (r < 0)
			return r;
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
		return ini_refuse(why, ini, e->line, "'%s' is no name for a sub-package", name);
	if (pattern && (strcmp(pattern, "@") == 0 || strlen(pattern) > RULE_MAX))
		return ini_refuse(why, ini, e->line, "'%s' is no pattern for files", pattern);
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

const char *const recipe_usual_parts[] = { "runtime", "dev", "doc", "debug", NULL };

int recipe_part_names(const struct recipe *recipe, struct strv *ret)
{
	int r = 0;

	for (size_t i = 0; r == 0 && recipe_usual_parts[i]; i++)
		r = strv_add(ret, recipe_usual_parts[i]);
	strv_foreach (line, &recipe->parts)
		if (r == 0)
			r = strv_addf(ret, "%.*s", (int)strcspn(*line, " "), *line);
	return r;
}

/* What is not staged has to be there, by its name. */
static int check_without(const struct recipe *recipe, const struct ini *ini,
			 const struct ini_entry *e, char **why)
{
	autostrv struct strv names = { 0 };

	if (recipe_part_names(recipe, &names) < 0)
		return -ENOMEM;
	strv_foreach (name, &recipe->without) {
		autofree char *near = near_said(*name, (const char *const *)names.v);
		autofree char *all = strv_join(&names, ", ");

		if (!strv_has(&names, *name))
			return ini_refuse(why, ini, e->line,
					  "there is no sub-package '%s'%s: there are %s, and what "
					  "[sub-packages] names",
					  *name, near ?: "", all ?: "");
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
	return r == 0 && without ? check_without(recipe, ini, without, why) : r;
}

static int fill(struct recipe *recipe, const struct ini *ini, char **why)
{
	const struct ini_entry *needs = ini_find(ini, "needs", "packages");
	const struct ini_entry *native = ini_find(ini, "needs", "native");
	const struct ini_entry *host = ini_find(ini, "needs", "host");
	int r = take_package(recipe, ini, why);

	recipe->needs_line = needs ? needs->line : 1;
	recipe->native_line = native ? native->line : 1;
	recipe->host_line = host ? host->line : 1;
	if (r == 0)
		r = take_sources(recipe, ini, why);
	if (r == 0)
		r = take_names(ini, "needs", "packages", &recipe->needs, why);
	if (r == 0)
		r = take_names(ini, "needs", "native", &recipe->native, why);
	if (r == 0)
		r = take_programs(recipe, ini, why);
	if (r == 0)
		r = take_system(recipe, ini, why);
	if (r == 0)
		r = take_limits(recipe, ini, why);
	if (r == 0)
		r = take_phases(recipe, ini, why);
	if (r == 0)
		r = strv_split(&recipe->other_machine, ini_get(ini, "build", "other-machine", ""),
			       " \t");
	if (r == 0)
		r = recipe_take_settings(ini, "cache", &recipe->cache, why);
	if (r == 0)
		r = recipe_take_settings(ini, "env", &recipe->env, why);
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
	autostrv struct strv all = { 0 };
	autoini struct ini ini = { 0 };
	int r;

	if (!name_is_package(name))
		return why_set(why, -EINVAL, "'%s' is no name for a package%s", name,
			       strchr(name, '/') ? " (its recipe's folder is found by its name, in "
						   "those of --recipes)"
						 : "");
	if (!recipe)
		return why_errno(why, -ENOMEM, "%s", name);
	recipe->name = strdup(name);
	recipe->node = strdup(name);
	recipe->dir = places_join(recipes, name);
	recipe->path = recipe->dir ? places_join(recipe->dir, RECIPE_FILE) : NULL;
	if (!recipe->name || !recipe->node || !recipe->path)
		return why_errno(why, -ENOMEM, "%s", name);
	r = ini_load(&ini, recipe->path, why);
	if (r == 0)
		r = ini_check(&ini, allowed, why);
	if (r == 0)
		r = recipe_take_options(&ini, name, words, &all, &recipe->chosen, why);
	if (r == 0)
		r = ini_overlay(&ini, overlaid, &all, why);
	if (r < 0)
		return r;
	r = fill(recipe, &ini, why);
	if (r == -ENOMEM)
		return why_errno(why, r, "%s", recipe->path);
	if (r == 0)
		*ret = take_ptr(recipe);
	return r;
}
