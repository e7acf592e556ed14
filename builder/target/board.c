// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/target/board_inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/why.h"
#include "builder/recipe/recipe_options.h"
#include "builder/target/launcher.h"
#include "fs/base/cleanup.h"
#include "fs/base/name.h"
#include "fs/base/near.h"
#include "fs/base/text.h"

static const struct ini_allowed allowed[] = {
	{ "board", "summary" },
	{ "toolchain", "toolchain" },
	{ "toolchain", "debian" },
	{ "toolchain", "url" },
	{ "toolchain", "npm" },
	{ "toolchain", "sha256" },
	{ "toolchain", "inner" },
	{ "toolchain", "triple" },
	{ "toolchain", "sysroot" },
	{ "toolchain", "launcher" },
	{ "target", "words" },
	{ "target", "cpu" },
	{ "target", "cflags" },
	{ "target", "ldflags" },
	{ "target", "prefix" },
	{ "target", "library-dir" },
	{ "target", "glibc" },
	{ "target", "glibc-newer" },
	{ "target", "python" },
	{ "places", "state" },
	{ "places", "mount" },
	{ "places", "work" },
	{ "target", "debug" },
	{ "target", "strip" },
	{ "stage", "without" },
	{ "toolchain", "size" },
	{ "toolchain", "native" },
	{ "target", "processor-newer" },
	{ "toolchain", "runtime" },
	{ "toolchain", "crosstool" },
	{ "toolchain", "ct-ng" },
	{ "options", "*" },
	{ NULL, NULL },
};

void board_free(struct board *b)
{
	if (!b)
		return;
	free(b->name);
	free(b->path);
	free(b->summary);
	free(b->toolchain);
	free(b->runtime);
	free(b->crosstool);
	free(b->ct_ng);
	free(b->url);
	free(b->npm);
	free(b->file);
	free(b->triple);
	free(b->inner);
	free(b->sysroot);
	free(b->launcher);
	strv_release(&b->words);
	strv_release(&b->stage_without);
	free(b->cpu);
	free(b->cflags);
	free(b->ldflags);
	free(b->prefix);
	free(b->libdir);
	free(b->glibc);
	free(b->python);
	free(b->state);
	free(b->mnt);
	free(b->work);
	free(b->keys);
	free(b->builds);
	free(b);
}

/* A part that compilers, shells, make and pkg-config all take as it is, and that leads nowhere
 * else. */
static bool is_plain_path(const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "+-._";

	while (*path) {
		size_t n = strspn(path, plain);

		if (!n || *path == '.' || *path == '-' || (path[n] && path[n] != '/') ||
		    (path[n] == '/' && !path[n + 1]))
			return false;
		path += n + (path[n] == '/');
	}
	return true;
}

static int check_settings(const struct board *b, const struct ini *ini, char **why)
{
	const struct ini_entry *prefix = ini_find(ini, "target", "prefix");
	const struct ini_entry *libdir = ini_find(ini, "target", "library-dir");
	const struct ini_entry *glibc = ini_find(ini, "target", "glibc");
	int major, minor, end = 0;

	if (prefix && (*b->prefix != '/' || !b->prefix[1] || !is_plain_path(b->prefix + 1)))
		return ini_refuse(
			why, ini, prefix->line,
			"'prefix' is a path as /usr/local, of letters, digits and '+-._'");
	if (libdir && (!*b->libdir || !is_plain_path(b->libdir)))
		return ini_refuse(why, ini, libdir->line,
				  "'library-dir' is a folder below the prefix, as lib or "
				  "lib/aarch64-linux-gnu");
	if (glibc &&
	    (sscanf(b->glibc, "%3d.%3d%n", &major, &minor, &end) != 2 || !end || b->glibc[end]))
		return ini_refuse(why, ini, glibc->line, "'glibc' is a version as 2.36");
	return 0;
}

struct setting {
	const char *section, *key, *missing;
	char **ret;
};

