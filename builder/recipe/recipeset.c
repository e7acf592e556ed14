// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/recipe/recipeset.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/name.h"
#include "fs/base/near.h"
#include "fs/base/text.h"

void recipeset_release(struct recipeset *s)
{
	for (size_t i = 0; i < s->n; i++)
		recipe_free(s->recipes[i]);
	free(s->recipes);
	graph_release(&s->graph);
	strv_release(&s->order);
	*s = (struct recipeset){ 0 };
}

/* The graph has them in the same order. */
const struct recipe *recipeset_find(const struct recipeset *s, const char *node)
{
	size_t i = graph_index(&s->graph, node);

	return i < s->graph.n ? s->recipes[i] : NULL;
}

bool recipeset_has_native(const struct recipeset *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->recipes[i]->is_native)
			return true;
	return false;
}

/* "native:NAME"; the caller frees. NULL: no memory. */
static char *native_node(const char *name)
{
	return text_of("native:%s", name);
}

static int add_native(struct strv *nodes, const struct strv *names)
{
	strv_foreach (name, names) {
		autofree char *node = native_node(*name);

		strv_add(nodes, node);
	}
	return strv_error(nodes);
}

/* What it needs, as the graph has it. */
static int list_nodes(const struct recipe *recipe, struct strv *nodes)
{
	int r = recipe->is_native ? add_native(nodes, &recipe->needs)
				  : strv_add_all(nodes, &recipe->needs);

	return r == 0 ? add_native(nodes, &recipe->native) : r;
}

/* Takes the recipe, also when it fails. */
static int add(struct recipeset *s, struct recipe *recipe)
{
	struct recipe **all = reallocarray(s->recipes, s->n + 1, sizeof(*all));
	autostrv struct strv nodes = { 0 };
	autofree char *where = NULL;

	if (!all) {
		recipe_free(recipe);
		return -ENOMEM;
	}
	s->recipes = all;
	all[s->n++] = recipe;
	where = text_of("%s:%u", recipe->path,
			recipe->needs.n ? recipe->needs_line : recipe->native_line);
	if (!where || list_nodes(recipe, &nodes) < 0)
		return -ENOMEM;
	return graph_add(&s->graph, recipe->node, where, &nodes);
}

/* Add the names of the folders in `dir` that have a recipe. */
static int add_names(const char *dir, struct strv *ret)
{
	autodir DIR *d = opendir(dir);
	struct dirent *e;
	int r = d ? 0 : -errno;

	while (d && r == 0 && (e = readdir(d))) {
		autofree char *path = NULL;

		if (*e->d_name == '.')
			continue;
		path = text_of("%s/" RECIPE_FILE, e->d_name);
		if (!path) {
			r = -ENOMEM;
		} else if (faccessat(dirfd(d), path, F_OK, 0) == 0) {
			r = strv_add(ret, e->d_name);
		}
	}
	return r;
}

/* The name of a recipe that is close to `name`; the caller frees. */
static char *near_name(const struct searchpath *recipes, const char *name)
{
	autostrv struct strv names = { 0 };
	const char *near;

	strv_foreach (dir, &recipes->dirs)
		add_names(*dir, &names);
	strv_sort(&names);
	near = names.n ? near_word(name, (const char *const *)names.v) : NULL;
	return near ? strdup(near) : NULL;
}

int recipe_search(const struct searchpath *recipes, const char *name, const struct strv *words,
		  struct recipe **ret, char **why)
{
	const char *dir = searchpath_find(recipes, name, RECIPE_FILE);
	autofree char *near = NULL;
	autofree char *where = NULL;

	if (dir || !name_is_package(name))
		return recipe_load(dir, name, words, ret, why);
	near = near_name(recipes, name);
	where = searchpath_said(recipes);
	return why_set(why, -ENOENT, "there is no recipe for '%s' in %s%s%s%s", name,
		       where ? where : "", near ? " (did you mean '" : "", near ? near : "",
		       near ? "'?)" : "");
}

