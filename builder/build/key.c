// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/build/key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/base/content.h"
#include "builder/base/places.h"
#include "builder/base/why.h"
#include "builder/box/shown.h"
#include "builder/recipe/system.h"
#include "builder/target/toolchain.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/text.h"

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
	strv_foreach (value, values)
		strv_addf(lines, "%s %s", what, *value);
	return strv_error(lines);
}

/* There may be a thousand: at once. */
static int add_layers(struct strv *lines, const char *what, const struct strv *layers)
{
	autofree char *glue = NULL;
	autofree char *all = NULL;

	glue = text_of("\n%s ", what);
	all = glue ? strv_join(layers, glue) : NULL;
	if (!all)
		return -ENOMEM;
	return layers->n ? strv_addf(lines, "%s %s", what, all) : 0;
}

static int add_source(const struct recipe_source *s, struct strv *lines)
{
	if (!s->git)
		return strv_addf(lines, "source %s", s->none ? "none" : s->sha256);
	return strv_addf(lines, "source git %s%s", s->commit,
			 s->without_submodules ? " without submodules" : "");
}

/* What is usual may be another in another version of ours. */
static int add_phase(const struct recipe *recipe, enum recipe_phase phase, struct strv *lines)
{
	const char *name = recipe_phase_names[phase];
	autofree char *usual = system_usual(recipe->system, phase);
	autofree char *before = system_before(recipe, phase);

	if (recipe->command[phase])
		strv_addf(lines, "%s-command %s", name, recipe->command[phase]);
	else if (usual && !recipe->script[phase])
		strv_addf(lines, "%s-usual %s", name, usual);
	if (!before)
		return -ENOMEM;
	if (*before)
		strv_addf(lines, "%s-before %s", name, before);
	if (*recipe->options[phase])
		strv_addf(lines, "%s-options %s", name, recipe->options[phase]);
	return strv_error(lines);
}

static int add_recipe(const struct recipe *recipe, struct strv *lines)
{
	strv_addf(lines, "package %s %s", recipe->name, recipe->version);
	add_list(lines, "replaces", &recipe->replaces);
	strv_addf(lines, "system %s%s", system_words[recipe->system],
		  recipe->in_tree ? " in-tree" : "");
	if (recipe->subdir)
		strv_addf(lines, "subdir %s", recipe->subdir);
	for (int i = 0; i < PHASE_COUNT; i++)
		add_phase(recipe, i, lines);
	add_list(lines, "cache", &recipe->cache);
	for (int i = 0; i < FIXUP_COUNT; i++)
		if (i != FIXUP_SET_ID) /* nothing is another for it */
			strv_addf(lines, "fix-up %s %s", fixup_rule_names[i],
				  recipe->fixups[i] ? "yes" : "no");
	return strv_error(lines);
}

static int add_toolchain(const struct toolchain *t, struct strv *lines)
{
	return strv_addf(lines, "toolchain %s %s %s", t->triple, t->version, t->identity);
}

static int add_files(const struct key_inputs *in, struct strv *lines, char **why)
{
	int r = content_list(in->recipe->dir, "file", RECIPE_FILE, NULL, lines);

	return r < 0 ? why_errno(why, r, "cannot read '%s'", in->recipe->dir) : 0;
}

/* What it can see (shown.h), part by part. */
static int add_part(const struct key_inputs *in, enum shown_part part, struct strv *lines,
		    char **why)
{
	switch (part) {
	case SHOWN_SOURCE:
		return add_source(in->source, lines);
	case SHOWN_FILES:
		return add_files(in, lines, why);
	case SHOWN_PATCHES:
		return add_patches(in->patches, lines, why);
	case SHOWN_TOOLCHAIN:
		return add_toolchain(in->toolchain, lines);
	case SHOWN_SYSROOT:
		return strv_addf(lines, "sysroot %s", in->sysroot);
	case SHOWN_GIVEN:
		return strv_add_all(lines, in->given);
	case SHOWN_NEEDS:
		return add_layers(lines, "needs", in->needs);
	case SHOWN_NATIVE:
		return add_layers(lines, "native", in->native);
	case SHOWN_HOST:
		return add_list(lines, "host", in->host);
	case SHOWN_PARTS:
		break;
	}
	return -EINVAL;
}

static int add_all(const struct key_inputs *in, struct strv *lines, char **why)
{
	int r = 0;

	strv_addf(lines, "format %d", KEY_FORMAT);
	add_recipe(in->recipe, lines);
	for (int part = 0; part < SHOWN_PARTS && r == 0; part++)
		r = add_part(in, part, lines, why);
	strv_addf(lines, "boxed %s", in->how & KEY_BOXED ? "yes" : "no");
	if (in->how & KEY_PREPROCESSED)
		strv_add(lines, "debugging-information of preprocessed text");
	strv_add(lines, "");
	if (r == 0)
		r = strv_error(lines);
	return r < 0 && !*why ? why_errno(why, r, "%s", in->recipe->name) : r;
}

int key_make(struct key *k, const struct key_inputs *in, char **why)
{
	autostrv struct strv lines = { 0 };
	int r;

	*why = NULL;
	r = add_all(in, &lines, why);
	if (r < 0)
		return r;
	k->text = strv_join(&lines, "\n");
	if (!k->text)
		return why_errno(why, -ENOMEM, "%s", in->recipe->name);
	r = digest_of_data(k->text, strlen(k->text), k->hex);
	return r < 0 ? why_errno(why, r, "%s", in->recipe->name) : 0;
}

int key_of_continued(const struct key *k, struct key *ret)
{
	ret->text = text_of("%s\ncontinued yes", k->text);
	return ret->text ? digest_of_data(ret->text, strlen(ret->text), ret->hex) : -ENOMEM;
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
