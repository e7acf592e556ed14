// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/cmd.h"
#include "fs/layer.h"
#include "fs/layerset.h"
#include "fs/parts.h"
#include "fs/record.h"
#include "fs/staging.h"
#include "fs/state.h"
#include "fs/tarball.h"
#include "fs/tree.h"
#include "fs/view.h"
#include "fs/where.h"
#include "fs/xs.h"

#define CANNOT "cannot list what is to be staged"

struct output {
	struct tarball *tarball;   /* NULL: no archive */
	struct record *list;	   /* NULL: no JSON; neither: print paths */
	char end;		   /* of a path */
	size_t unowned;		   /* files of no package */
	struct strv without, only; /* parts; none: all of them */
};

static void output_release(struct output *out)
{
	strv_release(&out->without);
	strv_release(&out->only);
	record_free(out->list);
}

static bool is_wanted(const struct output *out, const struct staging_entry *e)
{
	const struct parts *parts = layer_parts(e->node->layer);
	bool is_link = S_ISLNK(e->st.st_mode);
	bool wanted = !out->only.n;

	strv_foreach (part, &out->only)
		wanted = wanted || parts_is(parts, e->path, is_link, *part);
	strv_foreach (part, &out->without)
		wanted = wanted && !parts_is(parts, e->path, is_link, *part);
	return wanted;
}

static int print_path(const struct staging_entry *e, struct output *out)
{
	return fputs(e->path, stdout) == EOF || putchar(out->end) == EOF ? -EIO : 0;
}

static int add_to_tar(const struct staging_entry *e, struct output *out)
{
	autofree char *target = NULL;
	struct file *file = NULL;
	int r = 0;

	if (S_ISLNK(e->st.st_mode))
		r = view_readlink(e->node, &target);
	else if (S_ISREG(e->st.st_mode))
		r = view_open(e->node, false, &file);
	if (r == 0)
		r = tarball_add(out->tarball, e->path, &e->st, target, file ? file->fd : -1);
	data_close(file);
	return r;
}

static int add_to_list(const struct staging_entry *e, struct output *out)
{
	struct record *o = record_new();
	const char *package = layer_package(e->node->layer);
	autofree char *part =
		parts_of(layer_parts(e->node->layer), e->path, S_ISLNK(e->st.st_mode));
	int r;

	if (!o || !part) {
		record_free(o);
		return -ENOMEM;
	}
	if ((r = record_set(o, "path", e->path)) < 0 ||
	    (r = record_set(o, "package", package)) < 0 || (r = record_set(o, "part", part)) < 0 ||
	    (r = record_set(o, "type", tree_type_name(e->st.st_mode))) < 0 ||
	    (r = record_set_number(o, "bytes", e->st.st_size)) < 0 ||
	    (r = record_set_number(o, "links", e->st.st_nlink)) < 0 ||
	    (r = record_set_number(o, "inode", e->st.st_ino)) < 0) {
		record_free(o);
		return r;
	}
	return record_add(out->list, o);
}

static int put(const struct staging_entry *e, void *arg)
{
	struct output *out = arg;

	if (!is_wanted(out, e))
		return 0;
	if (!e->node->dir && e->node->layer->origin == ORIGIN_LOCAL)
		out->unowned++;
	if (out->list)
		return add_to_list(e, out);
	return out->tarball ? add_to_tar(e, out) : print_path(e, out);
}

/* The words of a list, each of which some package has rules for. */
static int take_parts(const struct state *state, const char *list, struct strv *ret)
{
	autostrv struct strv known = { 0 };
	int r = list ? strv_split(ret, list, ", ") : 0;

	for (size_t i = 0; r == 0 && ret->n && i < state->n; i++)
		r = parts_names(layer_parts(state->stack[i]), &known);
	if (r < 0)
		return log_errno(r, CANNOT);
	strv_sort(&known);
	strv_uniq(&known);
	strv_foreach (part, ret) {
		autofree char *words = strv_join(&known, " ");

		if (!strv_has(&known, *part))
			return log_error("no package has a part '%s' (there are: %s)", *part,
					 words ? words : "");
	}
	return 0;
}

/* The staging view without what was written by hand. */
static int packages_only(struct xs *xs, struct view **ret)
{
	autolayerset struct layerset *below = state_layers(xs->state, false, false, NULL);
	struct view_options options = {
		.read_only = true,
		.below = below,
		.hide = xs->state->base,
		.staging = true,
		.work = -1,
	};

	return below ? view_new(&xs->nodes, &xs->files, &options, ret) : -ENOMEM;
}

