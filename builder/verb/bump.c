// SPDX-License-Identifier: GPL-2.0-or-later
/* `xsysfs bump`: a recipe for another version of the same package, whole or not at all. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "builder/base/proc.h"
#include "builder/base/scratch.h"
#include "builder/base/why.h"
#include "builder/guess/newsource.h"
#include "builder/recipe/patch.h"
#include "builder/recipe/recipeset.h"
#include "builder/recipe/recipetext.h"
#include "builder/source/gitsource.h"
#include "builder/source/unpack.h"
#include "builder/verb/verbs.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"
#include "fs/base/name.h"

/* What became of one source of the recipe. */
struct renewed {
	const struct ini_entry *head;
	struct newsource got;
	char *commit; /* the new one, of git */
	char *why;    /* it cannot be had; NULL: it can */
};

struct bump {
	const struct options *options;
	const char *to; /* the new version */
	struct recipe *recipe;
	struct recipetext text;
	struct renewed *sources; /* side by side with the recipe's */
	struct source_ways ways;
	struct scratch scratch;
};

static void bump_release(struct bump *b)
{
	for (size_t i = 0; b->sources && i < b->recipe->n_sources; i++) {
		newsource_release(&b->sources[i].got);
		free(b->sources[i].commit);
		free(b->sources[i].why);
	}
	free(b->sources);
	recipe_free(b->recipe);
	recipetext_release(&b->text);
	source_release(&b->ways);
	scratch_remove(&b->scratch);
}

static const struct ini_entry *entry(const struct bump *b, size_t i, const char *key)
{
	return ini_find(&b->text.ini, b->sources[i].head->section, key);
}

/* ---- the new sources ---- */

static int renew_git(struct bump *b, size_t i, char **why)
{
	const struct recipe_source *old = &b->recipe->sources[i];
	struct renewed *new = &b->sources[i];
	int r = gitsource_find_tag(old->git, b->recipe->name, b->to, b->options->patience,
				   &new->commit, &new->why);

	if (r == 0 && strcmp(new->commit, old->commit) == 0)
		r = why_set(&new->why, -EEXIST, "the tag for %s is the commit of %s", b->to,
			    b->recipe->version);
	if (r == 0)
		r = newsource_git(&new->got, &b->ways, old->git, new->commit,
				  old->without_submodules, b->recipe->name, &new->why);
	if (r == -ENOMEM)
		return why_errno(why, r, "%s", b->recipe->name);
	return r == 0 ? recipetext_put(&b->text, entry(b, i, "commit"), old->commit, new->commit)
		      : 0;
}

/* The signature has to be good: a bad one is no reason to look for another source, but to stop. */
static int check_signature(struct bump *b, size_t i, char **why)
{
	const struct recipe_source *old = &b->recipe->sources[i];
	autofree char *sig = recipetext_bump(old->sig, b->recipe->version, b->to);
	autofree char *reason = NULL;
	int r;

	if (!sig)
		return why_errno(why, -ENOMEM, "%s", b->recipe->name);
	r = newsource_check(&b->sources[i].got, &b->ways, sig, old->key, b->scratch.path, &reason);
	return r < 0 ? why_set(why, r, "%s:%u: cannot trust '%s': %s", b->recipe->path,
			       old->sig_line, b->sources[i].got.file, reason ? reason : "")
		     : recipetext_bump_value(&b->text, entry(b, i, "sig"), b->recipe->version,
					     b->to);
}

/* What proves the bytes of a source; the size is written although it was not there. */
static int put_proof(struct bump *b, size_t i, const struct newsource *got)
{
	const struct recipe_source *old = &b->recipe->sources[i];
	const struct ini_entry *size = entry(b, i, "size");
	char was[24], is[24];
	int r = recipetext_put(&b->text, entry(b, i, "sha256"), old->sha256, got->sha256);

	snprintf(was, sizeof(was), "%" PRIu64, old->size);
	snprintf(is, sizeof(is), "%" PRIu64, got->size);
	if (r < 0)
		return r;
	return size ? recipetext_put(&b->text, size, was, is)
		    : recipetext_add(&b->text, entry(b, i, "sha256"), "size", is);
}

