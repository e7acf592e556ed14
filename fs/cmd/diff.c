// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/name.h"
#include "fs/base/strv.h"
#include "fs/client/where.h"
#include "fs/cmd/cmd.h"
#include "fs/cmd/record.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/store/meta.h"
#include "fs/store/state.h"
#include "fs/store/tree.h"
#include "fs/view/diff.h"
#include "fs/view/view.h"
#include "fs/xs/xs.h"

/* The two sides. What a package deletes or overwrites shows too, since the base is under both. */
struct sides {
	struct xs *xs;
	struct layerset *sets[2];
	struct view *views[2];
};

static void sides_release(struct sides *s)
{
	for (int i = 0; i < 2; i++)
		layerset_unref(s->sets[i]);
	xs_free(s->xs); /* with the views' nodes */
	for (int i = 0; i < 2; i++)
		view_free(s->views[i]);
}

static struct layerset *over_base(const struct state *state, struct layer *layer)
{
	struct layer *v[2];
	size_t n = 0;

	if (layer)
		v[n++] = layer;
	if (state->base)
		v[n++] = state->base;
	return layerset_new(v, n);
}

/* A package, a layer's id, or 'local'. With a reference; NULL: there is none, which is said. */
static struct layer *find_layer(const struct state *state, const char *name)
{
	struct layer *layer = state_find(state, name);

	if (layer)
		return layer_ref(layer);
	if (strcmp(name, "local") == 0)
		return layer_ref(state->local);
	if (name_is_layer(name) && state_open_layer(state, name, &layer) == 0)
		return layer;
	cmd_no_package(state, name);
	return NULL;
}

static int set_side(struct sides *s, int i, const char *name)
{
	struct layer *layer = find_layer(s->xs->state, name);

	if (!layer)
		return -ENOENT;
	s->sets[i] = over_base(s->xs->state, layer);
	layer_unref(layer);
	return s->sets[i] ? 0 : -ENOMEM;
}

/* 'local' against what it lies over; a package against the build before. */
static int set_both(struct sides *s, const char *name)
{
	struct state *state = s->xs->state;
	struct layer *layer, *previous = NULL;

	if (strcmp(name, "local") == 0) {
		s->sets[0] = state_layers(state, false, true, NULL);
		s->sets[1] = state_layers(state, true, true, NULL);
		return s->sets[0] && s->sets[1] ? 0 : -ENOMEM;
	}
	layer = find_layer(state, name);
	if (!layer)
		return -ENOENT;
	if (layer->meta && *layer->meta->previous &&
	    state_open_layer(state, layer->meta->previous, &previous) < 0)
		log_note("the previous build of '%s' is gone: this is all it has now", name);
	s->sets[0] = over_base(state, previous);
	s->sets[1] = over_base(state, layer);
	layer_unref(previous);
	layer_unref(layer);
	return s->sets[0] && s->sets[1] ? 0 : -ENOMEM;
}

static int open_views(struct sides *s)
{
	int r = 0;

	for (int i = 0; r == 0 && i < 2; i++) {
		struct view_options options = { .below = s->sets[i],
						.read_only = true,
						.work = -1 };

		r = view_new(&s->xs->nodes, &s->xs->files, &options, &s->views[i]);
	}
	return r;
}

static int print_text(const struct diff_change *c, void *arg)
{
	const bool *zero = arg;
	const struct stat *a = &c->old_stat, *b = &c->new_stat;
	autostrv struct strv what = { 0 };
	autofree char *text = NULL;
	int r = 0;

	if (c->kind == DIFF_TYPE)
		r = strv_addf(&what, "%s -> %s", tree_type_name(a->st_mode),
			      tree_type_name(b->st_mode));
	if (c->kind == DIFF_MODIFIED && a->st_mode != b->st_mode)
		r = strv_addf(&what, "mode %o -> %o", a->st_mode & 07777, b->st_mode & 07777);
	if (r == 0 && c->kind == DIFF_MODIFIED &&
	    (a->st_uid != b->st_uid || a->st_gid != b->st_gid))
		r = strv_addf(&what, "owner %u:%u -> %u:%u", a->st_uid, a->st_gid, b->st_uid,
			      b->st_gid);
	if (r == 0 && c->kind == DIFF_MODIFIED && a->st_size != b->st_size && S_ISREG(a->st_mode))
		r = strv_addf(&what, "size %jd -> %jd", (intmax_t)a->st_size, (intmax_t)b->st_size);
	if (r == 0 && c->kind == DIFF_MODIFIED && strcmp(c->old_target, c->new_target) != 0)
		r = strv_addf(&what, "link %s -> %s", c->old_target, c->new_target);
	text = r < 0 ? NULL : strv_join(&what, ", ");
	if (!text)
		return -ENOMEM;
	printf("%c ", c->kind);
	if (*zero || !*text) {
		cmd_print_name(c->path, *zero ? '\0' : '\n');
		if (!*zero)
			return 0;
	} else {
		cmd_print_name(c->path, '\t');
	}
	cmd_print_name(text, *zero ? '\0' : '\n');
	return 0;
}