static int take_settings(struct board *b, const struct ini *ini, char **why)
{
	const struct setting settings[] = {
		{ "board", "summary", NULL, &b->summary },
		{ "toolchain", "url", NULL, &b->url },
		{ "toolchain", "runtime", NULL, &b->runtime },
		{ "toolchain", "npm", NULL, &b->npm },
		{ "toolchain", "triple", NULL, &b->triple },
		{ "toolchain", "inner", NULL, &b->inner },
		{ "target", "cpu", "", &b->cpu },
		{ "target", "cflags", "", &b->cflags },
		{ "target", "ldflags", "", &b->ldflags },
		{ "target", "prefix", "/usr/local", &b->prefix },
		{ "target", "library-dir", "lib", &b->libdir },
		{ "target", "glibc", NULL, &b->glibc },
	};

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *s = &settings[i];
		const char *value = ini_get(ini, s->section, s->key, s->missing);

		*s->ret = value ? strdup(value) : NULL;
		if (value && !*s->ret)
			return -ENOMEM;
	}
	return check_settings(b, ini, why);
}

static int add_word(char **words, const char *word)
{
	autofree char *before = *words;

	*words = text_of("%s%s%s", before, *before ? " " : "", word);
	return *words ? 0 : -ENOMEM;
}

static int take_debug(struct board *b, const struct ini *ini, char **why)
{
	bool debug = false;
	int r = ini_switch(ini, "target", "debug", &debug, why);

	return r == 0 && debug ? add_word(&b->cflags, "-g") : r;
}

static int take_strip(struct board *b, const struct ini *ini, char **why)
{
	b->strip = true;
	return ini_switch(ini, "target", "strip", &b->strip, why);
}

/* As its folders are named; before 3.8 there was more in the names of extensions. */
static int take_python(struct board *b, const struct ini *ini, char **why)
{
	const struct ini_entry *e = ini_find(ini, "target", "python");
	int minor = 0, end = 0;

	if (!e)
		return 0;
	if (sscanf(e->value, "3.%3d%n", &minor, &end) != 1 || e->value[end] || minor < 8)
		return ini_refuse(why, ini, e->line,
				  "'python' is a version as 3.11, and 3.8 or newer");
	b->python = strdup(e->value);
	return b->python ? 0 : -ENOMEM;
}

/* What a board has to say twice, once by the toolchain that it names. */
static int take_allowed(const struct ini *ini, const char *key, bool *ret, char **why)
{
	const struct ini_entry *e = ini_find(ini, "target", key);

	if (e && strcmp(e->value, "allow") != 0)
		return ini_refuse(why, ini, e->line, "'%s' can only be 'allow'", key);
	*ret = e;
	return 0;
}

static int take_newer(struct board *b, const struct ini *ini, char **why)
{
	int r = take_allowed(ini, "glibc-newer", &b->glibc_newer, why);

	return r < 0 ? r : take_allowed(ini, "processor-newer", &b->processor_newer, why);
}

static int take_launcher(struct board *b, const struct ini *ini, char **why)
{
	const struct ini_entry *e = ini_find(ini, "toolchain", "launcher");

	if (!e)
		return 0;
	if (!launcher_is_name(e->value))
		return ini_refuse(why, ini, e->line, "'launcher' is ccache, distcc, icecc or none");
	b->launcher = strdup(e->value);
	return b->launcher ? 0 : -ENOMEM;
}