static int renew_url(struct bump *b, size_t i, char **why)
{
	const struct recipe_source *old = &b->recipe->sources[i];
	struct renewed *new = &b->sources[i];
	const char *from = b->recipe->version;
	autofree char *url = recipetext_bump(old->url, from, b->to);
	autofree char *file = recipetext_bump(old->file, from, b->to);
	int r;

	if (!url || !file)
		return why_errno(why, -ENOMEM, "%s", b->recipe->name);
	if (strcmp(url, old->url) == 0) {
		why_set(&new->why, -ENOENT, "its URL does not name the version");
		return 0;
	}
	r = newsource_fetch(&new->got, &b->ways, url, file, b->scratch.path, &new->why);
	if (r == 0 && strcmp(new->got.sha256, old->sha256) == 0)
		r = why_set(&new->why, -EEXIST, "what came is %s, byte for byte", from);
	if (r < 0)
		return 0;
	r = recipetext_bump_value(&b->text, entry(b, i, "url"), from, b->to);
	if (r == 0 && entry(b, i, "file"))
		r = recipetext_bump_value(&b->text, entry(b, i, "file"), from, b->to);
	if (r == 0)
		r = put_proof(b, i, &new->got);
	if (r < 0)
		return why_errno(why, r, "%s", b->recipe->name);
	return old->sig ? check_signature(b, i, why) : 0;
}

static int renew(struct bump *b, size_t i, char **why)
{
	const struct recipe_source *old = &b->recipe->sources[i];

	if (old->git)
		return renew_git(b, i, why);
	if (old->url)
		return renew_url(b, i, why);
	why_set(&b->sources[i].why, -ENOENT, "'debian = %s' is of %s", old->debian,
		b->recipe->version);
	return 0;
}

/* The index of a source that was had and that had the same hash as this one; n_sources: none. */
static size_t twin_of(const struct bump *b, size_t i)
{
	const struct recipe *r = b->recipe;
	size_t k = 0;

	while (k < r->n_sources && (k == i || b->sources[k].why || r->sources[k].git ||
				    strcmp(r->sources[k].sha256, r->sources[i].sha256) != 0))
		k++;
	return k;
}

static bool names_version(const struct bump *b, const char *url)
{
	autofree char *other = recipetext_bump(url, b->recipe->version, b->to);

	return other && strcmp(url, other) != 0;
}

/* One that could not be had is kept when the bytes are known from another place, and dropped else:
 * the hash of the old version must not stay. */
static int settle(struct bump *b, size_t i, char **why)
{
	const struct recipe_source *old = &b->recipe->sources[i];
	struct renewed *new = &b->sources[i];
	size_t twin = old->git || old->debian ? b->recipe->n_sources : twin_of(b, i);
	const char *section = new->head->section;
	int r = 0;

	if (!new->why &&
	    twin < b->recipe->n_sources &&strcmp(new->got.sha256, b->sources[twin].got.sha256) != 0)
		return why_set(why, -EBADMSG,
			       "[%s] and [%s] were the same bytes, and those of %s are not",
			       section, b->sources[twin].head->section, b->to);
	if (!new->why)
		return 0;
	if (twin == b->recipe->n_sources || old->sig || !names_version(b, old->url)) {
		log_warn("%s: [%s] is dropped: %s", b->recipe->name, section, new->why);
		recipetext_drop(&b->text, new->head);
		return 0;
	}
	log_warn("%s: [%s] is kept with the sha256 of [%s], untried: %s", b->recipe->name, section,
		 b->sources[twin].head->section, new->why);
	r = recipetext_bump_value(&b->text, entry(b, i, "url"), b->recipe->version, b->to);
	if (r == 0 && entry(b, i, "file"))
		r = recipetext_bump_value(&b->text, entry(b, i, "file"), b->recipe->version, b->to);
	if (r == 0)
		r = put_proof(b, i, &b->sources[twin].got);
	return r < 0 ? why_errno(why, r, "%s", b->recipe->name) : 0;
}

