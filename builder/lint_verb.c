// SPDX-License-Identifier: GPL-2.0-or-later
/* `xsysfs lint`: look through recipes, and through what is known of their builds. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/lint.h"
#include "builder/patch.h"
#include "builder/recipeset.h"
#include "builder/verbs.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

struct request {
	const struct options *o;
	struct board *board; /* NULL: there is none that can be read */
	struct strv names;   /* of recipes */
	struct strv words;
	struct installed installed;
	struct sonames sonames;
	struct lint lint;
};

static void request_release(struct request *q)
{
	board_free(q->board);
	strv_release(&q->names);
	strv_release(&q->words);
	installed_release(&q->installed);
	sonames_release(&q->sonames);
	strv_release(&q->lint.findings);
}

/* Where builds have left something; NULL: nowhere. */
static const char *find_where(const struct request *q)
{
	const char *env = getenv("XSYSFS");

	if (q->o->where || (env && *env))
		return q->o->where ? q->o->where : env;
	if (q->board && board_is_mounted(q->board))
		return q->board->mnt;
	return q->board && access(q->board->state, F_OK) == 0 ? q->board->state : NULL;
}

static int look_around(struct request *q)
{
	const char *where = find_where(q);
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
	int r = recipe_load(q->o->places.recipes, name, words, &recipe, why);

	if (r == 0)
		r = lint_recipe(&q->lint, recipe, why);
	if (r == 0 && q->lint.installed && installed_layer(&q->installed, name))
		r = lint_built(&q->lint, recipe, why);
	recipe_free(recipe);
	return r;
}

/* Folders of patches that no recipe has. */
static int find_stray_patches(struct request *q, char **why)
{
	autostrv struct strv folders = { 0 };
	int r = patch_folders(q->o->places.patches, &folders);

	if (r == -ENOENT)
		return 0;
	strv_foreach (folder, &folders)
		if (r == 0 && !strv_has(&q->names, *folder))
			r = strv_addf(&q->lint.findings, "%s/%s:1: are patches for no recipe",
				      q->o->places.patches, *folder);
	return r < 0 ? why_errno(why, r, "cannot read '%s'", q->o->places.patches) : 0;
}

static int lint_all(struct request *q)
{
	bool all = q->o->n_args == 0;
	char *why = NULL;
	int r = 0, failed = 0;

	for (int i = 0; i < q->o->n_args && r == 0; i++)
		r = strv_add(&q->names, q->o->args[i]);
	if (all)
		r = recipeset_names(q->o->places.recipes, &q->names, &why);
	if (r < 0)
		return why_log(why, r);
	strv_foreach (name, &q->names) {
		why = NULL;
		if (lint_one(q, *name, &why) < 0)
			failed = why_log(why, -EINVAL);
	}
	why = NULL;
	if (all && (r = find_stray_patches(q, &why)) < 0)
		failed = why_log(why, r);
	return failed;
}

int verb_lint(struct options *o)
{
	cleanup(request_release) struct request q = { .o = o };
	char *why = NULL;
	int r = board_words(&o->places, &q.words, &why);

	if (r < 0)
		return why_log(why, r), 1;
	if (verb_board(o, o->board, &q.board) < 0 && o->board)
		return 1;
	if (look_around(&q) < 0)
		return 1;
	r = lint_all(&q);
	strv_foreach (finding, &q.lint.findings)
		puts(*finding);
	if (r == 0 && !q.lint.findings.n)
		log_note("%zu recipes, nothing found", q.names.n);
	return r < 0 || q.lint.findings.n;
}
