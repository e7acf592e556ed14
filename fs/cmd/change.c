// SPDX-License-Identifier: GPL-2.0-or-later
/* change.c - remove, rollback, gc: by the daemon when one is there, else on the state itself.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/size.h"
#include "fs/client/control.h"
#include "fs/client/where.h"
#include "fs/cmd/cmd.h"
#include "fs/cmd/record.h"
#include "fs/store/layer.h"
#include "fs/store/meta.h"
#include "fs/store/state.h"

struct change {
	const char *verb, *key, *value; /* as the daemon is asked; NULL: all that there is */
	int (*offline)(struct state *state, const char *value, struct strv *gone, char **problem);
	const char *what; /* for messages: "cannot WHAT" */
	bool silent;	  /* none: it is tried again */
};

static int remove_offline(struct state *state, const char *package, struct strv *gone,
			  char **problem)
{
	(void)gone;
	return state_remove(state, package, problem);
}

static int rollback_offline(struct state *state, const char *package, struct strv *gone,
			    char **problem)
{
	(void)gone;
	return state_rollback(state, package, problem);
}

static int restore_offline(struct state *state, const char *layer, struct strv *gone,
			   char **problem)
{
	(void)gone;
	return state_restore(state, layer, problem);
}

static int gc_offline(struct state *state, const char *package, struct strv *gone, char **problem)
{
	struct strv none = { 0 };

	(void)package;
	(void)problem;
	return state_gc(state, &none, gone);
}

static int change_offline(const struct where *where, const struct change *change, struct strv *gone,
			  char **problem)
{
	struct state *state = NULL;
	int r = state_open(where->state, true, &state, problem);

	if (r < 0)
		return r;
	r = change->offline(state, change->value, gone, problem);
	state_close(state);
	return r;
}

/* 0 or -errno, said. */
static int make_change(const struct where *where, const struct change *change, struct strv *gone)
{
	autofree char *problem = NULL;
	autokv struct kv reply = { 0 };
	const char *message, *left = NULL;
	int r;

	r = where_ask(where, change->verb, change->key, change->value, &reply);
	message = kv_get(&reply, "message");
	if (r == -ENOTCONN) {
		r = change_offline(where, change, gone, &problem);
		message = problem;
	} else {
		control_list(&reply, "gone", gone);
		left = kv_get(&reply, "gone.left");
	}
	if (r < 0 && !change->silent)
		where_say_failed(where, r, message, "%s", change->what);
	if (left)
		log_note("%s more are gone", left);
	return r;
}

/* What is there, to tell of it. 0 or -errno, said. */
static int look(const struct where *where, struct state **ret)
{
	autofree char *problem = NULL;
	int r = state_open(where->state, false, ret, &problem);

	if (r < 0 && problem)
		return log_error("%s", problem);
	return r < 0 ? log_errno(r, "cannot open the state '%s'", where->state) : 0;
}

/* ---- remove ---- */

/* What needs others stands above them: from the top down nothing is needed any more. */
static int sort_down(const struct state *state, char **names, int n)
{
	int sorted = 0;

	for (int i = 0; i < n; i++)
		if (!state_find(state, names[i]))
			return cmd_no_package(state, names[i]);
	for (size_t at = state->n; at-- > 0;)
		for (int i = sorted; i < n; i++)
			if (strcmp(names[i], state->stack[at]->meta->package) == 0) {
				char *name = names[i];

				names[i] = names[sorted];
				names[sorted++] = name;
			}
	return 0;
}

static int remove_one(const struct where *where, const struct state *before, const char *name)
{
	const struct change change = { .verb = "remove",
				       .key = "package",
				       .value = name,
				       .offline = remove_offline,
				       .what = cmd_remove.summary };
	const struct meta *meta = state_find(before, name)->meta;
	autostrv struct strv gone = { 0 };
	char size[SIZE_SAID];
	int r = make_change(where, &change, &gone);

	if (r == 0)
		log_note("removed %s %s: %ju files, %s ('xsysfs rollback %s' brings it back)", name,
			 meta->version, (uintmax_t)meta->files,
			 size_said((double)meta->bytes, size), name);
	return r;
}

