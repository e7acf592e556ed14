// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/cmd.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"

enum { FIRST_LONG = 256 }; /* getopt's value of an option without a letter, plus its place */

static size_t count(const struct cmd *cmd)
{
	size_t n = 0;

	while (n < CMD_MAX_OPTIONS && (cmd->options[n].letter || cmd->options[n].word))
		n++;
	return n;
}

int cmd_usage(const struct cmd *cmd, const char *fmt, ...)
{
	autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	log_error("%s: %s (see 'xsysfs help %s')", cmd->name, text ? text : "wrong usage",
		  cmd->name);
	return CMD_USAGE;
}

/* getopt's two descriptions of what we describe once. */
static void describe(const struct cmd *cmd, char *letters, struct option *words)
{
	if (cmd->takes_command)
		*letters++ = '+';
	*letters++ = ':';
	for (size_t i = 0; i < count(cmd); i++) {
		const struct cmd_option *o = &cmd->options[i];

		if (o->letter) {
			*letters++ = o->letter;
			if (o->arg)
				*letters++ = ':';
		}
		if (o->word)
			*words++ =
				(struct option){ o->word, o->arg ? required_argument : no_argument,
						 NULL, FIRST_LONG + (int)i };
	}
	*letters = '\0';
	*words = (struct option){ 0 };
}

static size_t place_of(const struct cmd *cmd, int c)
{
	if (c >= FIRST_LONG)
		return c - FIRST_LONG;
	for (size_t i = 0; i < count(cmd); i++)
		if (cmd->options[i].letter == c)
			return i;
	return 0;
}

int cmd_parse(const struct cmd *cmd, int argc, char **argv, int min, int max, struct cmd_line *ret)
{
	char letters[2 * CMD_MAX_OPTIONS + 3];
	struct option words[CMD_MAX_OPTIONS + 1];
	int c;

	*ret = (struct cmd_line){ 0 };
	describe(cmd, letters, words);
	optind = 0;
	while ((c = getopt_long(argc, argv, letters, words, NULL)) != -1) {
		if (c == '?')
			return cmd_usage(cmd, "there is no option '%s'", argv[optind - 1]);
		if (c == ':')
			return cmd_usage(cmd, "option '%s' wants a value", argv[optind - 1]);
		ret->values[place_of(cmd, c)] = optarg ? optarg : "";
	}
	ret->argc = argc - optind;
	ret->argv = argv + optind;
	if (ret->argc < min)
		return cmd_usage(cmd, "an argument is missing: %s", cmd->args);
	if (max >= 0 && ret->argc > max)
		return cmd_usage(cmd, "there is an argument too many: '%s'", ret->argv[max]);
	return 0;
}

const char *cmd_value(const struct cmd *cmd, const struct cmd_line *line, const char *word)
{
	for (size_t i = 0; i < count(cmd); i++) {
		const struct cmd_option *o = &cmd->options[i];

		if ((o->word && strcmp(o->word, word) == 0) ||
		    (o->letter == word[0] && word[1] == '\0'))
			return line->values[i];
	}
	return NULL;
}
