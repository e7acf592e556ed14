// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/client/where.h"
#include "fs/cmd/cmd.h"
#include "fs/cmd/record.h"
#include "fs/store/layer.h"
#include "fs/store/parts.h"
#include "fs/store/state.h"
#include "fs/store/tree.h"
#include "fs/xs/xs.h"

struct listing {
	const struct layer *layer;
	const char *part; /* only this; NULL: all */
	char end;
	struct rows *rows; /* NULL: not as JSON */
};

static int put_row(struct rows *rows, const struct layer *layer, const struct tree_entry *e)
{
	autofree char *part = parts_of(layer_parts(layer), e->path, S_ISLNK(e->st.st_mode));
	int r = part ? 0 : -ENOMEM;

	rows_add(rows);
	if (r < 0 || (r = rows_text(rows, "path", e->path)) < 0 ||
	    (r = rows_text(rows, "package", layer_package(layer))) < 0 ||
	    (r = rows_text(rows, "type", tree_type_name(e->st.st_mode))) < 0)
		return r;
	if (S_ISREG(e->st.st_mode))
		rows_number(rows, "bytes", e->st.st_size);
	return rows_text(rows, "part", part);
}

/* An empty directory is something that a package brings; any other shows by what is in it. */
static int print_file(const struct tree_entry *e, void *arg)
{
	const struct listing *l = arg;
	const struct layer *layer = l->layer;

	if (e->whiteout ||
	    (l->part && !parts_is(layer_parts(layer), e->path, S_ISLNK(e->st.st_mode), l->part)))
		return 0;
	if (S_ISDIR(e->st.st_mode)) {
		autostrv struct strv names = { 0 };
		int r = tree_names(layer, e->path, &names);

		if (r < 0 || names.n)
			return r;
	}
	if (l->rows)
		return put_row(l->rows, layer, e);
	cmd_print_name(e->path, l->end);
	return ferror(stdout) ? -EIO : 0;
}

static int list_files(const struct state *state, const char *name, struct listing *listing)
{
	int r;

	listing->layer = strcmp(name, "local") == 0 ? state->local : state_find(state, name);
	if (!listing->layer)
		return cmd_no_package(state, name);
	r = tree_walk(listing->layer, print_file, listing);
	return r < 0 ? log_errno(r, "cannot list the files of '%s'", name) : 0;
}

static int run_files(const struct cmd *cmd, int argc, char **argv)
{
	autowhere struct where where = { 0 };
	struct listing listing = { 0 };
	struct xs *xs = NULL;
	struct rows rows;
	struct cmd_line line;
	int r;

	if (cmd_parse(cmd, argc, argv, 1, -1, &line))
		return CMD_USAGE;
	if (where_open_given(cmd_value(cmd, &line, "C"), &where, &xs) < 0)
		return CMD_FAILED;
	listing.part = cmd_value(cmd, &line, "part");
	listing.end = cmd_value(cmd, &line, "0") ? '\0' : '\n';
	if (cmd_value(cmd, &line, "json"))
		rows_begin(listing.rows = &rows);
	r = 0;
	for (int i = 0; r == 0 && i < line.argc; i++)
		r = list_files(xs->state, line.argv[i], &listing);
	if (r == 0 && listing.rows && (r = rows_end(listing.rows)) < 0)
		log_errno(r, "cannot write");
	xs_free(xs);
	return r < 0 ? CMD_FAILED : CMD_DONE;
}

const struct cmd cmd_files = {
	.name = "files",
	.args = "P...",
	.summary = "list the paths of packages",
	.text = "Relative to the root: files, links, and directories with nothing in them. P may "
		"be 'local'.",
	.takes = "package =local",
	.run = run_files,
	.options = {
		CMD_WHERE,
		CMD_JSON,
		CMD_ZERO,
		{ 0, "part", "PART", "only those of this part", "part" },
	},
};