static int run_remove(const struct cmd *cmd, int argc, char **argv)
{
	autowhere struct where where = { 0 };
	struct state *before = NULL;
	struct cmd_line line;
	int r;

	if (cmd_parse(cmd, argc, argv, 1, -1, &line))
		return CMD_USAGE;
	r = where_find(cmd_value(cmd, &line, "C"), &where);
	if (r == 0)
		r = look(&where, &before);
	if (r == 0)
		r = sort_down(before, line.argv, line.argc);
	for (int i = 0; r == 0 && i < line.argc; i++)
		if (i == 0 || strcmp(line.argv[i], line.argv[i - 1]) != 0)
			r = remove_one(&where, before, line.argv[i]);
	state_close(before);
	return r < 0 ? CMD_FAILED : CMD_DONE;
}

/* ---- rollback ---- */

/* The package of which there is another layer now. */
static void tell_rollback(const struct state *before, const struct state *after)
{
	for (size_t i = 0; i < after->n; i++) {
		const struct meta *now = after->stack[i]->meta;
		const struct layer *was = state_find(before, now->package);
		char size[SIZE_SAID];

		if (was && strcmp(was->id, after->stack[i]->id) == 0)
			continue;
		log_note("%s is %s again%s%s%s: %ju files, %s", now->package, now->version,
			 was ? " (it was " : "", was ? was->meta->version : "", was ? ")" : "",
			 (uintmax_t)now->files, size_said((double)now->bytes, size));
	}
}

static int rollback(const struct where *where, const struct change *change)
{
	struct state *before = NULL, *after = NULL;
	autostrv struct strv gone = { 0 };
	int r = look(where, &before);

	if (r == 0)
		r = make_change(where, change, &gone);
	if (r == 0)
		r = look(where, &after);
	if (r == 0)
		tell_rollback(before, after);
	state_close(before);
	state_close(after);
	return r;
}

/* Those of `names` that are not done yet, of which nothing is said if they are to be tried again.
 * How many went back, and how many did not. */
static size_t rollback_round(const struct where *where, struct strv *names, bool silent,
			     size_t *failed)
{
	struct change change = { .verb = "rollback",
				 .key = "package",
				 .offline = rollback_offline,
				 .what = cmd_rollback.summary,
				 .silent = silent };
	size_t done = 0;

	*failed = 0;
	strv_foreach (name, names) {
		if (!**name)
			continue;
		change.value = *name;
		if (rollback(where, &change) < 0) {
			++*failed;
			continue;
		}
		**name = '\0';
		done++;
	}
	return done;
}

/* Each by itself, those that others need first, in whatever order they are named. */
static int rollback_all(const struct where *where, char **argv, int n)
{
	autostrv struct strv names = { 0 };
	size_t failed = n;

	for (int i = 0; i < n; i++)
		if (!*argv[i])
			return log_error("a package has a name");
		else if (!strv_has(&names, argv[i]) && strv_add(&names, argv[i]) < 0)
			return log_errno(-ENOMEM, "cannot %s", cmd_rollback.summary);
	while (names.n > 1 && failed && rollback_round(where, &names, true, &failed))
		;
	if (failed)
		rollback_round(where, &names, false, &failed);
	return failed ? -EINVAL : 0;
}

static int run_rollback(const struct cmd *cmd, int argc, char **argv)
{
	autowhere struct where where = { 0 };
	struct change restore = {
		.verb = "restore", .key = "layer", .offline = restore_offline, .what = cmd->summary
	};
	struct cmd_line line;
	int r;

	if (cmd_parse(cmd, argc, argv, 0, -1, &line))
		return CMD_USAGE;
	restore.value = cmd_value(cmd, &line, "to");
	if (!restore.value == !line.argc)
		return cmd_usage(cmd, "it is either packages or --to LAYER");
	r = where_find(cmd_value(cmd, &line, "C"), &where);
	if (r == 0)
		r = restore.value ? rollback(&where, &restore)
				  : rollback_all(&where, line.argv, line.argc);
	return r < 0 ? CMD_FAILED : CMD_DONE;
}

/* ---- gc ---- */

/* Layers that the stack does not name, with what is known of them. */
struct olds {
	struct layer **v;
	size_t n;
};

static void olds_release(struct olds *olds)
{
	for (size_t i = 0; i < olds->n; i++)
		layer_unref(olds->v[i]);
	free(olds->v);
}

