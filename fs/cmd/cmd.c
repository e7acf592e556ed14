// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/cmd/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/tame.h"
#include "fs/store/state.h"

void cmd_print_name(const char *name, char end)
{
	static int terminal = -1; /* not known yet */
	autofree char *tamed = NULL;

	if (terminal < 0)
		terminal = isatty(STDOUT_FILENO);
	if (end && terminal) {
		tamed = strdup(name);
		if (!tamed)
			return;
		tame(tamed);
		name = tamed;
	}
	fputs_unlocked(name, stdout); /* there is one thread, and many names */
	putchar_unlocked(end);
}

int cmd_no_package(const struct state *state, const char *name)
{
	autofree char *problem = NULL;

	state_no_package(state, name, &problem);
	log_error("%s", problem ? problem : name);
	return -ENOENT;
}

static int set(void *arg, size_t place, const char *value)
{
	struct cmd_line *line = arg;

	line->values[place] = value;
	return 0;
}

int cmd_parse(const struct cmd *cmd, int argc, char **argv, int min, int max, struct cmd_line *ret)
{
	int first, r;

	*ret = (struct cmd_line){ 0 };
	r = cmd_each(cmd, argc, argv, set, ret, &first);
	if (r)
		return r;
	ret->argc = argc - first;
	ret->argv = argv + first;
	if (ret->argc < min)
		return cmd_usage(cmd, "an argument is missing: %s", cmd->args);
	if (max >= 0 && ret->argc > max)
		return cmd_usage(cmd, "there is an argument too many: '%s'", ret->argv[max]);
	return 0;
}

const char *cmd_value(const struct cmd *cmd, const struct cmd_line *line, const char *word)
{
	for (size_t i = 0; i < cmd_count(cmd); i++) {
		const struct cmd_option *o = &cmd->options[i];

		if ((o->word && strcmp(o->word, word) == 0) ||
		    (o->letter == word[0] && word[1] == '\0'))
			return line->values[i];
	}
	return NULL;
}
