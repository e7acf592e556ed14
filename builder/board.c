// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/board.h"

#include <dirent.h>
#include <errno.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/ini.h"
#include "builder/launcher.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/name.h"

#define USUAL_BOARD "rpi3-aarch64"

static const struct ini_allowed allowed[] = {
	{ "board", "summary" },	    { "toolchain", "toolchain" }, { "toolchain", "url" },
	{ "toolchain", "npm" },	    { "toolchain", "sha256" },	  { "toolchain", "inner" },
	{ "toolchain", "sysroot" }, { "toolchain", "launcher" },  { "target", "words" },
	{ "target", "cpu" },	    { "target", "cflags" },	  { "target", "ldflags" },
	{ "target", "prefix" },	    { "target", "library-dir" },  { "target", "glibc" },
	{ "places", "state" },	    { "places", "mount" },	  { "places", "work" },
	{ "target", "debug" },	    { "stage", "without" },	  { NULL, NULL },
};

void board_free(struct board *b)
{
	if (!b)
		return;
	free(b->name);
	free(b->path);
	free(b->summary);
	free(b->toolchain);
	free(b->url);
	free(b->npm);
	free(b->file);
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
	free(b->state);
	free(b->mnt);
	free(b->work);
	free(b->keys);
	free(b->builds);
	free(b);
}

#define refuse(ini, line, fmt, ...) \
	why_set(why, -EINVAL, "%s:%u: " fmt, (ini)->path, (line), ##__VA_ARGS__)

/* "~/x" is the user's, "x" is beside the board's file. */
static char *expand_path(const struct ini *ini, const char *path)
{
	const char *slash = strrchr(ini->path, '/');
	const char *home = getenv("HOME");
	char *full;
	int n;

	if (*path == '/')
		return strdup(path);
	if (strncmp(path, "~/", 2) == 0 && home)
		n = asprintf(&full, "%s%s", home, path + 1);
	else
		n = asprintf(&full, "%.*s/%s", slash ? (int)(slash - ini->path) : 1,
			     slash ? ini->path : ".", path);
	return n < 0 ? NULL : full;
}

/* "@napi-rs/cross-toolchain 1.0.3" is packed as "napi-rs-cross-toolchain-1.0.3.tgz". */
static char *npm_file(const char *npm)
{
	char *file = NULL;

	if (asprintf(&file, "%s.tgz", npm + (*npm == '@')) < 0)
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
		return refuse(ini, e->line, "'npm' wants NAME VERSION");
	return 0;
}

static int take_archive(struct board *b, const struct ini *ini, const struct ini_entry *from,
			char **why)
{
	const struct ini_entry *hash = ini_find(ini, "toolchain", "sha256");
	const char *slash = strrchr(from->value, '/');

	if (!hash)
		return refuse(ini, from->line, "a toolchain by '%s' wants a sha256 beside it",
			      from->key);
	if (strlen(hash->value) != DIGEST_HEX - 1 ||
	    hash->value[strspn(hash->value, "0123456789abcdef")])
		return refuse(ini, hash->line, "a sha256 is 64 hex digits in lower case");
	memcpy(b->sha256, hash->value, DIGEST_HEX);
	if (b->npm)
		b->file = npm_file(b->npm);
	else
		b->file = strdup(slash ? slash + 1 : "");
	if (!b->file)
		return -ENOMEM;
	if (!*b->file || *b->file == '.')
		return refuse(ini, from->line, "no file's name at the end of '%s'", from->value);
	return b->npm ? check_npm(ini, from, why) : 0;
}

static int take_toolchain(struct board *b, const struct ini *ini, char **why)
{
	static const char *const ways[] = { "toolchain", "url", "npm" };
	const struct ini_entry *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		const struct ini_entry *e = ini_find(ini, "toolchain", ways[i]);

		if (e && found)
			return refuse(ini, e->line, "'%s' beside '%s': say one way to a toolchain",
				      e->key, found->key);
		if (e)
			found = e;
	}
	if (!found || !*found->value) {
		const struct ini_entry *head = ini_find(ini, "toolchain", "");

		return refuse(
			ini,
			found  ? found->line
			: head ? head->line
			       : 1u,
			"the board has no toolchain (write 'toolchain = ~/x-tools/TRIPLE', or "
			"'url = https://...' with 'sha256 = ...', into [toolchain])");
	}
	b->toolchain_line = found->line;
	if (strcmp(found->key, "toolchain") == 0) {
		b->toolchain = expand_path(ini, found->value);
		return b->toolchain ? 0 : -ENOMEM;
	}
	return take_archive(b, ini, found, why);
}

struct setting {
	const char *section, *key, *missing;
	char **ret;
};

