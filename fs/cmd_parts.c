// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd_parts.c - parts: what a package is made of, and the rules that say so. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/cmd.h"
#include "fs/control.h"
#include "fs/layer.h"
#include "fs/meta.h"
#include "fs/parts.h"
#include "fs/state.h"
#include "fs/tree.h"
#include "fs/where.h"
#include "fs/xs.h"

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

static int show(const struct layer *layer)
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
		printf("%-12s %6" PRIu64 " files  %10" PRIu64 " bytes%s\n", v[i].name, v[i].files,
		       v[i].bytes, v[i].staged ? "" : "  not all staged");
	return r;
}

static int run_show(const char *given, const char *package, bool rules)
{
	autowhere struct where where = { 0 };
	struct xs *xs = NULL;
	const struct layer *layer;
	int r = where_open_given(given, &where, &xs);

	if (r < 0)
		return r;
	layer = state_find(xs->state, package);
	if (!layer)
		r = log_error("there is no package '%s'", package);
	else if (rules)
		strv_foreach (rule, &layer_parts(layer)->rules)
			puts(*rule);
	else if ((r = show(layer)) < 0)
		log_errno(r, "cannot tell the parts of '%s'", package);
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
	int r = kv_set(&request, "verb", "parts");

	if (r == 0)
		r = kv_set(&request, "package", package);
	if (r == 0)
		r = parts_to_kv(parts, &request);
	if (r == 0)
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
	if (r < 0 && problem)
		log_error("%s", problem);
	else if (r < 0)
		log_errno(r, "cannot set the parts of '%s'", package);
	return r;
}

static int run_parts(const struct cmd *cmd, int argc, char **argv)
{
	const char *given, *file;
	struct cmd_line line;
	int r;

	if (cmd_parse(cmd, argc, argv, 1, 1, &line))
		return CMD_USAGE;
	given = cmd_value(cmd, &line, "C");
	file = cmd_value(cmd, &line, "set");
	r = file ? run_set(given, line.argv[0], file)
		 : run_show(given, line.argv[0], cmd_value(cmd, &line, "rules"));
	return r < 0 ? CMD_FAILED : CMD_DONE;
}

const struct cmd cmd_parts = {
	.name = "parts",
	.args = "P",
	.summary = "say which parts a package has: runtime, dev, doc and so on",
	.text = "By rules that came with it, a line each, of which the first that fits decides: "
		"'PART PATTERN', 'leave-out PATTERN' (is not staged), 'without PART' (none of it "
		"is staged). A pattern is relative to the root; its '*' also matches '/', and '@' "
		"at its end means symlinks only. What no rule takes is of the part 'runtime'.",
	.run = run_parts,
	.options = {
		CMD_WHERE,
		{ 0, "rules", NULL, "print the rules" },
		{ 0, "set", "FILE", "have other rules, those in FILE ('-': stdin)" },
	},
};
