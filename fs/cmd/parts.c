// SPDX-License-Identifier: GPL-2.0-or-later
/* parts.c - parts: what a package is made of, and the rules that say so. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/size.h"
#include "fs/client/control.h"
#include "fs/client/where.h"
#include "fs/cmd/cmd.h"
#include "fs/cmd/record.h"
#include "fs/store/layer.h"
#include "fs/store/meta.h"
#include "fs/store/parts.h"
#include "fs/store/state.h"
#include "fs/store/tree.h"
#include "fs/xs/xs.h"

enum { RULES_MAX = 256 * 1024 };

/* All of it, from anything that can be read. */
static int read_rules(const char *path, char **ret)
{
	autoclose FILE *f =
		strcmp(path, "-") == 0 ? fdopen(dup(STDIN_FILENO), "r") : fopen(path, "re");
	autofree char *text = f ? malloc(RULES_MAX) : NULL;
	size_t n;

	if (!text)
		return f ? -ENOMEM : -errno;
	n = fread(text, 1, RULES_MAX - 1, f);
	text[n] = '\0';
	if (ferror(f))
		return -errno;
	if (!feof(f))
		return -EFBIG;
	*ret = take_ptr(text);
	return strlen(*ret) == n ? 0 : -EBADMSG;
}

int cmd_read_parts(const char *path, struct parts *parts)
{
	autofree char *text = NULL;
	unsigned line = 0;
	int r = read_rules(path, &text);

	if (r < 0)
		return log_errno(r, "cannot read the rules in '%s'", path);
	r = parts_parse(parts, text, &line);
	if (r == -EINVAL)
		log_error("%s:%u: this is no rule: write PART PATTERN, 'leave-out PATTERN' or "
			  "'without PART'",
			  path, line);
	else if (r == -E2BIG)
		log_error("%s:%u: there are more than %d rules", path, line, PARTS_MAX_RULES);
	return r == -ENOMEM ? log_errno(r, "%s", path) : r;
}

/* ---- showing ---- */

struct count {
	const char *name;
	bool staged; /* all of it */
	uint64_t files, bytes;
};

struct counts {
	const struct parts *parts;
	struct count *v;
	size_t n;
};

static int count_file(const struct tree_entry *e, void *arg)
{
	const struct counts *c = arg;
	bool is_link = S_ISLNK(e->st.st_mode);

	if (e->whiteout || S_ISDIR(e->st.st_mode))
		return 0;
	for (size_t i = 0; i < c->n; i++) {
		struct count *one = &c->v[i];

		if (!parts_is(c->parts, e->path, is_link, one->name))
			continue;
		one->files++;
		one->bytes += S_ISREG(e->st.st_mode) ? e->st.st_size : 0;
		one->staged = one->staged && parts_stages(c->parts, e->path, is_link);
	}
	return 0;
}

/* As JSON, when there are rows; else for people. */
static int print_count(const struct layer *layer, const struct count *c, struct rows *rows)
{
	char size[SIZE_SAID];
	int r;

	if (!rows) {
		printf("%-12s %6" PRIu64 " files  %8s%s\n", c->name, c->files,
		       size_said((double)c->bytes, size), c->staged ? "" : "  not all staged");
		return 0;
	}
	rows_add(rows);
	if ((r = rows_text(rows, "package", layer_package(layer))) < 0 ||
	    (r = rows_text(rows, "part", c->name)) < 0)
		return r;
	rows_number(rows, "files", (int64_t)c->files);
	rows_number(rows, "bytes", (int64_t)c->bytes);
	rows_bool(rows, "staged", c->staged);
	return 0;
}

static int show(const struct layer *layer, struct rows *rows)
{
	autostrv struct strv names = { 0 };
	autofree struct count *v = NULL;
	struct counts c = { .parts = layer_parts(layer) };
	int r = parts_names(c.parts, &names);

	v = calloc(names.n + 1, sizeof(*v));
	if (r < 0 || !v)
		return -ENOMEM;
	c.v = v;
	for (; c.n < names.n; c.n++)
		v[c.n] = (struct count){ .name = names.v[c.n], .staged = true };
	r = tree_walk(layer, count_file, &c);
	for (size_t i = 0; r == 0 && i < c.n; i++)
		r = print_count(layer, &v[i], rows);
	return r;
}