static int take_settings(struct board *b, const struct ini *ini)
{
	const struct setting settings[] = {
		{ "board", "summary", NULL, &b->summary },
		{ "toolchain", "url", NULL, &b->url },
		{ "toolchain", "npm", NULL, &b->npm },
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
	return 0;
}

static int add_word(char **words, const char *word)
{
	autofree char *before = *words;

	return asprintf(words, "%s%s%s", before, *before ? " " : "", word) < 0 ? -ENOMEM : 0;
}

/* The fix-ups find debugging information by build-id. */
static int take_debug(struct board *b, const struct ini *ini, char **why)
{
	const struct ini_entry *e = ini_find(ini, "target", "debug");
	int r;

	if (!e || strcmp(e->value, "no") == 0)
		return 0;
	if (strcmp(e->value, "yes") != 0)
		return refuse(ini, e->line, "'debug' is yes or no");
	r = add_word(&b->cflags, "-g");
	return r == 0 ? add_word(&b->ldflags, "-Wl,--build-id=sha1") : r;
}

static int take_launcher(struct board *b, const struct ini *ini, char **why)
{
	const struct ini_entry *e = ini_find(ini, "toolchain", "launcher");

	if (!e)
		return 0;
	if (!launcher_is_name(e->value))
		return refuse(ini, e->line, "'launcher' is ccache, distcc, icecc or none");
	b->launcher = strdup(e->value);
	return b->launcher ? 0 : -ENOMEM;
}

static int take_words(struct board *b, const struct ini *ini)
{
	int r = strv_split(&b->words, ini_get(ini, "target", "words", ""), " \t,");

	if (r == 0 && *b->cpu)
		r = strv_add(&b->words, b->cpu);
	return r == 0 ? strv_add(&b->words, b->name) : r;
}

static int take_stage(struct board *b, const struct ini *ini, char **why)
{
	const struct ini_entry *e = ini_find(ini, "stage", "without");
	int r = e ? strv_split(&b->stage_without, e->value, " \t,") : 0;

	strv_foreach (name, &b->stage_without)
		if (r == 0 && !name_is_package(*name))
			r = refuse(ini, e->line, "'%s' is no name for a sub-package", *name);
	return r;
}

static int take_places(struct board *b, const struct places *places, const struct ini *ini)
{
	const char *state = ini_get(ini, "places", "state", NULL);
	const char *mnt = ini_get(ini, "places", "mount", NULL);
	const char *work = ini_get(ini, "places", "work", NULL);
	const char *sysroot = ini_get(ini, "toolchain", "sysroot", NULL);
	autofree char *dir = places_join(places->home, b->name);

	if (!dir)
		return -ENOMEM;
	b->state = state ? expand_path(ini, state) : places_join(dir, "state");
	b->mnt = mnt ? expand_path(ini, mnt) : places_join(dir, "mnt");
	b->work = work ? expand_path(ini, work) : places_join(dir, "work");
	b->keys = places_join(dir, "keys");
	b->builds = places_join(dir, "builds");
	b->sysroot = sysroot ? expand_path(ini, sysroot) : NULL;
	return b->state && b->mnt && b->work && b->keys && b->builds && !sysroot == !b->sysroot
		       ? 0
		       : -ENOMEM;
}

int board_load(const struct places *places, const char *name, struct board **ret, char **why)
{
	cleanup(cleanup_board) struct board *b = calloc(1, sizeof(*b));
	autoini struct ini ini = { 0 };
	int r;

	if (!name_is_package(name))
		return why_set(why, -EINVAL, "'%s' is no name for a board", name);
	if (!b || !(b->name = strdup(name)) ||
	    asprintf(&b->path, "%s/%s.ini", places->boards, name) < 0)
		return why_errno(why, -ENOMEM, "%s", name);
	r = ini_load(&ini, b->path, why);
	if (r == -ENOENT) {
		free(*why);
		return why_set(why, r, "there is no board '%s' (no '%s')", name, b->path);
	}
	if (r == 0)
		r = ini_check(&ini, allowed, why);
	if (r < 0)
		return r;
	r = take_settings(b, &ini);
	if (r == 0)
		r = take_toolchain(b, &ini, why);
	if (r == 0)
		r = take_debug(b, &ini, why);
	if (r == 0)
		r = take_launcher(b, &ini, why);
	if (r == 0)
		r = take_words(b, &ini);
	if (r == 0)
		r = take_stage(b, &ini, why);
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

/* By getmntent(3), which knows how blanks are written there. */
bool board_is_mounted(const struct board *b)
{
	autoclose FILE *f = setmntent("/proc/self/mounts", "re");
	autofree char *mnt = realpath(b->mnt, NULL);
	char buf[16384];
	struct mntent e;

	while (f && mnt && getmntent_r(f, &e, buf, sizeof(buf)))
		if (strcmp(e.mnt_type, "fuse.xsysfs") == 0 && strcmp(e.mnt_dir, mnt) == 0)
			return true;
	return false;
}

/* Names of all boards, sorted. */
static int board_names(const struct places *places, struct strv *names)
{
	autodir DIR *d = opendir(places->boards);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		size_t n = strlen(e->d_name);

		if (n > 4 && strcmp(e->d_name + n - 4, ".ini") == 0 && *e->d_name != '.' &&
		    strv_addn(names, e->d_name, n - 4) < 0)
			return -ENOMEM;
	}
	strv_sort(names);
	return 0;
}

int board_default(const struct places *places, struct board **ret, char **why)
{
	autostrv struct strv names = { 0 };
	const char *mounted = NULL;
	size_t n_mounted = 0;
	int r = board_names(places, &names);

	if (r < 0)
		return why_errno(why, r, "%s", places->boards);
	if (names.n == 1)
		return board_load(places, names.v[0], ret, why);
	strv_foreach (name, &names) {
		struct board *b = NULL;
		char *ignored = NULL;

		if (board_load(places, *name, &b, &ignored) == 0 && board_is_mounted(b)) {
			mounted = *name;
			n_mounted++;
		}
		free(ignored);
		board_free(b);
	}
	return board_load(places, n_mounted == 1 ? mounted : USUAL_BOARD, ret, why);
}

int board_words(const struct places *places, struct strv *ret, char **why)
{
	autostrv struct strv names = { 0 };
	int r = board_names(places, &names);

	if (r < 0)
		return why_errno(why, r, "%s", places->boards);
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