static int olds_find(struct olds *olds, const struct state *state)
{
	autostrv struct strv ids = { 0 };
	int r = state_layers_on_disk(state, &ids);

	olds->v = calloc(ids.n + 1, sizeof(*olds->v));
	if (r < 0 || !olds->v)
		return log_errno(r < 0 ? r : -ENOMEM, "cannot list the layers");
	strv_foreach (id, &ids)
		if (!state_find_id(state, *id) &&
		    state_open_layer(state, *id, &olds->v[olds->n]) == 0)
			olds->n++;
	return 0;
}

static int print_gone(const struct strv *gone, const struct olds *olds, bool json, uint64_t *bytes)
{
	struct rows rows;
	int r = 0;

	if (json)
		rows_begin(&rows);
	strv_foreach (id, gone) {
		const struct meta *meta = NULL;

		for (size_t i = 0; i < olds->n; i++)
			if (strcmp(olds->v[i]->id, *id) == 0)
				meta = olds->v[i]->meta;
		*bytes += meta ? meta->bytes : 0;
		if (!json) {
			puts(*id);
			continue;
		}
		rows_add(&rows);
		if (rows_text(&rows, "layer", *id) < 0 ||
		    rows_text(&rows, "package", meta ? meta->package : "") < 0 ||
		    rows_text(&rows, "version", meta ? meta->version : "") < 0)
			r = log_errno(-ENOMEM, "cannot tell what is gone");
		rows_number(&rows, "files", meta ? (int64_t)meta->files : 0);
		rows_number(&rows, "bytes", meta ? (int64_t)meta->bytes : 0);
	}
	return json && rows_end(&rows) < 0 ? log_errno(-EIO, "cannot write") : r;
}

static int gc(const struct where *where, const struct state *state, bool dry, bool json)
{
	const struct change change = { .verb = "gc",
				       .offline = gc_offline,
				       .what = "throw away layers" };
	cleanup(olds_release) struct olds olds = { 0 };
	autostrv struct strv gone = { 0 };
	char size[SIZE_SAID];
	uint64_t bytes = 0;
	int r = olds_find(&olds, state);

	for (size_t i = 0; r == 0 && dry && i < olds.n; i++)
		r = strv_add(&gone, olds.v[i]->id);
	if (r == 0 && !dry)
		r = make_change(where, &change, &gone);
	if (r == 0)
		r = print_gone(&gone, &olds, json, &bytes);
	if (r == 0 && gone.n)
		log_note("%zu layer%s %s, %s", gone.n, gone.n == 1 ? "" : "s",
			 dry ? "would go" : "gone", size_said((double)bytes, size));
	return r;
}

static int run_gc(const struct cmd *cmd, int argc, char **argv)
{
	autowhere struct where where = { 0 };
	struct state *state = NULL;
	struct cmd_line line;
	int r;

	if (cmd_parse(cmd, argc, argv, 0, 0, &line))
		return CMD_USAGE;
	r = where_find(cmd_value(cmd, &line, "C"), &where);
	if (r == 0)
		r = look(&where, &state);
	if (r == 0)
		r = gc(&where, state, cmd_value(cmd, &line, "n"), cmd_value(cmd, &line, "json"));
	state_close(state);
	return r < 0 ? CMD_FAILED : CMD_DONE;
}

const struct cmd cmd_remove = {
	.name = "remove",
	.args = "P...",
	.summary = "take packages out",
	.text = "Refused while another package needs one of them. Their layers stay on disk until "
		"'gc', and 'rollback' brings them back.",
	.takes = "package",
	.run = run_remove,
	.options = { CMD_WHERE },
};

const struct cmd cmd_rollback = {
	.name = "rollback",
	.args = "P... | --to LAYER",
	.summary = "go back to the previous builds of packages",
	.text = "The layer that the present one took the place of shows again; of a package that "
		"was removed, the one that it had; or any that is on disk, by its id. Of several "
		"packages each by itself: where one fails the others go back all the same.",
	.takes = "package",
	.run = run_rollback,
	.options = { CMD_WHERE,
		     { 0, "to", "LAYER", "that layer, which 'gc' has not taken yet", "layer" } },
};

const struct cmd cmd_gc = {
	.name = "gc",
	.args = "",
	.summary = "throw away layers that no stack names",
	.text = "Prints the layers that are gone. There is no rollback to them, and no diff. What "
		"an install sees, or somebody has a file open of, stays until the next time.",
	.run = run_gc,
	.options = {
		CMD_WHERE,
		CMD_JSON,
		{ 'n', "dry-run", NULL, "print which these are, throw nothing away", NULL },
	},
};
