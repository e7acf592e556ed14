// SPDX-License-Identifier: GPL-2.0-or-later
/* `xsysfs new-recipe`: a first recipe from nothing but a URL. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/base/scratch.h"
#include "builder/base/why.h"
#include "builder/guess/guess.h"
#include "builder/guess/newsource.h"
#include "builder/recipe/system.h"
#include "builder/source/unpack.h"
#include "builder/verb/verbs.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"
#include "fs/base/name.h"
#include "fs/base/text.h"

struct newrecipe {
	const struct options *options;
	const char *url;
	char *file; /* the archive's, when the URL does not say it */
	struct guess guess;
	struct newsource source;
	struct scratch scratch;
};

static void newrecipe_release(struct newrecipe *n)
{
	free(n->file);
	guess_release(&n->guess);
	newsource_release(&n->source);
	scratch_remove(&n->scratch);
}

/* ---- the text ---- */

/* A value that iniparser would cut stands in quotes. */
static int add_value(struct strv *text, const char *key, const char *value)
{
	const char *quote = strpbrk(value, ";#") ? "\"" : "";

	return strv_addf(text, "%s = %s%s%s\n", key, quote, value, quote);
}

static int add_package(struct strv *text, const struct guess *g)
{
	strv_add(text, "[package]\n");
	add_value(text, "version", g->version);
	if (g->summary)
		add_value(text, "summary", g->summary);
	if (g->license)
		add_value(text, "license", g->license);
	if (g->homepage)
		add_value(text, "homepage", g->homepage);
	return strv_error(text);
}

static int add_source(struct strv *text, const struct newrecipe *n)
{
	strv_add(text, "\n[source:upstream]\n");
	if (n->options->commit) {
		add_value(text, "git", n->url);
		return add_value(text, "commit", n->options->commit);
	}
	add_value(text, "url", n->url);
	if (n->file)
		add_value(text, "file", n->file);
	add_value(text, "sha256", n->source.sha256);
	return strv_addf(text, "size = %" PRIu64 "\n", n->source.size);
}

static int add_needs(struct strv *text, const struct guess *g)
{
	autofree char *needs = strv_join(&g->needs, " ");
	autofree char *maybe = strv_join(&g->maybe, " ");
	int r = 0;

	if (!needs || !maybe)
		return -ENOMEM;
	if (g->needs.n)
		r = strv_addf(text, "\n[needs]\n%s%s%spackages = %s\n",
			      g->maybe.n ? "# it would also use: " : "", maybe,
			      g->maybe.n ? "\n" : "", needs);
	else if (g->maybe.n)
		r = strv_addf(text, "\n# it would also use:\n# [needs]\n# packages = %s\n", maybe);
	return r;
}

static int add_build(struct strv *text, const struct guess *g)
{
	strv_addf(text, "\n[build]\nsystem = %s\n", system_words[g->system]);
	strv_foreach (line, &g->build) {
		char *equals = strstr(*line, " = ");

		*equals = '\0';
		add_value(text, *line, equals + 3);
		*equals = ' ';
	}
	return strv_error(text);
}

static char *compose(const struct newrecipe *n)
{
	autostrv struct strv text = { 0 };
	int r;

	strv_add(&text, "# A first recipe, made by 'xsysfs new-recipe'.\n");
	strv_foreach (note, &n->guess.notes)
		strv_addf(&text, "# %s\n", *note);
	r = add_package(&text, &n->guess);
	if (r == 0)
		r = add_source(&text, n);
	if (r == 0)
		r = add_needs(&text, &n->guess);
	if (r == 0)
		r = add_build(&text, &n->guess);
	return r == 0 ? strv_join(&text, "") : NULL;
}

/* ---- putting it there ---- */

/* Whatever was guessed has to be a recipe. */
static int prove(const struct newrecipe *n, const char *text, char **why)
{
	autofree char *recipes = places_join(n->scratch.path, "recipes");
	autofree char *dir = recipes ? places_join(recipes, n->guess.name) : NULL;
	struct recipe *recipe = NULL;
	int r = dir ? io_mkdir_p(AT_FDCWD, dir, 0755) : -ENOMEM;

	if (r == 0)
		r = places_write(dir, "recipe.ini", text);
	if (r < 0)
		return why_errno(why, r, "cannot write into '%s'", n->scratch.path);
	r = recipe_load(recipes, n->guess.name, NULL, &recipe, why);
	recipe_free(recipe);
	return r;
}

static int put(const struct newrecipe *n, const char *text, char **why)
{
	const char *recipes = n->options->places.recipes.dirs.v[0];
	autofree char *dir = places_join(recipes, n->guess.name);
	autofree char *aside = NULL;
	int r;

	if (!dir || !(aside = text_of("%s/.%s.%d", recipes, n->guess.name, (int)getpid())))
		return why_errno(why, -ENOMEM, "%s", n->guess.name);
	r = mkdir(aside, 0777) < 0 ? -errno : places_write(aside, "recipe.ini", text);
	if (r == 0 && renameat2(AT_FDCWD, aside, AT_FDCWD, dir, RENAME_NOREPLACE) < 0)
		r = -errno;
	if (r < 0) {
		why_errno(why, r, "cannot make '%s'%s", dir,
			  r == -EACCES || r == -EROFS || r == -ENOENT
				  ? " (make a folder 'recipes' here, or say --recipes)"
				  : "");
		io_remove_tree(AT_FDCWD, aside);
		return r;
	}
	printf("%s/recipe.ini\n", dir);
	return 0;
}

