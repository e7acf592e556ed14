// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "builder/installed.h"
#include "builder/package.h"
#include "builder/patch.h"
#include "builder/recipeset.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

/* One request: what it stands on, and what has been found out so far. */
struct build {
	struct options *options;
	struct board *board;
	struct toolchain toolchain;
	struct source_ways ways;
	struct recipeset set;
	struct installed installed;
	const char *where;
	struct strv names, keys; /* of the packages that are done, side by side */
};

static void build_release(struct build *b)
{
	board_free(b->board);
	toolchain_release(&b->toolchain);
	source_release(&b->ways);
	recipeset_release(&b->set);
	installed_release(&b->installed);
	strv_release(&b->names);
	strv_release(&b->keys);
}

/* Which mount: -C, else $XSYSFS, else the board's, which has to be mounted. */
static int find_mount(struct build *b)
{
	const char *env = getenv("XSYSFS");

	b->where = b->options->where ? b->options->where : env && *env ? env : b->board->mnt;
	if (b->where == b->board->mnt && !board_is_mounted(b->board))
		return log_error("%s is not mounted at '%s' (try 'xsysfs mount %s')",
				 b->board->name, b->where, b->board->name);
	return 0;
}

/* Paths go into PATH, CC and makefiles, where these have a meaning. */
static int check_path(const char *path)
{
	const char *odd = path ? strpbrk(path, " \t\n:;'\"`$\\#%&*?") : NULL;

	return odd ? log_error("nothing can be built in '%s': makefiles stumble over '%c'", path,
			       *odd)
		   : 0;
}

static int look_around(struct build *b)
{
	char *why = NULL;
	int r = installed_read(&b->installed, &b->options->places, b->where, &why);

	if (r < 0)
		return why_log(why, r);
	if (!b->installed.mountpoint && !b->options->dry_run)
		return log_error("nothing is mounted at '%s' (try 'xsysfs mount %s')", b->where,
				 b->board->name);
	if (b->installed.sysroot && strcmp(b->installed.sysroot, b->toolchain.sysroot) != 0)
		log_warn("'%s' stands on '%s', and the sysroot of %s's toolchain is '%s'", b->where,
			 b->installed.sysroot, b->board->name, b->toolchain.sysroot);
	if (check_path(b->installed.mountpoint) < 0 || check_path(b->toolchain.dir) < 0 ||
	    check_path(b->board->work) < 0)
		return -EINVAL;
	return 0;
}

static const char *key_of(const struct build *b, const char *name)
{
	for (size_t i = 0; i < b->names.n; i++)
		if (strcmp(b->names.v[i], name) == 0)
			return b->keys.v[i];
	return "";
}

/* Why it is not up to date, a line each. */
static void explain(const struct build *b, const struct recipe *recipe, const struct key *key)
{
	const char *old = installed_key(&b->installed, recipe->name);
	autofree char *text = old ? key_recall(b->board->keys, old) : NULL;
	autofree char *lines = text ? key_difference(text, key->text, "  ") : NULL;

	if (!old)
		printf("%s %s: not installed\n", recipe->name, recipe->version);
	else if (!lines)
		printf("%s %s: installed, but not by this builder\n", recipe->name,
		       recipe->version);
	else
		printf("%s %s: inputs have changed\n%s", recipe->name, recipe->version, lines);
	fflush(stdout);
}

static int run_build(struct build *b, const struct recipe *recipe, const struct strv *patches,
		     const struct key *key)
{
	const struct package_build p = { b->options, b->board, &b->toolchain, &b->ways,
					 b->where,   recipe,   patches,	      key };
	struct timespec start, end;
	int r;

	clock_gettime(CLOCK_MONOTONIC, &start);
	r = package_build(&p);
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (r < 0)
		return r;
	printf("%s %s: built in %.1f s\n", recipe->name, recipe->version,
	       (end.tv_sec - start.tv_sec) + (end.tv_nsec - start.tv_nsec) / 1e9);
	fflush(stdout);
	return 0;
}

static int make_key(const struct build *b, const struct recipe *recipe, const struct strv *patches,
		    struct key *key)
{
	autostrv struct strv needs = { 0 };
	char *why = NULL;
	int r = 0;

	strv_foreach (need, &recipe->needs)
		if (r == 0)
			r = strv_addf(&needs, "%s %s", *need, key_of(b, *need));
	if (r < 0)
		return log_errno(r, "%s", recipe->name);
	r = key_make(key, recipe, patches, b->board, &b->toolchain, &needs, &why);
	return r < 0 ? why_log_of(why, r, recipe->name) : 0;
}

static int build_one(struct build *b, const struct recipe *recipe)
{
	cleanup(key_release) struct key key = { 0 };
	autostrv struct strv patches = { 0 };
	const char *have = installed_key(&b->installed, recipe->name);
	int r = patch_list(b->options->places.patches, recipe->name, &patches);

	if (r < 0)
		return log_errno(r, "cannot read the patches of '%s'", recipe->name);
	r = make_key(b, recipe, &patches, &key);
	if (r == 0)
		r = strv_add(&b->names, recipe->name);
	if (r == 0)
		r = strv_add(&b->keys, key.hex);
	if (r < 0)
		return r;
	if (have && strcmp(have, key.hex) == 0) {
		printf("%s %s: up to date\n", recipe->name, recipe->version);
		fflush(stdout);
		return 0;
	}
	if (b->options->explain)
		explain(b, recipe, &key);
	if (b->options->dry_run) {
		printf("%s %s: would be built\n", recipe->name, recipe->version);
		return 0;
	}
	return run_build(b, recipe, &patches, &key);
}

static int start(struct build *b, struct options *o)
{
	char *why = NULL;
	int r;

	b->options = o;
	b->ways.places = &o->places;
	r = recipeset_load(&b->set, o->places.recipes, o->args, &why);
	if (r < 0)
		return why_log(why, r);
	return verb_board(o, o->board, &b->board);
}

int verb_build(struct options *o)
{
	cleanup(build_release) struct build b = { 0 };
	char *why = NULL;
	int r = start(&b, o);

	if (r == 0)
		r = find_mount(&b);
	if (r < 0)
		return 1;
	r = toolchain_open(&b.toolchain, b.board, &b.ways, &why);
	if (r < 0)
		return why_log(why, 1);
	r = look_around(&b);
	strv_foreach (name, &b.set.order)
		if (r == 0)
			r = build_one(&b, recipeset_find(&b.set, *name));
	return r < 0;
}

int verb_fetch(struct options *o)
{
	cleanup(build_release) struct build b = { .options = o, .ways.places = &o->places };
	char *why = NULL;
	int failed = 0;
	int r = recipeset_load(&b.set, o->places.recipes, o->args, &why);

	if (r < 0)
		return why_log(why, 1);
	strv_foreach (name, &b.set.order) {
		autofree char *path = NULL;

		if (source_get(&b.ways, recipeset_find(&b.set, *name), &path, &why) < 0)
			failed = why_log(why, 1);
		else
			puts(path);
	}
	return failed;
}
