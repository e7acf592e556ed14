// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/text.h"
#include "fs/client/where.h"
#include "fs/cmd/cmd.h"
#include "fs/cmd/primer.h"
#include "fs/cmd/record.h"
#include "fs/cmd/tarball.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/store/parts.h"
#include "fs/store/state.h"
#include "fs/store/tree.h"
#include "fs/view/staging.h"
#include "fs/view/view.h"
#include "fs/xs/xs.h"

#define CANNOT "cannot list what is to be staged"

struct output {
	struct tarball *tarball; /* NULL: no archive */
	bool json;		 /* in `rows`; neither: print paths */
	struct rows rows;
	char end;		   /* of a path */
	size_t unowned;		   /* files of no package */
	char *mounted;		   /* where staging is on the mount; NULL: nobody will ask there */
	struct primer primer;	   /* of that */
	struct strv without, only; /* parts; none: all of them */
};

static void output_release(struct output *out)
{
	strv_release(&out->without);
	strv_release(&out->only);
	primer_release(&out->primer);
	free(out->mounted);
}

static bool is_wanted(const struct output *out, const struct staging_entry *e)
{
	const struct parts *parts = layer_parts(e->layer);
	bool is_link = e->type == DT_LNK;
	bool wanted = !out->only.n;

	strv_foreach (part, &out->only)
		wanted = wanted || parts_is(parts, e->path, is_link, *part);
	strv_foreach (part, &out->without)
		wanted = wanted && !parts_is(parts, e->path, is_link, *part);
	return wanted;
}

static int print_path(const struct staging_entry *e, struct output *out)
{
	cmd_print_name(e->path, out->end);
	return ferror_unlocked(stdout) ? -EIO : 0;
}

/* But what only the machine that builds makes of a file: its labels, and what only its root sees.
 */
static bool is_for_target(const char *name)
{
	return strcmp(name, "security.selinux") != 0 && strncmp(name, "trusted.", 8) != 0;
}

/* In the order of their names: the same file gives the same bytes. */
static int add_attributes(struct node *node, struct tarball *tarball)
{
	autofree char *list = malloc(XATTR_LIST_MAX);
	autofree char *value = malloc(XATTR_SIZE_MAX);
	autostrv struct strv names = { 0 };
	ssize_t n = list && value ? view_listxattr(node, list, XATTR_LIST_MAX) : -ENOMEM;
	int r = n == -EOPNOTSUPP ? 0 : n < 0 ? (int)n : 0;

	for (ssize_t at = 0; r == 0 && at < n; at += strlen(list + at) + 1)
		if (is_for_target(list + at))
			r = strv_add(&names, list + at);
	strv_sort(&names);
	strv_foreach (name, &names) {
		if (r == 0 && (n = view_getxattr(node, *name, value, XATTR_SIZE_MAX)) < 0)
			r = n;
		if (r == 0)
			r = tarball_attribute(tarball, *name, value, n);
	}
	return r;
}

static int add_to_tar(struct staging_entry *e, struct output *out)
{
	autofree char *target = NULL;
	struct file *file = NULL;
	int r = staging_look(e);

	if (r < 0)
		return r;
	if (S_ISLNK(e->st.st_mode))
		r = view_readlink(e->node, &target);
	else if (S_ISREG(e->st.st_mode))
		r = view_open(e->node, false, &file);
	if (r == 0)
		r = tarball_begin(out->tarball, e->path, &e->st, target);
	if (r == 0)
		r = add_attributes(e->node, out->tarball);
	if (r == 0)
		r = tarball_add(out->tarball, file ? file->fd : -1);
	data_close(file);
	return r;
}

static int print_row(const struct staging_entry *e, struct output *out)
{
	autofree char *part = parts_of(layer_parts(e->layer), e->path, e->type == DT_LNK);
	struct rows *rows = &out->rows;
	struct stat st = e->st;
	int r = e->node ? 0 : view_peek(e->dir, e->name, &st);

	if (!part || r < 0)
		return r < 0 ? r : -ENOMEM;
	rows_add(rows);
	if ((r = rows_text(rows, "path", e->path)) < 0 ||
	    (r = rows_text(rows, "package", layer_package(e->layer))) < 0 ||
	    (r = rows_text(rows, "part", part)) < 0 ||
	    (r = rows_text(rows, "type", tree_type_name(st.st_mode))) < 0)
		return r;
	rows_number(rows, "bytes", st.st_size);
	rows_number(rows, "links", st.st_nlink);
	rows_number(rows, "inode", st.st_ino);
	return ferror_unlocked(stdout) ? -EIO : 0;
}

static int put(struct staging_entry *e, void *arg)
{
	struct output *out = arg;

	if (!is_wanted(out, e))
		return 0;
	if (e->type != DT_DIR && e->layer->origin == ORIGIN_LOCAL)
		out->unowned++;
	if (out->json)
		return print_row(e, out);
	return out->tarball ? add_to_tar(e, out) : print_path(e, out);
}

/* Whoever reads our list is about to ask the mount for what is on it. */
static void enter(const char *path, size_t n, void *arg)
{
	struct output *out = arg;

	if (out->mounted)
		primer_list(&out->primer, path, n);
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

static char *staging_of(const char *point)
{
	return text_of("%s/" VIEW_RESERVED_NAME "/staging", point);
}

static int output_open(struct output *out, const struct cmd *cmd, const struct cmd_line *line,
		       const struct state *state, const char *point)
{
	int r = take_parts(state, cmd_value(cmd, line, "without"), &out->without);

	if (r == 0)
		r = take_parts(state, cmd_value(cmd, line, "only"), &out->only);
	if (r < 0)
		return r;
	out->end = cmd_value(cmd, line, "0") ? '\0' : '\n';
	out->json = cmd_value(cmd, line, "json");
	if (cmd_value(cmd, line, "tar")) {
		if (!(out->tarball = tarball_new(STDOUT_FILENO)))
			return log_errno(-ENOMEM, CANNOT);
	} else if (!out->json && point && !isatty(STDOUT_FILENO)) {
		out->mounted = staging_of(point);
		if (!out->mounted)
			return log_errno(-ENOMEM, CANNOT);
		out->primer.root = out->mounted;
	}
	return 0;
}

/* Write all of it; `view` is what staging is this time. */
static int write_out(struct xs *xs, struct view *view, struct output *out)
{
	const struct staging_visitor visitor = { put, enter, out };
	int r;

	if (out->json)
		rows_begin(&out->rows);
	r = staging_walk(view, xs->state, &visitor);
	if (r == 0 && out->json)
		r = rows_end(&out->rows);
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
		r = output_open(&out, cmd, &line, xs->state, where.point);
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
		{ '0', "null", NULL, "end paths with NUL, for rsync --from0", NULL },
		{ 0, "tar", NULL, "write a reproducible tar archive, owned by root but for what was given away", NULL },
		{ 0, "no-local", NULL, "leave out what was written by hand", NULL },
		{ 0, "without", "PART,...", "leave out these parts of packages, 'dev,doc' say", "part," },
		{ 0, "only", "PART,...", "list only these parts, 'runtime' say", "part," },
	},
};