/* Whom a set is loaded from. */
struct loading {
	struct recipeset *set;
	const struct searchpath *recipes;
	const struct recipeset_words *words;
};

/* Of one side. What is native for native ones is of their own side. */
static int set_side(struct recipe *recipe, bool native, bool all_native)
{
	int r = 0;

	if (native || all_native) {
		r = strv_add_all(&recipe->needs, &recipe->native);
		strv_release(&recipe->native);
		strv_sort(&recipe->needs);
		strv_uniq(&recipe->needs);
	}
	if (!native || r < 0)
		return r;
	recipe->is_native = true;
	free(recipe->node);
	recipe->node = native_node(recipe->name);
	return recipe->node ? 0 : -ENOMEM;
}

/* `by` says in `line` that it needs it; NULL: the command line. */
static int load_all(const struct loading *l, const struct recipe *by, unsigned line,
		    const char *name, bool native, char **why)
{
	const struct strv *words = native ? l->words->native : l->words->board;
	autofree char *node = native ? native_node(name) : strdup(name);
	struct recipe *recipe = NULL;
	int r;

	if (!node)
		return why_errno(why, -ENOMEM, "%s", name);
	if (recipeset_find(l->set, node))
		return 0;
	r = recipe_search(l->recipes, name, words, &recipe, why);
	if (r == -ENOENT && by) {
		autofree char *reason = *why;

		return why_set(why, r, "%s:%u: %s", by->path, line, reason ? reason : "");
	}
	if (r < 0)
		return r;
	r = set_side(recipe, native, l->words->is_native);
	if (r < 0)
		recipe_free(recipe);
	else
		r = add(l->set, recipe);
	if (r < 0)
		return why_errno(why, r, "%s", name);
	strv_foreach (need, &recipe->needs)
		if (r == 0)
			r = load_all(l, recipe, recipe->needs_line, *need, native, why);
	strv_foreach (tool, &recipe->native)
		if (r == 0)
			r = load_all(l, recipe, recipe->native_line, *tool, true, why);
	return r;
}

int recipeset_load(struct recipeset *s, const struct searchpath *recipes,
		   const struct recipeset_words *words, char *const *wanted, char **why)
{
	const struct loading l = { s, recipes, words };
	autostrv struct strv names = { 0 };
	int r = 0;

	for (; *wanted && r == 0; wanted++) {
		r = load_all(&l, NULL, 0, *wanted, false, why);
		if (r == 0 && strv_add(&names, *wanted) < 0)
			r = why_errno(why, -ENOMEM, "%s", *wanted);
	}
	return r == 0 ? graph_order(&s->graph, &names, &s->order, why) : r;
}

int recipeset_names(const struct searchpath *recipes, struct strv *ret, char **why)
{
	for (size_t i = 0; i < searchpath_some(recipes); i++) {
		int r = add_names(recipes->dirs.v[i], ret);

		if (r < 0)
			return why_errno(why, r, "cannot read '%s'", recipes->dirs.v[i]);
	}
	strv_sort(ret);
	strv_uniq(ret);
	return 0;
}

static void say_hidden(const struct searchpath *path, const char *name, const char *file)
{
	const char *dir = searchpath_find(path, name, file);
	const char *hidden = dir ? searchpath_hidden(path, dir, name, file) : NULL;

	if (hidden)
		log_note("%s: '%s/%s' is taken, and hides '%s/%s'", name, dir, name, hidden, name);
}

void recipeset_say_hidden(const struct recipeset *s, const struct places *places)
{
	strv_foreach (node, &s->order) {
		const struct recipe *recipe = recipeset_find(s, *node);

		if (recipe->is_native && recipeset_find(s, recipe->name))
			continue; /* it comes by its name too */
		say_hidden(&places->recipes, recipe->name, RECIPE_FILE);
		say_hidden(&places->patches, recipe->name, NULL);
	}
}
