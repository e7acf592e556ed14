// SPDX-License-Identifier: GPL-2.0-or-later
/* complete.c - what a command line may go on with, for the completion of bash, zsh and fish: these
 * hand over the words and take the answers, so that all of them know what the tables know. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/client/mounts.h"
#include "fs/client/where.h"
#include "fs/cmd/cmd.h"
#include "fs/store/layer.h"
#include "fs/store/meta.h"
#include "fs/store/parts.h"
#include "fs/store/state.h"

struct completion {
	struct cmd *builders;
	size_t n_builders;
	const struct cmd *cmd;		/* NULL: it is to be named yet */
	const struct cmd_option *value; /* whose value comes next */
	const char *where;		/* -C */
	const char *places[16];		/* --recipes DIR, --boards DIR: where the builder looks */
	size_t n_places;
	bool only_arguments; /* behind "--" */
	bool inside;	     /* in the command that `run` is to run */
	const char *word;    /* what is completed */
	int kept;	     /* as much of its beginning is no part of the name */
};

static void completion_release(struct completion *c)
{
	free(c->builders);
}

static void answer(const struct completion *c, const char *name, const char *about)
{
	if (strncmp(name, c->word + c->kept, strlen(c->word + c->kept)) != 0)
		return;
	printf("%.*s", c->kept, c->word);
	cmd_print_name(name, '\t');
	cmd_print_name(about ? about : "", '\n');
}

/* ---- what there is ---- */

/* Recipes or boards: the builder knows them, a line each. */
static void complete_builders(const struct completion *c, const char *kind)
{
	const char *question[20] = { "names", kind };
	autofree char *text = NULL;
	char *rest, *line;

	memcpy(question + 2, c->places, c->n_places * sizeof(*c->places));
	if (cmd_ask_builder(question, &text) < 0)
		return;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		char *name = strsep(&line, "\t");

		if (*name)
			answer(c, name, line);
	}
}

static void complete_mounts(const struct completion *c)
{
	automounts struct mounts mounts = { 0 };
	autostrv struct strv points = { 0 }; /* one may be there several times, in parts */

	if (mounts_read(&mounts) < 0)
		return;
	for (size_t i = 0; i < mounts.points.n; i++)
		if (mounts.facts[i].user == geteuid())
			strv_add(&points, mounts.points.v[i]);
	strv_sort(&points);
	strv_uniq(&points);
	strv_foreach (point, &points)
		answer(c, *point, "mount");
}

static void complete_parts(const struct completion *c, const struct state *state)
{
	autostrv struct strv names = { 0 };

	for (size_t i = 0; i < state->n; i++)
		parts_names(layer_parts(state->stack[i]), &names);
	strv_sort(&names);
	strv_uniq(&names);
	strv_foreach (name, &names)
		answer(c, *name, "part");
}

static void complete_layers(const struct completion *c, const struct state *state)
{
	autostrv struct strv ids = { 0 };

	state_layers_on_disk(state, &ids);
	strv_foreach (id, &ids)
		if (strcmp(*id, "local") != 0)
			answer(c, *id, "layer");
}

/* What a state has: of the mount that would be meant. */
static void complete_state(const struct completion *c, const char *kind)
{
	autowhere struct where where = { 0 };
	autofree char *problem = NULL;
	struct state *state = NULL;

	if (where_find(c->where, &where) < 0 ||
	    state_open(where.state, false, &state, &problem) < 0)
		return;
	if (strcmp(kind, "part") == 0)
		complete_parts(c, state);
	else if (strcmp(kind, "layer") == 0)
		complete_layers(c, state);
	else
		for (size_t i = 0; i < state->n; i++)
			answer(c, state->stack[i]->meta->package, state->stack[i]->meta->version);
	state_close(state);
}

static void complete_commands(const struct completion *c)
{
	for (size_t i = 0; cmd_ours[i]; i++)
		answer(c, cmd_ours[i]->name, cmd_ours[i]->summary);
	for (size_t i = 0; i < c->n_builders; i++)
		answer(c, c->builders[i].name, c->builders[i].summary);
}

/* ---- what may come ---- */

static void complete_kind(const struct completion *c, const char *kind)
{
	if (*kind == '=')
		answer(c, kind + 1, NULL);
	else if (strcmp(kind, "command") == 0)
		complete_commands(c);
	else if (strcmp(kind, "recipe") == 0 || strcmp(kind, "board") == 0)
		complete_builders(c, kind);
	else if (strcmp(kind, "mount") == 0)
		complete_mounts(c);
	else if (strcmp(kind, "package") == 0 || strcmp(kind, "layer") == 0 ||
		 strcmp(kind, "part") == 0)
		complete_state(c, kind);
	else
		printf(":%s\n", kind); /* files, folders, programs: the shell's own */
}