static int renew_all(struct bump *b, char **why)
{
	const struct recipe *recipe = b->recipe;
	size_t n = 0;
	int r = 0;

	b->sources = calloc(recipe->n_sources, sizeof(*b->sources));
	if (!b->sources)
		return why_errno(why, -ENOMEM, "%s", recipe->name);
	for (size_t i = 0; i < b->text.ini.n; i++) {
		const struct ini_entry *e = &b->text.ini.entries[i];

		if (!*e->key && strncmp(e->section, "source", 6) == 0)
			b->sources[n++].head = e;
	}
	for (size_t i = 0; i < n && r == 0; i++)
		r = renew(b, i, why);
	for (n = 0; r == 0 && n < recipe->n_sources && b->sources[n].why;)
		n++;
	if (r == 0 && n == recipe->n_sources)
		return why_set(why, -ENOENT, "%s %s cannot be had: %s", recipe->name, b->to,
			       b->sources[0].why);
	for (size_t i = 0; i < recipe->n_sources && r == 0; i++)
		r = settle(b, i, why);
	return r;
}

/* ---- the patches ---- */

static const char *first_archive(const struct bump *b)
{
	size_t i = 0;

	while (b->sources[i].why)
		i++;
	return b->sources[i].got.path;
}

static int try_patches(const struct bump *b, char **why)
{
	autofree char *tree = places_join(b->scratch.path, "tree");
	autostrv struct strv patches = { 0 };
	autofd int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	size_t bad = 0;
	int r = tree ? patch_list(&b->options->places.patches, b->recipe->name, &patches) : -ENOMEM;

	if (r < 0)
		return why_errno(why, r, "cannot list the patches of %s", b->recipe->name);
	r = unpack_archive(first_archive(b), tree, NULL, NULL, why);
	if (r < 0)
		return r;
	strv_foreach (patch, &patches) {
		autofree char *reason = NULL;

		if (patch_apply(*patch, tree, null, &reason) == 0)
			continue;
		log_warn("%s %s: %s", b->recipe->name, b->to, reason ? reason : *patch);
		bad++;
	}
	if (bad && !b->options->keep_going)
		return why_set(why, -EINVAL,
			       "%zu of %zu patches of %s do not apply to %s (see "
			       "--keep-going)",
			       bad, patches.n, b->recipe->name, b->to);
	return 0;
}

/* ---- the new recipe ---- */

/* What else names the old version is for a person to look at. */
static void tell_rest(const struct bump *b)
{
	for (size_t i = 0; i < b->text.lines.n; i++) {
		const char *line = b->text.lines.v[i];

		if (!b->text.changed[i] && line && !strchr("#;", line[strspn(line, " \t")]) &&
		    recipetext_names(line, b->recipe->version))
			log_note("%s:%zu: names %s too, and is as it was", b->recipe->path, i + 1,
				 b->recipe->version);
	}
}

