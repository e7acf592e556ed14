// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/key.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/places.h"
#include "builder/system.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"

#define TEXT_MAX (1 << 20)

void key_release(struct key *k)
{
	free(k->text);
	*k = (struct key){ 0 };
}

static int hash_file(const char *path, char hex[static DIGEST_HEX], char **why)
{
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : digest_of_fd(fd, hex);

	return r < 0 ? why_errno(why, r, "cannot read '%s'", path) : 0;
}

/* Whatever lies beside recipe.ini may be used by its scripts. */
static int add_files(const struct recipe *recipe, struct strv *lines, char **why)
{
	autodir DIR *d = opendir(recipe->dir);
	autostrv struct strv names = { 0 };
	struct dirent *e;
	char hex[DIGEST_HEX];
	int r = 0;

	if (!d)
		return why_errno(why, -errno, "cannot read '%s'", recipe->dir);
	while (r == 0 && (e = readdir(d))) {
		size_t n = strlen(e->d_name);

		if (*e->d_name != '.' && strcmp(e->d_name, "recipe.ini") != 0 &&
		    e->d_name[n - 1] != '~')
			r = strv_add(&names, e->d_name);
	}
	strv_sort(&names);
	strv_foreach (name, &names) {
		autofree char *path = places_join(recipe->dir, *name);
		struct stat st;

		if (r < 0 || !path || stat(path, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		r = hash_file(path, hex, why);
		if (r < 0)
			return r;
		r = strv_addf(lines, "file %s %s", *name, hex);
	}
	return r;
}

static int add_patches(const struct strv *patches, struct strv *lines, char **why)
{
	char hex[DIGEST_HEX];
	int r;

	strv_foreach (patch, patches) {
		r = hash_file(*patch, hex, why);
		if (r < 0)
			return r;
		r = strv_addf(lines, "patch %s %s", strrchr(*patch, '/') + 1, hex);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_list(struct strv *lines, const char *what, const struct strv *values)
{
	int r = 0;

	strv_foreach (value, values)
		if (r == 0)
			r = strv_addf(lines, "%s %s", what, *value);
	return r;
}

static int add_recipe(const struct recipe *recipe, struct strv *lines)
{
	autostrv struct strv hashes = { 0 };
	int r = strv_addf(lines, "package %s %s", recipe->name, recipe->version);

	/* the order of the sources is no input, and two places with the same bytes are one */
	for (size_t i = 0; i < recipe->n_sources && r == 0; i++)
		r = recipe->sources[i].git ? strv_addf(&hashes, "git %s", recipe->sources[i].commit)
					   : strv_add(&hashes, recipe->sources[i].sha256);
	strv_sort(&hashes);
	strv_uniq(&hashes);
	if (r == 0)
		r = add_list(lines, "source", &hashes);
	if (r == 0)
		r = add_list(lines, "replaces", &recipe->replaces);
	if (r == 0)
		r = strv_addf(lines, "system %s%s", system_words[recipe->system],
			      recipe->in_tree ? " in-tree" : "");
	for (int i = 0; i < PHASE_COUNT && r == 0; i++) {
		if (recipe->command[i])
			r = strv_addf(lines, "%s-command %s", recipe_phase_names[i],
				      recipe->command[i]);
		if (r == 0 && *recipe->options[i])
			r = strv_addf(lines, "%s-options %s", recipe_phase_names[i],
				      recipe->options[i]);
	}
	if (r == 0)
		r = add_list(lines, "cache", &recipe->cache);
	if (r == 0)
		r = add_list(lines, "env", &recipe->env);
	for (int i = 0; i < FIXUP_COUNT && r == 0; i++)
		r = strv_addf(lines, "fix-up %s %s", fixup_rule_names[i],
			      recipe->fixups[i] ? "yes" : "no");
	return r;
}

static int add_board(const struct board *b, const struct toolchain *t, struct strv *lines)
{
	int r = strv_addf(lines, "board-cpu %s", b->cpu);

	if (r == 0)
		r = strv_addf(lines, "board-cflags %s", b->cflags);
	if (r == 0)
		r = strv_addf(lines, "board-ldflags %s", b->ldflags);
	if (r == 0)
		r = strv_addf(lines, "board-prefix %s", b->prefix);
	if (r == 0)
		r = strv_addf(lines, "board-library-dir %s", b->libdir);
	return r == 0 ? strv_addf(lines, "toolchain %s %s %s", t->triple, t->version, t->identity)
		      : r;
}

int key_make(struct key *k, const struct recipe *recipe, const struct strv *patches,
	     const struct board *board, const struct toolchain *toolchain, const struct strv *needs,
	     unsigned how, char **why)
{
	autostrv struct strv lines = { 0 };
	int r = strv_addf(&lines, "format %d", KEY_FORMAT);

	*why = NULL;
	if (r == 0)
		r = add_recipe(recipe, &lines);
	if (r == 0)
		r = add_files(recipe, &lines, why);
	if (r == 0)
		r = add_patches(patches, &lines, why);
	if (r == 0)
		r = add_board(board, toolchain, &lines);
	if (r == 0)
		r = add_list(&lines, "needs", needs);
	if (r == 0)
		r = strv_addf(&lines, "boxed %s", how & KEY_BOXED ? "yes" : "no");
	if (r == 0 && (how & KEY_PREPROCESSED) && board_has_debug(board))
		r = strv_add(&lines, "debugging-information of preprocessed text");
	if (r == 0)
		r = strv_add(&lines, "");
	if (r < 0)
		return *why ? r : why_errno(why, r, "%s", recipe->name);
	k->text = strv_join(&lines, "\n");
	if (!k->text)
		return why_errno(why, -ENOMEM, "%s", recipe->name);
	r = digest_of_data(k->text, strlen(k->text), k->hex);
	return r < 0 ? why_errno(why, r, "%s", recipe->name) : 0;
}

/* Its name is its hash, so whoever reads it sees whether it is whole, and nobody has to wait for
 * the disk. */
int key_store(const char *keys, const struct key *k)
{
	autofree char *path = places_join(keys, k->hex);
	autofree char *aside = NULL;
	char name[DIGEST_HEX + 24];
	int r = path ? io_mkdir_p(AT_FDCWD, keys, 0755) : -ENOMEM;

	snprintf(name, sizeof(name), "%s.%d", k->hex, (int)getpid());
	aside = places_join(keys, name);
	if (r == 0)
		r = aside ? places_scratch(keys, name, k->text) : -ENOMEM;
	if (r == 0 && rename(aside, path) < 0)
		r = -errno;
	return r;
}

char *key_recall(const char *keys, const char *hex)
{
	autofree char *path = places_join(keys, hex);
	autofree char *text = NULL;
	char own[DIGEST_HEX];

	if (!path || !*hex || strchr(hex, '/') || *hex == '.' ||
	    io_read_file(AT_FDCWD, path, TEXT_MAX, &text, NULL) < 0 ||
	    digest_of_data(text, strlen(text), own) < 0 || strcmp(own, hex) != 0)
		return NULL;
	return take_ptr(text);
}

static int add_missing(const struct strv *of, const struct strv *in, const char *margin, char sign,
		       struct strv *ret)
{
	int r = 0;

	strv_foreach (line, of)
		if (r == 0 && !strv_has(in, *line))
			r = strv_addf(ret, "%s%c %s\n", margin, sign, *line);
	return r;
}

char *key_difference(const char *old, const char *new, const char *margin)
{
	autostrv struct strv before = { 0 }, after = { 0 }, ret = { 0 };

	if (strv_split(&before, old, "\n") < 0 || strv_split(&after, new, "\n") < 0 ||
	    add_missing(&before, &after, margin, '-', &ret) < 0 ||
	    add_missing(&after, &before, margin, '+', &ret) < 0)
		return NULL;
	return strv_join(&ret, "");
}
