// SPDX-License-Identifier: GPL-2.0-or-later
/* `xsysfs lint`: look through recipes, and through what is known of their builds. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/base/json.h"
#include "builder/base/why.h"
#include "builder/lint/lint.h"
#include "builder/recipe/patch.h"
#include "builder/recipe/recipeset.h"
#include "builder/target/target.h"
#include "builder/verb/verbs.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/tame.h"

struct request {
	const struct options *o;
	struct target target;
	struct board *board; /* the target's; NULL: there is none that can be read */
	struct strv names;   /* of recipes */
	struct strv words;
	struct installed installed;
	struct sonames sonames;
	struct lint lint;
};

static void request_release(struct request *q)
{
	target_release(&q->target);
	strv_release(&q->names);
	strv_release(&q->words);
	installed_release(&q->installed);
	sonames_release(&q->sonames);
	lint_release(&q->lint);
}

static int look_around(struct request *q)
{
	const char *where = target_where(&q->target);
	char *why = NULL;
	int r;

	q->lint.places = &q->o->places;
	q->lint.board_words = &q->words;
	if (!where || !q->board) {
		log_note("nothing is built: options and needs are not looked at");
		return 0;
	}
	r = installed_read(&q->installed, &q->o->places, where, &why);
	if (r == 0)
		r = sonames_read(&q->sonames, &q->installed, &why);
	if (r == 0 && q->board->native && (r = sonames_add_machine(&q->sonames)) < 0)
		why_errno(&why, r, "%s", q->board->name);
	if (r < 0)
		return why_log(why, r);
	q->lint.installed = &q->installed;
	q->lint.sonames = &q->sonames;
	q->lint.work = q->board->work;
	return 0;
}

static int lint_one(struct request *q, const char *name, char **why)
{
	const struct strv *words = q->board ? &q->board->words : NULL;
	struct recipe *recipe = NULL;
	int r = recipe_search(&q->o->places.recipes, name, words, &recipe, why);

	if (r == 0)
		r = lint_recipe(&q->lint, recipe, why);
	if (r == 0 && q->lint.installed && installed_layer(&q->installed, name))
		r = lint_built(&q->lint, recipe, why);
	recipe_free(recipe);
	return r;
}

/* Folders of patches that no recipe has. */
static int find_stray_patches(struct request *q, const char *patches, char **why)
{
	autostrv struct strv folders = { 0 };
	int r = patch_folders(patches, &folders);

	if (r == -ENOENT)
		return 0;
	strv_foreach (folder, &folders) {
		autofree char *path = places_join(patches, *folder);

		if (r == 0 && !searchpath_find(&q->o->places.recipes, *folder, RECIPE_FILE))
			r = path ? lint_find(&q->lint, path, 1, "are patches for no recipe")
				 : -ENOMEM;
	}
	return r < 0 ? why_errno(why, r, "cannot read '%s'", patches) : 0;
}

static int lint_all(struct request *q)
{
	const struct searchpath *patches = &q->o->places.patches;
	bool all = q->o->n_args == 0;
	char *why = NULL;
	int r = 0, failed = 0;

	for (int i = 0; i < q->o->n_args && r == 0; i++)
		if (!strv_has(&q->names, q->o->args[i]))
			r = strv_add(&q->names, q->o->args[i]);
	if (all)
		r = recipeset_names(&q->o->places.recipes, &q->names, &why);
	if (r < 0)
		return why_log(why, r);
	strv_foreach (name, &q->names) {
		why = NULL;
		if (lint_one(q, *name, &why) < 0)
			failed = why_log(why, -EINVAL);
	}
	for (size_t i = 0; all && i < searchpath_some(patches); i++) {
		why = NULL;
		if ((r = find_stray_patches(q, patches->dirs.v[i], &why)) < 0)
			failed = why_log(why, r);
	}
	return failed;
}

static int print_json(const struct lint *l)
{
	autojson json_t *all = json_array();
	int r = 0;

	for (size_t i = 0; i < l->n_findings && r == 0; i++) {
		const struct lint_finding *f = &l->findings[i];

		r = json_array_append_new(
			all, json_pack("{s:o, s:I, s:o}", "file", json_of_bytes(f->file), "line",
				       (json_int_t)f->line, "text", json_of_bytes(f->text)));
	}
	return r < 0 ? log_errno(-ENOMEM, "cannot print what was found") : json_print(all);
}

static void print_lines(const struct lint *l)
{
	for (size_t i = 0; i < l->n_findings; i++) {
		struct lint_finding *f = &l->findings[i];

		tame(f->file);
		tame(f->text);
		printf("%s:%u: %s\n", f->file, f->line, f->text);
	}
}

int verb_lint(struct options *o)
{
	cleanup(request_release) struct request q = { .o = o };
	char *why = NULL;
	int r = board_words(&o->places, &q.words, &why);

	if (r < 0)
		return why_log(why, r), 1;
	if (target_find(&q.target, &o->places, o->where, o->board) < 0 && (o->board || o->where))
		return 1;
	q.board = q.target.board;
	if (look_around(&q) < 0)
		return 1;
	r = lint_all(&q);
	for (size_t i = 0; i < q.lint.n_findings; i++)
		tame_urls(q.lint.findings[i].text);
	if (!o->json)
		print_lines(&q.lint);
	else if (print_json(&q.lint) < 0)
		r = -EIO;
	if (r == 0 && !q.lint.n_findings)
		log_note("%zu recipes, nothing found", q.names.n);
	return r < 0 || q.lint.n_findings;
}