/* It has to be a recipe, with the files that lie beside the old one. `*dir` is its folder. */
static int prove(const struct bump *b, const char *text, char **dir, char **why)
{
	autofree char *recipes = places_join(b->scratch.path, "recipes");
	autofree char *real = realpath(b->recipe->dir, NULL);
	autodir DIR *d = real ? opendir(real) : NULL;
	struct recipe *recipe = NULL;
	struct dirent *e;
	int r;

	*dir = recipes ? places_join(recipes, b->recipe->name) : NULL;
	if (!*dir || !d)
		return why_errno(why, *dir ? -errno : -ENOMEM, "cannot read '%s'", b->recipe->dir);
	r = io_mkdir_p(AT_FDCWD, *dir, 0755);
	while (r == 0 && (e = readdir(d))) {
		autofree char *from = places_join(real, e->d_name);
		autofree char *to = places_join(*dir, e->d_name);

		if (*e->d_name == '.' || strcmp(e->d_name, "recipe.ini") == 0)
			continue;
		r = !from || !to ? -ENOMEM : symlink(from, to) < 0 ? -errno : 0;
	}
	if (r == 0)
		r = places_write(*dir, "recipe.ini", text);
	if (r < 0)
		return why_errno(why, r, "cannot write into '%s'", *dir);
	r = recipe_load(recipes, b->recipe->name, NULL, &recipe, why);
	recipe_free(recipe);
	return r;
}

static int show(const struct bump *b, const char *dir, char **why)
{
	autofree char *new = places_join(dir, "recipe.ini");
	const char *argv[] = { "diff",		"-u",	   "--label",
			       b->recipe->path, "--label", b->recipe->path,
			       b->recipe->path, new,	   NULL };
	int status = new ? proc_run(&(struct proc){ .argv = argv }) : -ENOMEM;

	if (status > 0 && WEXITSTATUS(status) == 2)
		status = -EIO;
	return status < 0 ? why_errno(why, status, "cannot run 'diff'") : 0;
}

static int write_it(const struct bump *b, char **why)
{
	autofree char *text = recipetext_join(&b->text);
	autofree char *dir = NULL;
	int r = text ? prove(b, text, &dir, why) : why_errno(why, -ENOMEM, "%s", b->to);

	if (r < 0)
		return r;
	tell_rest(b);
	if (b->options->dry_run)
		return show(b, dir, why);
	r = places_write(b->recipe->dir, "recipe.ini", text);
	if (r < 0)
		return why_errno(why, r, "cannot write '%s'", b->recipe->path);
	puts(b->recipe->path);
	return 0;
}

static int bump(struct bump *b, const char *name, char **why)
{
	const struct searchpath *recipes = &b->options->places.recipes;
	const struct ini_entry *version;
	int r;

	if (!name_is_version(b->to))
		return why_set(why, -EINVAL, "'%s' is no version", b->to);
	r = recipe_search(recipes, name, NULL, &b->recipe, why);
	if (r < 0)
		return r;
	if (!b->options->dry_run &&
	    !searchpath_is_own(recipes, searchpath_find(recipes, name, RECIPE_FILE)))
		return why_set(
			why, -EROFS,
			"'%s' is an installed recipe (copy it into a folder 'recipes' of yours)",
			b->recipe->dir);
	if (strcmp(b->recipe->version, b->to) == 0)
		return why_set(why, -EEXIST, "%s is %s already", b->recipe->path, b->to);
	if (b->recipe->sources[0].none)
		return why_set(why, -EINVAL,
			       "%s:%u: there is no source (write its version yourself)",
			       b->recipe->path, b->recipe->sources[0].line);
	r = recipetext_load(&b->text, b->recipe->path, why);
	if (r == 0)
		r = scratch_make(&b->scratch, &b->options->places, why);
	if (r == 0)
		r = renew_all(b, why);
	if (r == 0)
		r = try_patches(b, why);
	if (r < 0)
		return r;
	version = ini_find(&b->text.ini, "package", "version");
	if (recipetext_put(&b->text, version, b->recipe->version, b->to) < 0)
		return why_errno(why, -ENOMEM, "%s", name);
	return write_it(b, why);
}

int verb_bump(struct options *o)
{
	cleanup(bump_release) struct bump b = {
		.options = o, .to = o->args[1], .ways = options_ways(o), .scratch = SCRATCH_NONE
	};
	char *why = NULL;
	int r = bump(&b, o->args[0], &why);

	return r < 0 ? why_log_of(why, 1, "nothing was changed") : 0;
}
