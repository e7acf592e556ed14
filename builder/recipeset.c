// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/recipeset.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/why.h"
#include "fs/base/cleanup.h"

void recipeset_release(struct recipeset *s)
{
	for (size_t i = 0; i < s->n; i++)
		recipe_free(s->recipes[i]);
	free(s->recipes);
	graph_release(&s->graph);
	strv_release(&s->order);
	*s = (struct recipeset){ 0 };
}

const struct recipe *recipeset_find(const struct recipeset *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->recipes[i]->name, name) == 0)
			return s->recipes[i];
	return NULL;
}

/* Takes the recipe, also when it fails. */
static int add(struct recipeset *s, struct recipe *recipe)
{
	struct recipe **all = reallocarray(s->recipes, s->n + 1, sizeof(*all));
	autofree char *where = NULL;

	if (!all) {
		recipe_free(recipe);
		return -ENOMEM;
	}
	s->recipes = all;
	all[s->n++] = recipe;
	if (asprintf(&where, "%s:%u", recipe->path, recipe->needs_line) < 0) {
		where = NULL;
		return -ENOMEM;
	}
	return graph_add(&s->graph, recipe->name, where, &recipe->needs);
}

/* The name of a recipe that is close to `name`; the caller frees. */
static char *near_name(const char *recipes, const char *name)
{
	autodir DIR *d = opendir(recipes);
	autostrv struct strv names = { 0 };
	const char *near;
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (*e->d_name != '.' && strv_add(&names, e->d_name) < 0)
			return NULL;
	strv_sort(&names);
	near = names.n ? why_near(name, (const char *const *)names.v) : NULL;
	return near ? strdup(near) : NULL;
}

/* `by` is who needs it; NULL for the command line. */
static int load_all(struct recipeset *s, const char *recipes, const struct strv *words,
		    const struct recipe *by, const char *name, char **why)
{
	autofree char *near = NULL;
	autofree char *where = NULL;
	struct recipe *recipe = NULL;
	int r;

	if (recipeset_find(s, name))
		return 0;
	r = recipe_load(recipes, name, words, &recipe, why);
	if (r == -ENOENT) {
		free(*why);
		near = near_name(recipes, name);
		if (by && asprintf(&where, "%s:%u: ", by->path, by->needs_line) < 0)
			where = NULL;
		return why_set(why, r, "%sthere is no recipe for '%s' in '%s'%s%s%s",
			       where ? where : "", name, recipes, near ? " (did you mean '" : "",
			       near ? near : "", near ? "'?)" : "");
	}
	if (r < 0)
		return r;
	r = add(s, recipe);
	if (r < 0)
		return why_errno(why, r, "%s", name);
	strv_foreach (need, &recipe->needs) {
		r = load_all(s, recipes, words, recipe, *need, why);
		if (r < 0)
			return r;
	}
	return 0;
}

int recipeset_load(struct recipeset *s, const char *recipes, const struct strv *words,
		   char *const *wanted, char **why)
{
	autostrv struct strv names = { 0 };
	int r = 0;

	for (; *wanted && r == 0; wanted++) {
		r = load_all(s, recipes, words, NULL, *wanted, why);
		if (r == 0 && strv_add(&names, *wanted) < 0)
			r = why_errno(why, -ENOMEM, "%s", *wanted);
	}
	return r == 0 ? graph_order(&s->graph, &names, &s->order, why) : r;
}

int recipeset_names(const char *recipes, struct strv *ret, char **why)
{
	autodir DIR *d = opendir(recipes);
	struct dirent *e;
	int r = d ? 0 : -errno;

	while (d && r == 0 && (e = readdir(d))) {
		autofree char *path = NULL;

		if (*e->d_name == '.')
			continue;
		if (asprintf(&path, "%s/recipe.ini", e->d_name) < 0) {
			path = NULL;
			r = -ENOMEM;
		} else if (faccessat(dirfd(d), path, F_OK, 0) == 0) {
			r = strv_add(ret, e->d_name);
		}
	}
	strv_sort(ret);
	return r < 0 ? why_errno(why, r, "cannot read '%s'", recipes) : 0;
}
