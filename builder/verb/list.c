// SPDX-License-Identifier: GPL-2.0-or-later
/* list.c - which recipes and boards there are. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "builder/base/json.h"
#include "builder/base/why.h"
#include "builder/build/installed.h"
#include "builder/recipe/recipeset.h"
#include "builder/target/target.h"
#include "builder/verb/verbs.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/text.h"
#include "fs/base/usage.h"

/* A table's row; what it has not is NULL. */
struct row {
	char *name, *version, *summary, *path;
	char *mark; /* what is installed of it, or where it is mounted */
};

struct rows {
	struct row *v;
	size_t n;
	const char *mark; /* what the mark means, as a key */
};

static void rows_release(struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		free(rows->v[i].name);
		free(rows->v[i].version);
		free(rows->v[i].summary);
		free(rows->v[i].path);
		free(rows->v[i].mark);
	}
	free(rows->v);
}

static char *copy(const char *s)
{
	return s ? strdup(s) : NULL;
}

/* Nothing, when no WORD is asked for. */
static bool has_word(const char *word, const char *name, const char *summary)
{
	return !word || strcasestr(name, word) || (summary && strcasestr(summary, word));
}

/* ---- recipes ---- */

/* What cannot be read is said, and is no reason to list nothing. */
static void add_recipe(struct rows *rows, const struct options *o, const char *name,
		       const struct installed *installed)
{
	struct row *row = &rows->v[rows->n];
	struct recipe *recipe = NULL;
	char *why = NULL;

	if (recipe_search(&o->places.recipes, name, NULL, &recipe, &why) < 0) {
		why_log(why, 0);
		return;
	}
	if (has_word(o->n_args ? o->args[0] : NULL, name, recipe->summary)) {
		*row = (struct row){ copy(name), copy(recipe->version), copy(recipe->summary),
				     copy(recipe->path), copy(installed_version(installed, name)) };
		rows->n++;
	}
	recipe_free(recipe);
}

/* What is installed, if a mount is meant and there is one. */
static void look_around(const struct options *o, struct installed *ret)
{
	autotarget struct target target = { 0 };
	char *why = NULL;

	if (target_find(&target, &o->places, o->where, o->board) == 0 && target_where(&target) &&
	    installed_read(ret, &o->places, target_where(&target), &why) < 0)
		why_log(why, 0);
}

static int find_recipes(struct rows *rows, const struct options *o)
{
	struct installed installed = { 0 };
	autostrv struct strv names = { 0 };
	char *why = NULL;
	int r = recipeset_names(&o->places.recipes, &names, &why);

	if (r < 0)
		return why_log(why, r);
	rows->mark = "installed";
	rows->v = calloc(names.n + 1, sizeof(*rows->v));
	if (!rows->v)
		return log_errno(-ENOMEM, "cannot list the recipes");
	look_around(o, &installed);
	strv_foreach (name, &names)
		add_recipe(rows, o, *name, &installed);
	installed_release(&installed);
	return 0;
}

/* ---- boards ---- */

static void add_board(struct rows *rows, const struct options *o, const char *name)
{
	cleanup(cleanup_board) struct board *board = NULL;
	autotarget struct target target = { 0 };
	char *why = NULL;

	if (board_load(&o->places, name, &board, &why) < 0) {
		why_log(why, 0);
		return;
	}
	if (!has_word(o->n_args ? o->args[0] : NULL, name, board->summary))
		return;
	target_find(&target, &o->places, NULL, name);
	rows->v[rows->n++] = (struct row){ .name = copy(name),
					   .summary = copy(board->summary),
					   .path = copy(board->path),
					   .mark = copy(target.where.point) };
}

static int find_boards(struct rows *rows, const struct options *o)
{
	autostrv struct strv names = { 0 };
	int r = board_names(&o->places, &names);

	rows->mark = "mounted";
	rows->v = calloc(names.n + 1, sizeof(*rows->v));
	if (r < 0 || !rows->v)
		return log_errno(r < 0 ? r : -ENOMEM, "cannot list the boards");
	strv_foreach (name, &names)
		add_board(rows, o, *name);
	return 0;
}

