// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/base/usage.h"

#include <ctype.h>
#include <string.h>

#include "fs/base/command.h"

enum { WIDTH = 78, OPTION = 24 };

static const struct cmd_option help_option = { 'h', "help", NULL, "print this", NULL };

void usage_paragraph(FILE *to, const char *text, int indent, int at)
{
	int column = at;

	while (*(text += strspn(text, " "))) {
		int n = strcspn(text, " ");

		if (column > indent && column + 1 + n > WIDTH) {
			putc('\n', to);
			column = 0;
		}
		if (column < indent)
			column += fprintf(to, "%*s", indent - column, "");
		else if (column > indent)
			column += fprintf(to, " ");
		column += fprintf(to, "%.*s", n, text);
		text += n;
	}
	putc('\n', to);
}

static void option_name(const struct cmd_option *o, char *buf, size_t size)
{
	char letter[3] = { '-', o->letter, '\0' };

	snprintf(buf, size, "%s%s%s%s%s%s", o->letter ? letter : "",
		 o->letter && o->word ? ", " : "", o->word ? "--" : "", o->word ? o->word : "",
		 o->arg ? " " : "", o->arg ? o->arg : "");
}

static void print_option(FILE *to, const struct cmd_option *o)
{
	char name[64];
	int column;

	option_name(o, name, sizeof(name));
	column = fprintf(to, "  %s%s", o->letter ? "" : "    ", name);
	if (column >= OPTION) {
		putc('\n', to);
		column = 0;
	}
	usage_paragraph(to, o->help, OPTION, column);
}

void usage_print(FILE *to, const struct cmd *cmd)
{
	usage_paragraph(to, cmd->summary, 0, 0);
	fprintf(to, "\nusage: xsysfs %s%s%s%s\n", cmd->name, cmd_count(cmd) ? " [OPTIONS]" : "",
		*cmd->args ? " " : "", cmd->args);
	if (*cmd->text) {
		putc('\n', to);
		usage_paragraph(to, cmd->text, 0, 0);
	}
	putc('\n', to);
	for (size_t i = 0; i < cmd_count(cmd); i++)
		print_option(to, &cmd->options[i]);
	print_option(to, &help_option);
}

/* A hyphen that is one, no leading dot, no backslash. */
void usage_troff(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == '-')
			fputs("\\-", stdout);
		else if (*text == '\\')
			fputs("\\e", stdout);
		else
			putchar(*text);
	}
	putchar('\n');
}

static void man_option(const struct cmd_option *o)
{
	char name[64];

	option_name(o, name, sizeof(name));
	fputs(".TP\n.B ", stdout);
	usage_troff(name);
	usage_troff(o->help);
}

void usage_man_options(const struct cmd *cmd)
{
	for (size_t i = 0; i < cmd_count(cmd); i++)
		man_option(&cmd->options[i]);
}

void usage_man(const struct cmd *cmd)
{
	fputs(".TH XSYSFS\\-", stdout);
	for (const char *p = cmd->name; *p; p++)
		putchar(toupper((unsigned char)*p));
	printf(" 1 \"\" \"xsysfs " VERSION "\"\n.SH NAME\nxsysfs\\-%s \\- ", cmd->name);
	usage_troff(cmd->summary);
	printf(".SH SYNOPSIS\n.B xsysfs %s\n%s", cmd->name, cmd_count(cmd) ? "[OPTIONS]\n" : "");
	if (*cmd->args)
		usage_troff(cmd->args);
	puts(".SH DESCRIPTION");
	usage_troff(*cmd->text ? cmd->text : cmd->summary);
	puts(".SH OPTIONS");
	usage_man_options(cmd);
	man_option(&help_option);
	puts(".SH EXIT STATUS\n0 done, 1 failed, 2 wrong usage.\n.SH SEE ALSO\n.BR xsysfs (1)");
}