/* Choices among the options of recipes. */
static int take_options(struct board *b, const struct ini *ini, char **why)
{
	for (size_t i = 0; i < ini->n; i++) {
		const struct ini_entry *e = &ini->entries[i];
		autofree char *choice = NULL;

		if (!*e->key || strcmp(e->section, "options") != 0)
			continue;
		choice = text_of("%s=%s", e->key, e->value);
		if (choice && !recipe_option_is_choice(choice))
			return ini_refuse(why, ini, e->line,
					  "[options] wants 'PACKAGE.OPTION = yes' or 'no'");
		if (strv_add(&b->words, choice) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int take_words(struct board *b, const struct ini *ini, char **why)
{
	int r = strv_split(&b->words, ini_get(ini, "target", "words", ""), " \t,");

	if (r == 0)
		r = take_options(b, ini, why);
	if (r == 0 && *b->cpu)
		r = strv_add(&b->words, b->cpu);
	return r == 0 ? strv_add(&b->words, b->name) : r;
}

static int take_stage(struct board *b, const struct ini *ini, char **why)
{
	const struct ini_entry *e = ini_find(ini, "stage", "without");
	int r = e ? strv_split(&b->stage_without, e->value, " \t,") : 0;

	b->stage_line = e ? e->line : 0;
	strv_foreach (name, &b->stage_without)
		if (r == 0 && !name_is_package(*name))
			r = ini_refuse(why, ini, e->line, "'%s' is no name for a sub-package",
				       *name);
	return r;
}

static int take_places(struct board *b, const struct places *places, const struct ini *ini)
{
	const char *state = ini_get(ini, "places", "state", NULL);
	const char *mnt = ini_get(ini, "places", "mount", NULL);
	const char *work = ini_get(ini, "places", "work", NULL);
	const struct ini_entry *sysroot = ini_find(ini, "toolchain", "sysroot");
	autofree char *dir = places_join(places->home, b->name);

	if (!dir)
		return -ENOMEM;
	b->state = state ? board_path(ini, state) : places_join(dir, "state");
	b->mnt = mnt ? board_path(ini, mnt) : places_join(dir, "mnt");
	b->work = work ? board_path(ini, work) : places_join(dir, "work");
	b->keys = places_join(dir, "keys");
	b->builds = places_join(dir, "builds");
	b->sysroot = sysroot ? board_path(ini, sysroot->value) : NULL;
	b->sysroot_line = sysroot ? sysroot->line : 0;
	return b->state && b->mnt && b->work && b->keys && b->builds && !sysroot == !b->sysroot
		       ? 0
		       : -ENOMEM;
}

static int no_board(const struct places *places, const char *name, const char *path, char **why)
{
	autostrv struct strv names = { 0 };
	autofree char *near = NULL;

	if (board_names(places, &names) == 0 && names.n)
		near = near_said(name, (const char *const *)names.v);
	if (near && *near)
		return why_set(why, -ENOENT, "there is no board '%s'%s", name, near);
	return why_set(why, -ENOENT, "there is no board '%s' (no '%s'; 'xsysfs boards' lists them)",
		       name, path);
}

/* In this order: the toolchain looks at what is set, the words at the cpu. */
static int (*const takers[])(struct board *b, const struct ini *ini, char **why) = {
	take_settings, board_take_toolchain, take_debug, take_strip, take_python,
	take_newer,    take_launcher,	     take_words, take_stage,
};

int board_load(const struct places *places, const char *name, struct board **ret, char **why)
{
	cleanup(cleanup_board) struct board *b = calloc(1, sizeof(*b));
	autoini struct ini ini = { 0 };
	autofree char *file = NULL;
	const char *dir;
	int r;

	if (!name_is_package(name))
		return why_set(why, -EINVAL, "'%s' is no name for a board", name);
	if (!b || !(b->name = strdup(name)) || !(file = text_of("%s.ini", name)))
		return why_errno(why, -ENOMEM, "%s", name);
	dir = searchpath_find(&places->boards, file, NULL);
	b->path = places_join(dir ? dir : places->boards.dirs.v[0], file);
	if (!b->path)
		return why_errno(why, -ENOMEM, "%s", name);
	if (!dir)
		return no_board(places, name, b->path, why);
	r = ini_load(&ini, b->path, why);
	if (r == 0)
		r = ini_check(&ini, allowed, why);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(takers) && r == 0; i++)
		r = takers[i](b, &ini, why);
	if (r == 0)
		r = take_places(b, places, &ini);
	if (r == -ENOMEM)
		return why_errno(why, r, "%s", b->path);
	if (r == 0)
		*ret = take_ptr(b);
	return r;
}

bool board_has_debug(const struct board *b)
{
	bool debug = false;

	for (const char *at = b->cflags; (at = strstr(at, "-g")); at += 2)
		if (at == b->cflags || at[-1] == ' ')
			debug = at[2] != '0';
	return debug;
}