static void talk(const struct xs *xs, const struct output *out)
{
	autostrv struct strv left_out = { 0 };

	if (out->unowned)
		log_note("%zu staged files have no package (see 'xsysfs files local'; --no-local "
			 "leaves them out)",
			 out->unowned);
	if (staging_left_out(xs->state, &left_out) < 0)
		return;
	strv_foreach (sentence, &left_out)
		log_note("%s", *sentence);
}

/* Which form is asked for; at most one. 0 or CMD_USAGE, said. */
static int check_form(const struct cmd *cmd, const struct cmd_line *line)
{
	bool tar = cmd_value(cmd, line, "tar");

	if (tar && isatty(STDOUT_FILENO))
		return cmd_usage(cmd, "a tar archive is nothing for a terminal: redirect it");
	if (cmd_value(cmd, line, "json") && (tar || cmd_value(cmd, line, "0")))
		return cmd_usage(
			cmd, "JSON is a form of its own: --json goes with neither -0 nor --tar");
	return 0;
}

static int output_open(struct output *out, const struct cmd *cmd, const struct cmd_line *line,
		       const struct state *state)
{
	int r = take_parts(state, cmd_value(cmd, line, "without"), &out->without);

	if (r == 0)
		r = take_parts(state, cmd_value(cmd, line, "only"), &out->only);
	if (r < 0)
		return r;
	out->end = cmd_value(cmd, line, "0") ? '\0' : '\n';
	if (cmd_value(cmd, line, "json") && !(out->list = record_list_new()))
		return log_errno(-ENOMEM, CANNOT);
	if (cmd_value(cmd, line, "tar") && !(out->tarball = tarball_new(STDOUT_FILENO)))
		return log_errno(-ENOMEM, CANNOT);
	return 0;
}

/* Write all of it; `view` is what staging is this time. */
static int write_out(struct xs *xs, struct view *view, struct output *out)
{
	int r = staging_walk(view, xs->state, put, out);

	if (r == 0 && out->list)
		r = record_print(out->list);
	if (out->tarball) {
		int end = tarball_finish(out->tarball);

		r = r < 0 ? r : end;
	}
	return r < 0 ? log_errno(r, CANNOT) : 0;
}

static int run_staging(const struct cmd *cmd, int argc, char **argv)
{
	cleanup(output_release) struct output out = { 0 };
	autowhere struct where where = { 0 };
	struct view *own = NULL;
	struct xs *xs = NULL;
	struct cmd_line line;
	int r = 0;

	if (cmd_parse(cmd, argc, argv, 0, 0, &line) || check_form(cmd, &line))
		return CMD_USAGE;
	if (where_open_given(cmd_value(cmd, &line, "C"), &where, &xs) < 0)
		return CMD_FAILED;
	if (cmd_value(cmd, &line, "no-local") && (r = packages_only(xs, &own)) < 0)
		log_errno(r, CANNOT);
	if (r == 0)
		r = output_open(&out, cmd, &line, xs->state);
	if (r == 0)
		r = write_out(xs, own ? own : xs->staging, &out);
	if (r == 0)
		talk(xs, &out);
	xs_free(xs);
	view_free(own);
	return r < 0 ? CMD_FAILED : CMD_DONE;
}

const struct cmd cmd_staging = {
	.name = "staging-view",
	.args = "",
	.summary = "list what goes to the target, for rsync --files-from=-",
	.text = "All files of packages and those written by hand, without what the sysroot has. "
		"Directories are named only when they are empty or of a special mode, so that "
		"rsync leaves the target's own alone. On stderr: how many files have no package, "
		"and which system files were changed, which are never staged.",
	.run = run_staging,
	.options = {
		CMD_WHERE,
		CMD_JSON,
		{ '0', "null", NULL, "end paths with NUL, for rsync --from0" },
		{ 0, "tar", NULL, "write a reproducible tar archive, owned by root but for what was given away" },
		{ 0, "no-local", NULL, "leave out what was written by hand" },
		{ 0, "without", "PART,...", "leave out these parts of packages, 'dev,doc' say" },
		{ 0, "only", "PART,...", "list only these parts, 'runtime' say" },
	},
};
