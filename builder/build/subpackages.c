// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/build/subpackages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/base/proc.h"
#include "builder/base/why.h"
#include "builder/recipe/recipeset.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"
#include "fs/base/near.h"

/* As distributions split packages; below the prefix. */
static const char *const usual[] = {
	"debug lib/debug/*",
	"dev include/*",
	"dev lib/*.so@",
	"dev lib/*.a",
	"dev lib/*.o",
	"dev lib/*.la",
	"dev lib/*/pkgconfig/*",
	"dev lib/pkgconfig/*",
	"dev lib/cmake/*",
	"dev lib/*/cmake/*",
	"dev share/pkgconfig/*",
	"dev share/cmake*",
	"dev share/aclocal/*",
	"dev bin/*-config",
	"doc share/doc/*",
	"doc share/man/*",
	"doc share/info/*",
	"doc share/gtk-doc/*",
	"doc man/*",
	NULL,
};

/* A pattern is below the prefix, or below the root with a '/' at its head. */
static int add_rule(struct strv *rules, const struct board *board, const char *word,
		    const char *pattern)
{
	const char *prefix = board->prefix + strspn(board->prefix, "/");

	if (*pattern == '/')
		return strv_addf(rules, "%s %s", word, pattern + strspn(pattern, "/"));
	return strv_addf(rules, "%s %s%s%s", word, prefix, *prefix ? "/" : "", pattern);
}

/* "WORD PATTERN" */
static int add_line(struct strv *rules, const struct board *board, const char *line)
{
	const char *blank = strchr(line, ' ');
	autofree char *word = strndup(line, blank - line);

	return word ? add_rule(rules, board, word, blank + 1) : -ENOMEM;
}

static int make_rules(const struct recipe *recipe, const struct board *board, struct strv *rules)
{
	const struct strv *without =
		recipe->says_without ? &recipe->without : &board->stage_without;
	int r = 0;

	strv_foreach (pattern, &recipe->leave_out)
		if (r == 0)
			r = add_rule(rules, board, "leave-out", *pattern);
	strv_foreach (line, &recipe->parts)
		if (r == 0)
			r = add_line(rules, board, *line);
	for (size_t i = 0; r == 0 && usual[i]; i++)
		r = add_line(rules, board, usual[i]);
	strv_foreach (part, without)
		if (r == 0)
			r = strv_addf(rules, "without %s", *part);
	return r;
}

int subpackages_rules(const struct recipe *recipe, const struct board *board, char **ret,
		      char **why)
{
	autostrv struct strv rules = { 0 };
	int r = make_rules(recipe, board, &rules);

	*ret = r == 0 ? strv_join(&rules, "\n") : NULL;
	return *ret ? 0 : why_errno(why, -ENOMEM, "%s", recipe->name);
}

/* Those of all recipes; one that cannot be read has its error where it is needed. */
static int find_names(const struct searchpath *recipes, const struct strv *words, struct strv *ret)
{
	autostrv struct strv all = { 0 };
	char *why = NULL;
	int r = recipeset_names(recipes, &all, &why);

	strv_foreach (name, &all) {
		struct recipe *recipe = NULL;

		if (r < 0)
			break;
		if (recipe_search(recipes, *name, words, &recipe, &why) == 0)
			r = recipe_part_names(recipe, ret);
		else
			free(take_ptr(why));
		recipe_free(recipe);
	}
	free(why);
	return r;
}

static bool is_usual(const char *name)
{
	size_t i = 0;

	while (recipe_usual_parts[i] && strcmp(name, recipe_usual_parts[i]) != 0)
		i++;
	return recipe_usual_parts[i];
}

void subpackages_check_board(const struct board *board, const struct searchpath *recipes)
{
	autostrv struct strv names = { 0 };

	strv_foreach (name, &board->stage_without) {
		autofree char *near = NULL;

		if (is_usual(*name))
			continue;
		if (!names.n && find_names(recipes, &board->words, &names) < 0)
			return; /* what is wrong with the recipes is said elsewhere */
		if (strv_has(&names, *name))
			continue;
		near = names.n ? near_said(*name, (const char *const *)names.v) : NULL;
		log_warn("%s:%u: no recipe has a sub-package '%s'%s", board->path,
			 board->stage_line, *name, near ?: "");
	}
}

static int set_rules(const struct places *places, const char *where, const char *package,
		     const char *rules)
{
	const char *argv[] = { places->xsysfs, "-C", where, "parts", package, "--set", "-", NULL };
	autofd int in = io_memory_file("rules", rules, strlen(rules));
	int r = in;

	if (r >= 0)
		r = proc_run(&(struct proc){ .argv = argv, .in = in });
	if (r < 0)
		return log_errno(r, "cannot set the parts of '%s'", package);
	return r == 0 ? 0 : -EIO;
}

int subpackages_settle(const struct recipe *recipe, const struct board *board,
		       const struct installed *installed, const struct places *places,
		       const char *where)
{
	const char *now = installed_parts(installed, recipe->name);
	autofree char *rules = NULL;
	char *why = NULL;
	int r = subpackages_rules(recipe, board, &rules, &why);

	if (r < 0)
		return why_log(why, r);
	if (!now || strcmp(now, rules) == 0)
		return 0;
	r = set_rules(places, where, recipe->name, rules);
	if (r == 0)
		log_note("%s %s: has other rules for its parts now", recipe->node, recipe->version);
	return r < 0 ? r : 1;
}
