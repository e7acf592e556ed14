// SPDX-License-Identifier: GPL-2.0-or-later
/* `xsysfs fetch`: the sources of packages, without building them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "builder/base/json.h"
#include "builder/base/why.h"
#include "builder/recipe/recipeset.h"
#include "builder/source/shelf.h"
#include "builder/story/fetch_shown.h"
#include "builder/target/target.h"
#include "builder/verb/verbs.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

/* A board's words choose among the needs of recipes. No mount is needed, nor even a board. */
static int find_board(const struct options *o, struct board **ret)
{
	char *why = NULL;
	int r = o->board ? board_load(&o->places, o->board, ret, &why)
			 : board_default(&o->places, ret, &why);

	if (r != -ENOENT || o->board)
		return r < 0 ? why_log(why, r) : 0;
	log_note("%s: what recipes need for one board only is left out (see --board)",
		 why ? why : "there is no board");
	free(why);
	return 0;
}

static int fetch_packages(const struct options *o, json_t *rows)
{
	cleanup(recipeset_release) struct recipeset set = { 0 };
	autofree const struct recipe **recipes = NULL;
	struct source_ways ways = options_ways(o);
	cleanup(cleanup_board) struct board *board = NULL, *native = NULL;
	struct recipeset_words words;
	char *why = NULL;
	size_t n = 0;
	int r = find_board(o, &board);

	if (r < 0)
		return r;
	r = target_words(&o->places, board, &native, &words, &why);
	if (r == 0)
		r = recipeset_load(&set, &o->places.recipes, &words, o->args, &why);
	if (r < 0)
		return why_log(why, r);
	recipes = calloc(set.order.n + 1, sizeof(*recipes));
	if (!recipes)
		return log_errno(-ENOMEM, "cannot fetch");
	strv_foreach (node, &set.order) {
		const struct recipe *recipe = recipeset_find(&set, *node);

		if (!recipe->is_native || !recipeset_find(&set, recipe->name))
			recipes[n++] = recipe;
	}
	r = fetch_shown_all(&ways, recipes, n, rows);
	source_release(&ways);
	return r;
}

static int verify(const struct options *o, json_t *rows)
{
	autostrv struct strv bad = { 0 };
	size_t n = 0;
	int r = shelf_verify(&o->places, &bad, &n);

	if (r < 0)
		return log_errno(r, "cannot read '%s'", o->places.sources);
	strv_foreach (path, &bad) {
		log_error(
			"'%s' has changed since it was downloaded (it will not be used; remove it)",
			*path);
		if (rows &&
		    json_array_append_new(rows, json_pack("{s:o, s:b}", "path",
							  json_of_bytes(*path), "good", 0)) < 0)
			return log_errno(-ENOMEM, "%s", *path);
	}
	log_note("%zu files in '%s', %zu of them bad", n, o->places.sources, bad.n);
	return bad.n ? -EBADMSG : 0;
}

int verb_fetch(struct options *o)
{
	autojson json_t *rows = o->json ? json_array() : NULL;
	int r = 0;

	if (!o->n_args && !o->verify) {
		log_error("fetch wants the name of a package (or --verify)");
		return 2;
	}
	if (o->json && !rows)
		return log_errno(-ENOMEM, "cannot fetch"), 1;
	if (o->verify)
		r = verify(o, rows);
	if (r == 0 && o->n_args)
		r = fetch_packages(o, rows);
	if (rows && json_print(rows) < 0)
		r = -EIO;
	return r != 0;
}
