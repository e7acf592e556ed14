// SPDX-License-Identifier: GPL-2.0-or-later
/* `xsysfs clean`: the folders that failed builds have left, and those that --keep has. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/base/json.h"
#include "builder/base/why.h"
#include "builder/recipe/recipeset.h"
#include "builder/run/work.h"
#include "builder/target/target.h"
#include "builder/verb/verbs.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/name.h"
#include "fs/base/size.h"
#include "fs/base/text.h"

static int add_row(json_t *rows, const char *path, const struct work_left *left)
{
	json_t *one = json_pack("{s:s, s:o, s:I}", "package", left->package, "folder",
				json_of_bytes(path), "bytes", (json_int_t)left->bytes);

	return json_array_append_new(rows, one) < 0 ? log_errno(-ENOMEM, "%s", left->package) : 0;
}

/* `rows`: NULL for lines. */
static int clear(const char *all, const struct work_left *left, json_t *rows)
{
	autowork struct work w = WORK_NONE;
	char size[SIZE_SAID];
	char *why = NULL;
	int r = work_open(&w, all, left->package, &why);

	if (r == -EBUSY) { /* since it was looked at */
		free(why);
		return 0;
	}
	if (r < 0)
		return why_log_of(why, r, left->package);
	r = work_clear(&w);
	if (r < 0)
		return log_errno(r, "cannot clear '%s'", w.path);
	if (rows)
		return add_row(rows, w.path, left);
	printf("%s: %s\n", w.path, size_said((double)left->bytes, size));
	return 0;
}

static bool is_meant(const struct options *o, const char *package)
{
	for (int i = 0; i < o->n_args; i++)
		if (strcmp(o->args[i], package) == 0)
			return true;
	return !o->n_args;
}

static int clear_all(const struct options *o, const char *all, json_t *rows)
{
	cleanup(work_lefts_release) struct work_lefts lefts = { 0 };
	int result = work_list(all, &lefts);

	if (result < 0)
		return log_errno(result, "cannot read '%s'", all);
	for (size_t i = 0; i < lefts.n; i++) {
		int r = is_meant(o, lefts.v[i].package) ? clear(all, &lefts.v[i], rows) : 0;

		result = r < 0 ? r : result;
	}
	return result;
}

static bool has_folder(const char *all, const char *package)
{
	autofree char *path = text_of("%s/%s", all, package);

	return path && access(path, F_OK) == 0;
}

/* Of what was built once, or could be, there may be nothing to remove; anything else is mistyped.
 */
static int check_names(const struct options *o, const char *all, const char *check)
{
	int result = 0;

	for (int i = 0; i < o->n_args; i++) {
		const char *name = o->args[i];
		struct recipe *recipe = NULL;
		char *why = NULL;
		int r = 0;

		if (!name_is_package(name) || (!has_folder(all, name) && !has_folder(check, name)))
			r = recipe_search(&o->places.recipes, name, NULL, &recipe, &why);
		recipe_free(recipe);
		if (r == -ENOENT || (r < 0 && !name_is_package(name)))
			result = why_log(why, r);
		else
			free(why);
	}
	return result;
}

int verb_clean(struct options *o)
{
	autotarget struct target target = { 0 };
	autofree char *check = NULL; /* where --check builds */
	autojson json_t *rows = o->json ? json_array() : NULL;
	int r = target_find(&target, &o->places, o->where, o->board);

	if (r < 0)
		return 1;
	check = text_of("%s.check", target.board->work);
	if (!check || (o->json && !rows))
		return log_errno(-ENOMEM, "cannot clean"), 1;
	if (check_names(o, target.board->work, check) < 0)
		return 1;
	r = clear_all(o, target.board->work, rows);
	if (clear_all(o, check, rows) < 0)
		r = -EIO;
	if (rows && json_print(rows) < 0)
		r = -EIO;
	return r < 0;
}