/* ---- the way there ---- */

static int refuse_old(const struct newrecipe *n, char **why)
{
	const struct searchpath *recipes = &n->options->places.recipes;
	autofree char *dir = places_join(recipes->dirs.v[0], n->guess.name);

	if (!recipes->n_own)
		return why_set(why, -EROFS,
			       "'%s' is the folder of the installed ones (make a folder 'recipes' "
			       "here, or say --recipes)",
			       recipes->dirs.v[0]);

	if (dir && access(dir, F_OK) == 0)
		return why_set(
			why, -EEXIST,
			"there is a recipe '%s' already (for a new version of it: 'xsysfs bump "
			"%s VERSION')",
			dir, n->guess.name);
	return 0;
}

static int check_url(const struct newrecipe *n, char **why)
{
	const char *commit = n->options->commit;

	if (strpbrk(n->url, "\"\\") || strlen(n->url) > 900)
		return why_set(why, -EINVAL, "the URL cannot stand in a recipe");
	for (const char *p = n->url; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return why_set(why, -EINVAL, "the URL has a blank or a control character");
	if (!commit && recipe_source_is_url(n->url))
		return 0;
	if (!commit)
		return why_set(why, -EINVAL,
			       "'%s' is no https, http or file URL (for git, say "
			       "--commit too)",
			       n->url);
	if (!recipe_source_is_git(n->url))
		return why_set(why, -EINVAL, "'%s' is no https, http, ssh, git or file URL for git",
			       n->url);
	if (!recipe_source_is_commit(commit))
		return why_set(why, -EINVAL, "--commit wants 40 (or 64) hex digits in lower case");
	return 0;
}

/* What can be known before anything is downloaded. */
static int begin(struct newrecipe *n, const char *name, char **why)
{
	struct guess *g = &n->guess;
	int r = check_url(n, why);

	if (r < 0)
		return r;
	r = guess_by_url(g, n->url, &n->file);
	if (r == 0 && name) {
		free(g->name);
		g->name = strdup(name);
		r = g->name ? 0 : -ENOMEM;
	}
	if (r < 0)
		return why_errno(why, r, "%s", n->url);
	if (!g->name)
		return why_set(why, -EINVAL, "the URL names no package: say a name behind it");
	if (!name_is_package(g->name))
		return why_set(why, -EINVAL, "'%s' is no name for a package", g->name);
	if (name && n->file && g->version) { /* the name is another now */
		const char *suffix = n->file + strcspn(n->file, "-");
		autofree char *old = take_ptr(n->file);

		suffix = strstr(old, g->version) + strlen(g->version);
		n->file = text_of("%s-%s%s", g->name, g->version, suffix);
		if (!n->file)
			return why_errno(why, -ENOMEM, "%s", n->url);
	}
	return refuse_old(n, why);
}

static int get(struct newrecipe *n, struct source_ways *w, char **why)
{
	autofree char *file = NULL;

	if (n->options->commit)
		return newsource_git(&n->source, w, n->url, n->options->commit, false,
				     n->guess.name, why);
	file = n->file ? strdup(n->file) : recipe_source_url_file(n->url);
	if (!file)
		return why_errno(why, -ENOMEM, "%s", n->url);
	if (!*file || *file == '.' || *file == '-')
		return why_set(why, -EINVAL, "the URL does not end in the name of an archive");
	return newsource_fetch(&n->source, w, n->url, file, n->scratch.path, why);
}

/* A version there must be. */
static int settle_version(struct guess *g, const char *commit)
{
	if (g->version)
		return 0;
	g->version = commit ? text_of("0.git%.8s", commit) : strdup("0");
	if (!g->version)
		return -ENOMEM;
	return strv_addf(&g->notes, "version: neither the URL nor a file says it");
}

static int make(struct newrecipe *n, struct source_ways *w, const char *name, char **why)
{
	const struct options *o = n->options;
	autofree char *tree = NULL;
	autofree char *text = NULL;
	int r = begin(n, name, why);

	if (r == 0)
		r = scratch_make(&n->scratch, &o->places, why);
	if (r == 0)
		r = get(n, w, why);
	if (r < 0)
		return r;
	tree = places_join(n->scratch.path, "tree");
	r = tree ? unpack_archive(n->source.path, tree, NULL, NULL, why) : -ENOMEM;
	if (r < 0)
		return r;
	r = guess_by_tree(&n->guess, tree, &o->places.recipes);
	if (r == 0)
		r = settle_version(&n->guess, o->commit);
	text = r == 0 ? compose(n) : NULL;
	if (!text)
		return why_errno(why, -ENOMEM, "%s", n->guess.name);
	r = prove(n, text, why);
	return r == 0 ? put(n, text, why) : r;
}

int verb_new_recipe(struct options *o)
{
	cleanup(newrecipe_release) struct newrecipe n = { .options = o,
							  .url = o->args[0],
							  .scratch = SCRATCH_NONE };
	struct source_ways ways = options_ways(o);
	char *why = NULL;
	int r = make(&n, &ways, o->n_args > 1 ? o->args[1] : NULL, &why);

	source_release(&ways);
	if (r < 0)
		return why_log_of(why, 1, "cannot make a recipe");
	strv_foreach (note, &n.guess.notes)
		log_note("%s: %s", n.guess.name, *note);
	return 0;
}
