// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/target/board.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/ini.h"
#include "builder/base/why.h"
#include "builder/box/box.h"
#include "builder/recipe/recipe_options.h"
#include "builder/target/launcher.h"
#include "fs/base/cleanup.h"
#include "fs/base/name.h"
#include "fs/base/near.h"
#include "fs/base/text.h"
#include "fs/client/where.h"

#define USUAL_BOARD "rpi3-aarch64"

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

/* "~/x" is the user's, "x" is beside the board's file. */
static char *expand_path(const struct ini *ini, const char *path)
{
	const char *slash = strrchr(ini->path, '/');

	if (*path == '/')
		return strdup(path);
	if (strncmp(path, "~/", 2) == 0)
		return text_of("%s%s", where_user_home(), path + 1);
	return text_of("%.*s/%s", slash ? (int)(slash - ini->path) : 1, slash ? ini->path : ".",
		       path);
}

/* "@napi-rs/cross-toolchain 1.0.3" is packed as "napi-rs-cross-toolchain-1.0.3.tgz". */
static char *npm_file(const char *npm)
{
	char *file = NULL;

	if (!(file = text_of("%s.tgz", npm + (*npm == '@'))))
		return NULL;
	for (char *p = file; *p; p++)
		if (*p == '/' || *p == ' ')
			*p = '-';
	return file;
}

static int check_npm(const struct ini *ini, const struct ini_entry *e, char **why)
{
	autostrv struct strv words = { 0 };

	if (strv_split(&words, e->value, " ") < 0)
		return -ENOMEM;
	if (words.n != 2 || *words.v[0] == '-' || !name_is_version(words.v[1]) ||
	    words.v[0][strspn(words.v[0], "abcdefghijklmnopqrstuvwxyz0123456789@/._-")])
		return ini_refuse(why, ini, e->line, "'npm' wants NAME VERSION");
	return 0;
}

static int take_hash(struct board *b, const struct ini *ini, char **why)
{
	const struct ini_entry *hash = ini_find(ini, "toolchain", "sha256");
	const struct ini_entry *size = ini_find(ini, "toolchain", "size");

	if (size && !ini_bytes(size->value, &b->size))
		return ini_refuse(why, ini, size->line,
				  "'size' wants a number of bytes, as in '1048576'");
	if (!hash)
		return 0;
	if (strlen(hash->value) != DIGEST_HEX - 1 ||
	    hash->value[strspn(hash->value, "0123456789abcdef")])
		return ini_refuse(why, ini, hash->line, "a sha256 is 64 hex digits in lower case");
	memcpy(b->sha256, hash->value, DIGEST_HEX);
	return 0;
}

static int take_archive(struct board *b, const struct ini *ini, const struct ini_entry *from,
			char **why)
{
	const char *slash = strrchr(from->value, '/');
	int r = take_hash(b, ini, why);

	if (r < 0)
		return r;
	if (!*b->sha256)
		return ini_refuse(why, ini, from->line,
				  "a toolchain by '%s' wants a sha256 beside it", from->key);
	if (b->npm)
		b->file = npm_file(b->npm);
	else
		b->file = strdup(slash ? slash + 1 : "");
	if (!b->file)
		return -ENOMEM;
	if (!*b->file || *b->file == '.')
		return ini_refuse(why, ini, from->line, "no file's name at the end of '%s'",
				  from->value);
	return b->npm ? check_npm(ini, from, why) : 0;
}

static int take_debian(struct board *b, const struct ini *ini, const struct ini_entry *from,
		       char **why)
{
	char *end;
	unsigned long release = strtoul(from->value, &end, 10);

	if (*end || release == 0 || release > 99)
		return ini_refuse(why, ini, from->line,
				  "'debian' wants the number of a release, 12");
	b->debian = release;
	if (!b->triple)
		return ini_refuse(why, ini, from->line,
				  "'debian' wants the 'triple' of its compilers beside it: "
				  "aarch64-linux-gnu, or arm-linux-gnueabihf for 32 bits");
	return take_hash(b, ini, why);
}

/* What is built is shown to builds at the place that it was built for. */
static int take_native(struct board *b, const struct ini *ini, const struct ini_entry *from,
		       char **why)
{
	if (strcmp(from->value, "yes") != 0)
		return ini_refuse(why, ini, from->line, "'native' can only be 'yes'");
	if (strcmp(b->prefix, BOX_NATIVE) != 0)
		return ini_refuse(why, ini, from->line,
				  "'native' wants 'prefix = " BOX_NATIVE "' in [target]");
	b->native = true;
	return 0;
}