static int show_rules(const struct layer *layer, struct rows *rows)
{
	int r = 0;

	strv_foreach (rule, &layer_parts(layer)->rules) {
		if (!rows) {
			cmd_print_name(*rule, '\n');
			continue;
		}
		rows_add(rows);
		if ((r = rows_text(rows, "package", layer_package(layer))) < 0 ||
		    (r = rows_text(rows, "rule", *rule)) < 0)
			break;
	}
	return r;
}

static int show_one(const struct state *state, const char *package, bool rules, struct rows *rows)
{
	const struct layer *layer = state_find(state, package);
	int r;

	if (!layer)
		return cmd_no_package(state, package);
	r = rules ? show_rules(layer, rows) : show(layer, rows);
	return r < 0 ? log_errno(r, "cannot tell the parts of '%s'", package) : 0;
}

static int run_show(const struct cmd *cmd, const struct cmd_line *line)
{
	autowhere struct where where = { 0 };
	struct rows rows = { 0 }, *json = cmd_value(cmd, line, "json") ? &rows : NULL;
	struct xs *xs = NULL;
	int r = where_open_given(cmd_value(cmd, line, "C"), &where, &xs);

	if (r < 0)
		return r;
	if (json)
		rows_begin(json);
	for (int i = 0; r == 0 && i < line->argc; i++) {
		if (!json && line->argc > 1)
			printf("%s%s\n", i ? "\n" : "", line->argv[i]);
		r = show_one(xs->state, line->argv[i], cmd_value(cmd, line, "rules"), json);
	}
	if (r == 0 && json && (r = rows_end(json)) < 0)
		log_errno(r, "cannot write");
	xs_free(xs);
	return r;
}

/* ---- setting ---- */

static int set_offline(const struct where *where, const char *package, const struct parts *parts,
		       char **problem)
{
	struct state *state = NULL;
	int r = state_open(where->state, true, &state, problem);

	if (r == 0)
		r = state_set_parts(state, package, parts, problem);
	state_close(state);
	return r;
}

static int set_online(int control, const char *package, const struct parts *parts, char **problem)
{
	autokv struct kv request = { 0 };
	autokv struct kv reply = { 0 };
	int r;

	kv_set(&request, "verb", "parts");
	kv_set(&request, "package", package);
	parts_to_kv(parts, &request);
	r = control_call(control, &request, &reply, NULL);
	if (r < 0 && kv_get(&reply, "message"))
		*problem = strdup(kv_get(&reply, "message"));
	return r;
}

static int run_set(const char *given, const char *package, const char *file)
{
	cleanup(parts_release) struct parts parts = { 0 };
	autowhere struct where where = { 0 };
	autofree char *problem = NULL;
	autofd int control = -1;
	int r = cmd_read_parts(file, &parts);

	if (r == 0)
		r = where_find(given, &where);
	if (r < 0)
		return r;
	control = where_connect(&where);
	r = control >= 0	   ? set_online(control, package, &parts, &problem)
	    : control == -ENOTCONN ? set_offline(&where, package, &parts, &problem)
				   : control;
	return r < 0 ? where_say_failed(&where, r, problem, "set the parts of '%s'", package) : 0;
}

static int run_parts(const struct cmd *cmd, int argc, char **argv)
{
	struct cmd_line line;
	const char *file;
	int r;

	if (cmd_parse(cmd, argc, argv, 1, -1, &line))
		return CMD_USAGE;
	file = cmd_value(cmd, &line, "set");
	if (file && line.argc > 1)
		return cmd_usage(cmd, "--set is for one package at a time");
	r = file ? run_set(cmd_value(cmd, &line, "C"), line.argv[0], file) : run_show(cmd, &line);
	return r < 0 ? CMD_FAILED : CMD_DONE;
}

const struct cmd cmd_parts = {
	.name = "parts",
	.args = "P...",
	.summary = "say which parts packages have: runtime, dev, doc and so on",
	.text = "By rules that came with each, a line each, of which the first that fits decides: "
		"'PART PATTERN', 'leave-out PATTERN' (is not staged), 'without PART' (none of it "
		"is staged). A pattern is relative to the root; its '*' also matches '/', and '@' "
		"at its end means symlinks only. What no rule takes is of the part 'runtime'.",
	.takes = "package",
	.run = run_parts,
	.options = {
		CMD_WHERE,
		CMD_JSON,
		{ 0, "rules", NULL, "print the rules", NULL },
		{ 0, "set", "FILE", "have other rules, those in FILE ('-': stdin)", "file" },
	},
};
