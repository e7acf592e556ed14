// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/help.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "fs/cmd.h"

enum { WIDTH = 78 };

static const char about[] =
	"xsysfs shows the read-only sysroot of a cross toolchain as one that can be written: every "
	"package writes into a layer of its own, so each file's package is known, and what goes to "
	"the target is what no sysroot had.";

static const char files_about[] =
	"MNT/.xsysfs, which no listing shows, has the other views: build/P while P installs, "
	"packages/P with the files of one package, and staging with what goes to the target.";

/* Print a paragraph, broken at blanks. */
static void paragraph(const char *text, int indent)
{
	int column = 0;

	while (*(text += strspn(text, " "))) {
		int n = strcspn(text, " ");

		if (column && column + 1 + n > WIDTH) {
			putchar('\n');
			column = 0;
		}
		if (!column)
			column = printf("%*s%.*s", indent, "", n, text);
		else
			column += printf(" %.*s", n, text);
		text += n;
	}
	putchar('\n');
}

static bool is_end(const struct cmd_option *o)
{
	return !o->letter && !o->word;
}

static void option_name(const struct cmd_option *o, char *buf, size_t size)
{
	char letter[3] = { '-', o->letter, '\0' };

	snprintf(buf, size, "%s%s%s%s%s%s", o->letter ? letter : "",
		 o->letter && o->word ? ", " : "", o->word ? "--" : "", o->word ? o->word : "",
		 o->arg ? " " : "", o->arg ? o->arg : "");
}

void help_all(const struct cmd *const *commands)
{
	puts("usage: xsysfs [-C WHERE] COMMAND [ARGUMENTS]\n");
	paragraph(about, 0);
	puts("");
	for (; *commands; commands++)
		printf("  %-14s %s\n", (*commands)->name, (*commands)->summary);
	puts("\n'xsysfs help COMMAND' says more; WHERE is a mount point, or a state folder when\n"
	     "nothing is mounted, or left out: $XSYSFS, else the only mount there is.\n"
	     "Exit status: 0 done, 1 failed, 2 wrong usage.");
}

void help_command(const struct cmd *cmd)
{
	printf("usage: xsysfs %s%s%s%s\n\n", cmd->name, is_end(cmd->options) ? "" : " [OPTIONS]",
	       *cmd->args ? " " : "", cmd->args);
	paragraph(cmd->text, 0);
	if (!is_end(cmd->options))
		puts("");
	for (const struct cmd_option *o = cmd->options; !is_end(o); o++) {
		char name[64];

		option_name(o, name, sizeof(name));
		printf("  %-22s %s\n", name, o->help);
	}
}

/* Text for troff: a hyphen that is one, no leading dot, no backslash. */
static void troff(const char *text)
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

static void man_options(const struct cmd *cmd)
{
	for (const struct cmd_option *o = cmd->options; !is_end(o); o++) {
		char name[64];

		option_name(o, name, sizeof(name));
		fputs(".TP\n.B ", stdout);
		troff(name);
		troff(o->help);
	}
}

static void man_command(const struct cmd *cmd)
{
	fputs(".TH XSYSFS\\-", stdout);
	for (const char *p = cmd->name; *p; p++)
		putchar(toupper((unsigned char)*p));
	printf(" 1 \"\" \"xsysfs " VERSION "\"\n.SH NAME\nxsysfs\\-%s \\- ", cmd->name);
	troff(cmd->summary);
	printf(".SH SYNOPSIS\n.B xsysfs %s\n%s", cmd->name,
	       is_end(cmd->options) ? "" : "[OPTIONS]\n");
	if (*cmd->args)
		troff(cmd->args);
	puts(".SH DESCRIPTION");
	troff(cmd->text);
	if (!is_end(cmd->options))
		puts(".SH OPTIONS");
	man_options(cmd);
	puts(".SH EXIT STATUS\n0 done, 1 failed, 2 wrong usage.\n.SH SEE ALSO\n.BR xsysfs (1)");
}

static void man_all(const struct cmd *const *commands)
{
	puts(".TH XSYSFS 1 \"\" \"xsysfs " VERSION "\"\n.SH NAME\n"
	     "xsysfs \\- a writable sysroot that knows who wrote each file\n.SH SYNOPSIS\n"
	     ".B xsysfs\n[\\-C WHERE] COMMAND [ARGUMENTS]\n.SH DESCRIPTION");
	troff(about);
	puts(".PP\nWHERE is a mount point, or a state folder when nothing is mounted. Left out, it "
	     "is "
	     "$XSYSFS, else the only mount there is.\n.SH COMMANDS");
	for (const struct cmd *const *c = commands; *c; c++) {
		printf(".SS xsysfs %s ", (*c)->name);
		troff((*c)->args);
		troff((*c)->text);
		man_options(*c);
	}
	puts(".SH FILES");
	troff(files_about);
	puts(".PP\ngetfattr \\-n user.xsysfs.package FILE (also .version, .layer, .origin) gives a "
	     "file's tag; these attributes are not listed, so that copies do not carry them.\n"
	     ".SH ENVIRONMENT\n.TP\n.B XSYSFS\nthe mount point or state folder that commands are "
	     "about; set for what 'xsysfs run' runs\n"
	     ".SH EXIT STATUS\n0 done, 1 failed, 2 wrong usage; of run: that of its command.");
}

void help_man(const struct cmd *const *commands, const struct cmd *cmd)
{
	if (cmd)
		man_command(cmd);
	else
		man_all(commands);
}
