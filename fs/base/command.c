// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/base/command.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/text.h"
#include "fs/base/log.h"
#include "fs/base/near.h"

enum {
	FIRST_LONG = 256, /* getopt's value of an option without a letter, plus its place */
	HELP = FIRST_LONG + CMD_MAX_OPTIONS,
};

size_t cmd_count(const struct cmd *cmd)
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
	text = text_of_list(fmt, ap);
	va_end(ap);
	log_error("%s: %s (see 'xsysfs help %s')", cmd->name, text ? text : "wrong usage",
		  cmd->name);
	return CMD_USAGE;
}

int cmd_end(int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (errno)
		log_errno(-errno, "cannot write to stdout");
	else /* why, only the write that failed has known */
		log_error("cannot write to stdout");
	return status ? status : CMD_FAILED;
}

/* getopt's two descriptions of what we describe once. */
struct forms {
	char letters[2 * CMD_MAX_OPTIONS + 4];
	struct option words[CMD_MAX_OPTIONS + 2];
};

static void describe(const struct cmd *cmd, struct forms *f)
{
	char *letters = f->letters;
	struct option *words = f->words;

	if (cmd->takes_command)
		*letters++ = '+';
	*letters++ = ':';
	*letters++ = 'h';
	for (size_t i = 0; i < cmd_count(cmd); i++) {
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
	*words++ = (struct option){ "help", no_argument, NULL, HELP };
	*words = (struct option){ 0 };
}

static size_t place_of(const struct cmd *cmd, int c)
{
	if (c >= FIRST_LONG)
		return c - FIRST_LONG;
	for (size_t i = 0; i < cmd_count(cmd); i++)
		if (cmd->options[i].letter == c)
			return i;
	return 0;
}

static int refuse(const struct cmd *cmd, const char *given)
{
	const char *known[CMD_MAX_OPTIONS + 1] = { NULL };
	autofree char *word = strndup(given, strcspn(given, "="));
	const char *near = NULL;
	size_t n = 0;

	for (size_t i = 0; i < cmd_count(cmd); i++)
		if (cmd->options[i].word)
			known[n++] = cmd->options[i].word;
	if (word && strncmp(word, "--", 2) == 0)
		near = near_word(word + 2, known);
	if (!near)
		return cmd_usage(cmd, "there is no option '%s'", given);
	log_error("%s: there is no option '%s' (did you mean '--%s'?)", cmd->name, word, near);
	return CMD_USAGE;
}

int cmd_each(const struct cmd *cmd, int argc, char **argv, cmd_set_fn set, void *arg, int *first)
{
	struct forms forms = { 0 };
	int c, r;

	describe(cmd, &forms);
	optind = 0;
	while ((c = getopt_long(argc, argv, forms.letters, forms.words, NULL)) != -1) {
		if (c == '?')
			return refuse(cmd, argv[optind - 1]);
		if (c == ':')
			return cmd_usage(cmd, "option '%s' wants a value", argv[optind - 1]);
		if (c == HELP || c == 'h')
			continue;
		r = set(arg, place_of(cmd, c), optarg ? optarg : "");
		if (r)
			return r;
	}
	*first = optind;
	return 0;
}

bool cmd_asks_help(const struct cmd *cmd, int argc, char **argv)
{
	struct forms forms = { 0 };
	bool asks = false;
	int c;

	describe(cmd, &forms);
	optind = 0;
	while ((c = getopt_long(argc, argv, forms.letters, forms.words, NULL)) != -1)
		asks = asks || c == HELP || c == 'h';
	return asks;
}

/* ---- for another program: a line a command, a line an option, tabs between what they have ---- */

static const char *value_of(const char *s)
{
	return s ? s : "";
}

void cmd_write(FILE *to, const struct cmd *cmd)
{
	fprintf(to, "command\t%s\t%s\t%s\t%s\t%s\n", cmd->name, cmd->args, cmd->summary, cmd->text,
		value_of(cmd->takes));
	for (size_t i = 0; i < cmd_count(cmd); i++) {
		const struct cmd_option *o = &cmd->options[i];

		fprintf(to, "option\t%.1s\t%s\t%s\t%s\t%s\n", o->letter ? &o->letter : "",
			value_of(o->word), value_of(o->arg), o->help, value_of(o->takes));
	}
}

/* NULL when it is empty, as our tables have it. */
static const char *field(char **line)
{
	const char *s = strsep(line, "\t");

	return s && *s ? s : NULL;
}

static int read_line(char *line, struct cmd *cmds, size_t *n)
{
	const char *kind = field(&line);

	if (kind && strcmp(kind, "command") == 0) {
		cmds[(*n)++] = (struct cmd){ .name = value_of(field(&line)),
					     .args = value_of(field(&line)),
					     .summary = value_of(field(&line)),
					     .text = value_of(field(&line)),
					     .takes = field(&line) };
	} else if (kind && strcmp(kind, "option") == 0 && *n &&
		   cmd_count(&cmds[*n - 1]) < CMD_MAX_OPTIONS) {
		struct cmd *cmd = &cmds[*n - 1];
		const char *letter = field(&line);

		cmd->options[cmd_count(cmd)] = (struct cmd_option){ .letter = letter ? *letter : 0,
								    .word = field(&line),
								    .arg = field(&line),
								    .help = value_of(field(&line)),
								    .takes = field(&line) };
	} else {
		return -EBADMSG;
	}
	return 0;
}

int cmd_read(const char *text, struct cmd **ret, size_t *n)
{
	size_t lines = 0, size;
	char *copy, *line;
	int r = 0;

	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	size = (lines + 1) * sizeof(**ret);
	*ret = calloc(1, size + strlen(text) + 1);
	if (!*ret)
		return -ENOMEM;
	copy = strcpy((char *)*ret + size, text);
	for (*n = 0; r == 0 && (line = strsep(&copy, "\n")) && *line;)
		r = read_line(line, *ret, n);
	if (r < 0) {
		free(*ret);
		*ret = NULL;
	}
	return r;
}