/* By what a table says of a value (command.h). */
static void complete_value(struct completion *c, const char *takes)
{
	autofree char *kinds = takes ? strdup(takes) : NULL;
	size_t n = kinds ? strlen(kinds) : 0;
	char *rest = kinds, *kind;
	const char *comma;

	if (n && kinds[n - 1] == ',') {
		kinds[n - 1] = '\0';
		comma = strrchr(c->word + c->kept, ',');
		c->kept = comma ? (int)(comma + 1 - c->word) : c->kept;
	}
	while ((kind = strsep(&rest, " ")))
		complete_kind(c, kind);
}

static void complete_options(const struct completion *c)
{
	char name[64];

	for (size_t i = 0; i < cmd_count(c->cmd); i++) {
		const struct cmd_option *o = &c->cmd->options[i];

		snprintf(name, sizeof(name), "-%c", o->letter);
		if (o->letter)
			answer(c, name, o->help);
		snprintf(name, sizeof(name), "--%s", o->word ? o->word : "");
		if (o->word)
			answer(c, name, o->help);
	}
	answer(c, "-h", "help");
	answer(c, "--help", "help");
}

static const struct cmd_option *find_option(const struct cmd *cmd, const char *given)
{
	for (size_t i = 0; i < cmd_count(cmd); i++) {
		const struct cmd_option *o = &cmd->options[i];
		size_t n = strcspn(given, "=");

		if (o->letter && given[0] == '-' && given[1] == o->letter && !given[2])
			return o;
		if (o->word && strncmp(given, "--", 2) == 0 && n == strlen(o->word) + 2 &&
		    strncmp(given + 2, o->word, n - 2) == 0)
			return o;
	}
	return NULL;
}

/* ---- what was there before ---- */

static void find_command(struct completion *c, const char *name)
{
	for (size_t i = 0; cmd_ours[i]; i++)
		if (strcmp(cmd_ours[i]->name, name) == 0)
			c->cmd = cmd_ours[i];
	for (size_t i = 0; i < c->n_builders; i++)
		if (strcmp(c->builders[i].name, name) == 0)
			c->cmd = &c->builders[i];
}

/* One that the answers depend on. */
static void keep_value(struct completion *c, const struct cmd_option *o, const char *value)
{
	bool place = o->word && (strcmp(o->word, "recipes") == 0 || strcmp(o->word, "boards") == 0);

	if (o->letter == 'C')
		c->where = value;
	if (place && c->n_places + 2 < ARRAY_SIZE(c->places)) {
		c->places[c->n_places++] = *o->word == 'r' ? "--recipes" : "--boards";
		c->places[c->n_places++] = value;
	}
}

static void pass_over(struct completion *c, const char *word)
{
	const char *value = strchr(word, '=');

	if (c->inside)
		return;
	if (c->value) {
		keep_value(c, c->value, word);
		c->value = NULL;
	} else if (!c->cmd && *word != '-') {
		find_command(c, word);
		c->inside = !c->cmd; /* nothing is known of it */
	} else if (c->cmd && strcmp(word, "--") == 0) {
		c->only_arguments = true;
		c->inside = c->cmd->takes_command;
	} else if (*word != '-' || c->only_arguments) {
		c->inside = c->cmd->takes_command;
	} else {
		static const struct cmd first = { .options = { CMD_WHERE } };

		c->value = find_option(c->cmd ? c->cmd : &first, word);
		if (c->value && c->value->arg && value && word[1] == '-')
			keep_value(c, c->value, value + 1);
		if (c->value && (!c->value->arg || (value && word[1] == '-')))
			c->value = NULL;
	}
}

static void complete_word(struct completion *c)
{
	const struct cmd_option *option;
	const char *equals = strchr(c->word, '=');

	if (c->inside) {
		puts(c->cmd ? ":program" : ":file");
	} else if (c->value) {
		complete_value(c, c->value->takes);
	} else if (!c->cmd) {
		complete_commands(c);
		answer(c, "-C", "the mount, state folder or board that is meant");
		answer(c, "--help", "help");
		answer(c, "--version", "the version");
	} else if (*c->word == '-' && equals && !c->only_arguments) {
		option = find_option(c->cmd, c->word);
		c->kept = (int)(equals + 1 - c->word);
		if (option)
			complete_value(c, option->takes);
	} else if (*c->word == '-' && !c->only_arguments) {
		complete_options(c);
	} else if (c->cmd->takes_command) {
		puts(":program");
	} else {
		complete_value(c, c->cmd->takes);
	}
}

static void say_nothing(void *arg, const char *line)
{
	(void)arg;
	(void)line;
}

int cmd_complete(int argc, char **argv)
{
	cleanup(completion_release) struct completion c = { .word = argc ? argv[argc - 1] : "" };

	log_redirect(say_nothing, NULL); /* nobody has asked for anything yet */
	cmd_builders(&c.builders, &c.n_builders);
	for (int i = 0; i + 1 < argc; i++)
		pass_over(&c, argv[i]);
	complete_word(&c);
	return CMD_DONE;
}