/* A name alone is looked up in PATH. */
static int take_crosstool(struct board *b, const struct ini *ini, const struct ini_entry *from)
{
	const char *program = ini_get(ini, "toolchain", "ct-ng", "ct-ng");

	b->crosstool = expand_path(ini, from->value);
	b->ct_ng = strchr(program, '/') ? expand_path(ini, program) : strdup(program);
	return b->crosstool && b->ct_ng ? 0 : -ENOMEM;
}

/* What it is made of, the other board says. */
static int take_runtime(struct board *b, const struct ini *ini, const struct ini_entry *from,
			char **why)
{
	static const char *const others[] = { "triple", "inner", "sha256", "size", "sysroot" };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		const struct ini_entry *e = ini_find(ini, "toolchain", others[i]);

		if (e)
			return ini_refuse(why, ini, e->line,
					  "'%s' is said by the board of 'runtime'", e->key);
	}
	if (!name_is_package(b->runtime) || strcmp(b->runtime, b->name) == 0)
		return ini_refuse(why, ini, from->line,
				  "'runtime' wants the name of another board");
	return 0;
}

static int take_toolchain(struct board *b, const struct ini *ini, char **why)
{
	static const char *const ways[] = { "toolchain", "native",  "debian",	"url",
					    "npm",	 "runtime", "crosstool" };
	const struct ini_entry *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		const struct ini_entry *e = ini_find(ini, "toolchain", ways[i]);

		if (e && found)
			return ini_refuse(why, ini, e->line,
					  "'%s' beside '%s': say one way to a toolchain", e->key,
					  found->key);
		if (e)
			found = e;
	}
	if (!found || !*found->value) {
		const struct ini_entry *head = ini_find(ini, "toolchain", "");

		return ini_refuse(
			why, ini,
			found  ? found->line
			: head ? head->line
			       : 1u,
			"the board has no toolchain (write 'toolchain = ~/x-tools/TRIPLE', "
			"'debian = 12' with 'triple = ...', or 'url = https://...' with "
			"'sha256 = ...', into [toolchain])");
	}
	b->toolchain_line = found->line;
	if (strcmp(found->key, "toolchain") == 0) {
		b->toolchain = expand_path(ini, found->value);
		return b->toolchain ? 0 : -ENOMEM;
	}
	if (strcmp(found->key, "native") == 0)
		return take_native(b, ini, found, why);
	if (strcmp(found->key, "crosstool") == 0)
		return take_crosstool(b, ini, found);
	if (b->runtime)
		return take_runtime(b, ini, found, why);
	return strcmp(found->key, "debian") == 0 ? take_debian(b, ini, found, why)
						 : take_archive(b, ini, found, why);
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
	b->state = state ? expand_path(ini, state) : places_join(dir, "state");
	b->mnt = mnt ? expand_path(ini, mnt) : places_join(dir, "mnt");
	b->work = work ? expand_path(ini, work) : places_join(dir, "work");
	b->keys = places_join(dir, "keys");
	b->builds = places_join(dir, "builds");
	b->sysroot = sysroot ? expand_path(ini, sysroot->value) : NULL;
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
	take_settings, take_toolchain, take_debug, take_strip, take_python,
	take_newer,    take_launcher,  take_words, take_stage,
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

static int add_names(const char *boards, struct strv *names)
{
	autodir DIR *d = opendir(boards);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		size_t n = strlen(e->d_name);

		if (n > 4 && strcmp(e->d_name + n - 4, ".ini") == 0 && *e->d_name != '.' &&
		    strv_addn(names, e->d_name, n - 4) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Of the first `n` folders. */
static int names_in(const struct places *places, size_t n, struct strv *names)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = add_names(places->boards.dirs.v[i], names);
	strv_sort(names);
	strv_uniq(names);
	return r;
}

int board_names(const struct places *places, struct strv *names)
{
	return names_in(places, places->boards.dirs.n, names);
}

int board_default(const struct places *places, struct board **ret, char **why)
{
	autostrv struct strv names = { 0 };
	int r = names_in(places, searchpath_some(&places->boards), &names);
	const char *only = NULL;
	size_t n = 0;

	if (r < 0)
		return why_errno(why, r, "boards");
	strv_foreach (name, &names)
		if (strcmp(*name, BOARD_NATIVE) != 0) {
			only = *name;
			n++;
		}
	return board_load(places, n == 1 ? only : USUAL_BOARD, ret, why);
}

int board_words(const struct places *places, struct strv *ret, char **why)
{
	autostrv struct strv names = { 0 };
	int r = board_names(places, &names);

	if (r < 0)
		return why_errno(why, r, "boards");
	strv_foreach (name, &names) {
		cleanup(cleanup_board) struct board *b = NULL;

		r = board_load(places, *name, &b, why);
		if (r < 0)
			return r;
		strv_foreach (word, &b->words)
			if (!strv_has(ret, *word) && strv_add(ret, *word) < 0)
				return why_errno(why, -ENOMEM, "%s", *name);
	}
	return 0;
}
