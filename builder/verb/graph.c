// SPDX-License-Identifier: GPL-2.0-or-later
/* xsysfs graph: which package needs which, as a tree, for Graphviz, as a picture or as JSON. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/dot.h"
#include "builder/base/json.h"
#include "builder/base/why.h"
#include "builder/build/installed.h"
#include "builder/recipe/recipeset.h"
#include "builder/target/target.h"
#include "builder/verb/verbs.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/text.h"

#define DOT_SECONDS 120

struct shown {
	struct recipeset set;
	struct installed installed; /* nothing, when the board is not mounted */
	bool utf8;
	struct strv seen; /* by the tree, with all that they need */
};

static void shown_release(struct shown *s)
{
	recipeset_release(&s->set);
	installed_release(&s->installed);
	strv_release(&s->seen);
}

/* ---- the tree ---- */

struct pieces {
	const char *fork, *last, *pass, *blank;
};
static const struct pieces lines = { "├── ", "└── ", "│   ", "    " };
static const struct pieces ascii = { "|-- ", "`-- ", "|   ", "    " };

/* On the board's mount. */
static const char *version_installed(const struct shown *s, const struct recipe *r)
{
	return r->is_native ? NULL : installed_version(&s->installed, r->name);
}

/* The nodes that it needs. */
static const struct strv *needs_of(const struct recipeset *set, const struct recipe *r)
{
	return &graph_find(&set->graph, r->node)->needs;
}

static void print_name(const struct shown *s, const struct recipe *r, bool again)
{
	const char *have = version_installed(s, r);

	printf("%s %s", r->node, r->version);
	if (have && strcmp(have, r->version) == 0)
		fputs(" [installed]", stdout);
	else if (have)
		printf(" [installed: %s]", have);
	puts(again ? " (see above)" : "");
}

/* What it needs, each line behind `margin`; a package that was there already is only named. */
static int print_needs(struct shown *s, const struct recipe *r, const char *margin)
{
	const struct pieces *p = s->utf8 ? &lines : &ascii;
	const struct strv *needs = needs_of(&s->set, r);

	for (size_t i = 0; i < needs->n; i++) {
		const struct recipe *need = recipeset_find(&s->set, needs->v[i]);
		bool last = i + 1 == needs->n, more = needs_of(&s->set, need)->n;
		bool again = more && strv_has(&s->seen, need->node);
		autofree char *deeper = NULL;
		int e;

		printf("%s%s", margin, last ? p->last : p->fork);
		print_name(s, need, again);
		if (again || !more)
			continue;
		deeper = text_of("%s%s", margin, last ? p->blank : p->pass);
		if (!deeper)
			return -ENOMEM;
		e = strv_add(&s->seen, need->node);
		if (e == 0)
			e = print_needs(s, need, deeper);
		if (e < 0)
			return e;
	}
	return 0;
}

static bool is_needed(const struct recipeset *set, const char *name)
{
	for (size_t i = 0; i < set->n; i++)
		if (strv_has(needs_of(set, set->recipes[i]), name))
			return true;
	return false;
}

/* From those that were asked for, or else from those that no other needs. */
static int print_tree(struct shown *s, const struct strv *names, bool all)
{
	int r = 0;

	strv_foreach (name, names) {
		const struct recipe *recipe = recipeset_find(&s->set, *name);
		bool again = strv_has(&s->seen, *name);

		if (all && is_needed(&s->set, *name))
			continue;
		print_name(s, recipe, again && needs_of(&s->set, recipe)->n);
		if (again)
			continue;
		r = strv_add(&s->seen, *name);
		if (r == 0)
			r = print_needs(s, recipe, "");
		if (r < 0)
			return log_errno(r, "%s", *name);
	}
	return 0;
}

/* ---- the other forms ---- */