static int set_end(struct record *o, const char *prefix, const struct stat *st, const char *target)
{
	char key[32], mode[16], owner[32];
	int r;

	if (!st->st_mode)
		return 0;
	snprintf(mode, sizeof(mode), "%o", st->st_mode & 07777);
	snprintf(key, sizeof(key), "%s_type", prefix);
	if ((r = record_set(o, key, tree_type_name(st->st_mode))) < 0)
		return r;
	snprintf(key, sizeof(key), "%s_mode", prefix);
	if ((r = record_set(o, key, mode)) < 0)
		return r;
	snprintf(owner, sizeof(owner), "%u:%u", st->st_uid, st->st_gid);
	snprintf(key, sizeof(key), "%s_owner", prefix);
	if ((r = record_set(o, key, owner)) < 0)
		return r;
	snprintf(key, sizeof(key), "%s_size", prefix);
	if (S_ISREG(st->st_mode) && (r = record_set_number(o, key, st->st_size)) < 0)
		return r;
	snprintf(key, sizeof(key), "%s_target", prefix);
	return S_ISLNK(st->st_mode) ? record_set(o, key, target) : 0;
}

static int add_record(const struct diff_change *c, void *arg)
{
	struct record *o = record_new();
	char kind[2] = { c->kind, '\0' };
	int r;

	if (!o)
		return -ENOMEM;
	if ((r = record_set(o, "change", kind)) < 0 || (r = record_set(o, "path", c->path)) < 0 ||
	    (r = set_end(o, "old", &c->old_stat, c->old_target)) < 0 ||
	    (r = set_end(o, "new", &c->new_stat, c->new_target)) < 0) {
		record_free(o);
		return r;
	}
	return record_add(arg, o);
}

static int print_json(struct sides *s)
{
	struct record *list = record_list_new();
	int r = list ? diff_views(s->views[0], s->views[1], add_record, list) : -ENOMEM;

	if (r == 0)
		r = record_print(list);
	record_free(list);
	return r;
}

static int run_diff(const struct cmd *cmd, int argc, char **argv)
{
	autowhere struct where where = { 0 };
	cleanup(sides_release) struct sides s = { 0 };
	struct cmd_line line;
	bool zero;
	int r;

	if (cmd_parse(cmd, argc, argv, 1, 2, &line))
		return CMD_USAGE;
	zero = cmd_value(cmd, &line, "0");
	if (where_open_given(cmd_value(cmd, &line, "C"), &where, &s.xs) < 0)
		return CMD_FAILED;
	if (line.argc == 1)
		r = set_both(&s, line.argv[0]);
	else if ((r = set_side(&s, 0, line.argv[0])) == 0)
		r = set_side(&s, 1, line.argv[1]);
	if (r < 0)
		return CMD_FAILED; /* said */
	r = open_views(&s);
	if (r == 0)
		r = cmd_value(cmd, &line, "json")
			    ? print_json(&s)
			    : diff_views(s.views[0], s.views[1], print_text, &zero);
	if (r < 0)
		log_errno(r, "cannot compare");
	return r < 0 ? CMD_FAILED : CMD_DONE;
}

const struct cmd cmd_diff = {
	.name = "diff",
	.args = "A B | P | local",
	.summary = "say what changed: between two, since P's last build, by hand",
	.text = "One line a change: A added, M modified, D deleted, T of another type; then the "
		"path, and what changed of mode, owner, size and link target. A and B are "
		"packages, or "
		"layers by their ids. 'local' is compared with what it lies over. With -0 a NUL is "
		"in "
		"the place of the tab, which is always there then, and of the line's end.",
	.takes = "package =local layer",
	.run = run_diff,
	.options = { CMD_WHERE, CMD_JSON, CMD_ZERO },
};