/* ---- forms ---- */

static int print_json(const struct rows *rows)
{
	autojson json_t *all = json_array();

	for (size_t i = 0; i < rows->n; i++) {
		const struct row *row = &rows->v[i];
		json_t *one = json_pack("{s:s, s:s*, s:s*, s:o}", "name", row->name, "version",
					row->version, "summary", row->summary, "path",
					json_of_bytes(row->path));

		if (json_object_set_new(one, rows->mark,
					row->mark ? json_of_bytes(row->mark) : json_null()) < 0 ||
		    json_array_append_new(all, one) < 0)
			return log_errno(-ENOMEM, "%s", row->name);
	}
	return json_print(all);
}

static size_t longer(size_t width, const char *s)
{
	return s && strlen(s) > width ? strlen(s) : width;
}

static void print_row(const struct row *row, const char *mark, int name, int version)
{
	bool other = row->mark && row->version && strcmp(row->mark, row->version) != 0;
	int column = printf("%c %-*s  ", row->mark ? '*' : ' ', name, row->name);
	autofree char *text = NULL;

	if (version)
		column += printf("%-*s  ", version, row->version ? row->version : "");
	text = text_of("%s%s%s%s%s%s", row->summary ? row->summary : "", other ? " (" : "",
		       other ? mark : "", other ? ": " : "", other ? row->mark : "",
		       other ? ")" : "");
	if (text && *text && !isatty(STDOUT_FILENO))
		puts(text + strspn(text, " ")); /* a line is a row, for who reads lines */
	else if (text && *text)
		usage_paragraph(stdout, text, column, column);
	else
		putchar('\n');
}

static void print_rows(const struct rows *rows)
{
	size_t name = 0, version = 0, marked = 0;

	for (size_t i = 0; i < rows->n; i++) {
		name = longer(name, rows->v[i].name);
		version = longer(version, rows->v[i].version);
		marked += rows->v[i].mark != NULL;
	}
	for (size_t i = 0; i < rows->n; i++)
		print_row(&rows->v[i], rows->mark, (int)name, (int)version);
	if (marked)
		log_note("those with a * are %s", rows->mark);
}

static int list(const struct options *o, int (*find)(struct rows *, const struct options *))
{
	cleanup(rows_release) struct rows rows = { 0 };
	int r = find(&rows, o);

	if (r == 0 && o->json)
		r = print_json(&rows);
	else if (r == 0)
		print_rows(&rows);
	if (r == 0 && !rows.n && o->n_args && !o->json)
		r = log_error("nothing has '%s' in its name or summary", o->args[0]);
	return r < 0;
}

int verb_recipes(struct options *o)
{
	return list(o, find_recipes);
}

int verb_boards(struct options *o)
{
	return list(o, find_boards);
}

/* ---- for completion ---- */

/* What cannot be read has a name all the same, and nothing is said. */
static void name_recipe(const struct options *o, const char *name)
{
	struct recipe *recipe = NULL;
	char *why = NULL;

	recipe_search(&o->places.recipes, name, NULL, &recipe, &why);
	printf("%s\t%s\n", name, recipe && recipe->summary ? recipe->summary : "");
	recipe_free(recipe);
	free(why);
}

static void name_board(const struct options *o, const char *name)
{
	cleanup(cleanup_board) struct board *board = NULL;
	char *why = NULL;

	board_load(&o->places, name, &board, &why);
	printf("%s\t%s\n", name, board && board->summary ? board->summary : "");
	free(why);
}

int verb_names(struct options *o)
{
	bool boards = strcmp(o->args[0], "board") == 0;
	autostrv struct strv names = { 0 };
	char *why = NULL;
	int r = boards ? board_names(&o->places, &names)
		       : recipeset_names(&o->places.recipes, &names, &why);

	free(why);
	strv_foreach (name, &names)
		if (boards)
			name_board(o, *name);
		else
			name_recipe(o, *name);
	return r < 0;
}