static void write_dot(const struct shown *s, FILE *to)
{
	fputs("digraph xsysfs {\n\trankdir = LR;\n\tnode [shape = box, fontname = "
	      "\"sans-serif\"];\n",
	      to);
	strv_foreach (name, &s->set.order) {
		const struct recipe *recipe = recipeset_find(&s->set, *name);
		autofree char *label = NULL;

		label = text_of("%s %s", recipe->node, recipe->version);
		putc('\t', to);
		dot_quote(to, *name);
		fputs(" [label = ", to);
		dot_quote(to, label ? label : *name);
		fputs("];\n", to);
	}
	strv_foreach (name, &s->set.order) {
		strv_foreach (need, &graph_find(&s->set.graph, *name)->needs) {
			putc('\t', to);
			dot_quote(to, *name);
			fputs(" -> ", to);
			dot_quote(to, *need);
			fputs(";\n", to);
		}
	}
	fputs("}\n", to);
}

static int print_svg(const struct shown *s)
{
	autofree char *text = NULL;
	autofree char *svg = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int r;

	if (!f)
		return log_errno(-errno, "cannot draw");
	write_dot(s, f);
	r = fclose(f) == 0 ? dot_run(text, "svg", DOT_SECONDS, true, &svg) : -ENOMEM;
	if (r == -ENOENT)
		return log_error("cannot draw: there is no 'dot' here (it is in the package "
				 "'graphviz'; --dot writes what it reads)");
	if (r == -ETIME)
		return log_error("cannot draw: 'dot' was not done after %d s (--dot writes what it "
				 "reads)",
				 DOT_SECONDS);
	if (r < 0)
		return log_errno(r, "cannot draw: 'dot' failed");
	fputs(svg, stdout);
	return 0;
}

static json_t *json_of(const struct shown *s, const char *name)
{
	const struct recipe *recipe = recipeset_find(&s->set, name);
	const char *have = version_installed(s, recipe);
	json_t *needs = json_array();

	strv_foreach (need, &graph_find(&s->set.graph, name)->needs)
		json_array_append_new(needs, json_string(*need));
	return json_pack("{s:s, s:s, s:o, s:o, s:s*}", "package", name, "version", recipe->version,
			 "recipe", json_of_bytes(recipe->path), "needs", needs, "installed", have);
}

static int print_json(const struct shown *s)
{
	autojson json_t *all = json_array();

	strv_foreach (name, &s->set.order)
		if (json_array_append_new(all, json_of(s, *name)) < 0)
			return log_errno(-ENOMEM, "%s", *name);
	return json_print(all);
}

/* ---- the verb ---- */

/* What is installed, where the board is mounted. Nobody needs to know when it cannot be asked. */
static void look_around(struct shown *s, const struct options *o, const struct target *target)
{
	char *why = NULL;

	if (target->where.point &&
	    installed_read(&s->installed, &o->places, target->where.point, &why) < 0)
		why_log(why, 0);
}

static int load(struct shown *s, struct options *o, struct strv *names)
{
	cleanup(cleanup_board) struct board *native = NULL;
	autotarget struct target target = { 0 };
	struct recipeset_words words;
	char *why = NULL;
	int r = target_find(&target, &o->places, o->where, o->board);

	if (r < 0)
		return r;
	for (int i = 0; r == 0 && i < o->n_args; i++)
		r = strv_add(names, o->args[i]);
	if (r < 0)
		return log_errno(r, "cannot plan");
	if (!o->n_args)
		r = recipeset_names(&o->places.recipes, names, &why);
	if (r == 0)
		r = target_words(&o->places, target.board, &native, &words, &why);
	if (r == 0 && names->n)
		r = recipeset_load(&s->set, &o->places.recipes, &words, names->v, &why);
	if (r < 0)
		return why_log(why, r);
	look_around(s, o, &target);
	return 0;
}

int verb_graph(struct options *o)
{
	cleanup(shown_release) struct shown s = { 0 };
	autostrv struct strv names = { 0 };
	int r;

	if (o->dot + o->svg + o->json > 1)
		return log_error("graph: only one of --dot, --svg and --json at a time"), 2;
	r = load(&s, o, &names);
	if (r < 0)
		return 1;
	setlocale(LC_CTYPE, "");
	s.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (o->dot)
		write_dot(&s, stdout);
	else if (o->svg)
		r = print_svg(&s);
	else if (o->json)
		r = print_json(&s);
	else
		r = print_tree(&s, &names, !o->n_args);
	return r < 0;
}
