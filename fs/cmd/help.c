// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/cmd/help.h"

#include "fs/base/command.h"
#include "fs/base/usage.h"

static const char about[] =
	"xsysfs shows the read-only sysroot of a cross toolchain as one that can be written: every "
	"package writes into a layer of its own, so each file's package is known, and what goes to "
	"the target is what no sysroot had.";

static const char files_about[] =
	"MNT/.xsysfs, which no listing shows, has the other views: build/P while P installs, "
	"packages/P with the files of one package, and staging with what goes to the target.";

static void print_line(FILE *to, const struct cmd *cmd)
{
	fprintf(to, "  %-14s %s\n", cmd->name, cmd->summary);
}

/* The order of fs/client/where.h, and README.md's. */
static const char where_about[] =
	"WHERE is a mount point, a board, or a state folder when nothing is mounted. Left out, it "
	"is the mount that you stand on; else $XSYSFS; else the only one that you have in "
	"$XSYSFS_HOME, that of tools aside; else the only one that you have made by hand. Of "
	"several you have to say which.";

void help_print(FILE *to, const struct cmd *const *ours, const struct cmd *builders, size_t n)
{
	fputs("usage: xsysfs [-C WHERE] COMMAND [ARGUMENTS]\n\n", to);
	usage_paragraph(to, about, 0, 0);
	fputs("\nThe mount and its packages:\n", to);
	for (; *ours; ours++)
		print_line(to, *ours);
	if (n)
		fputs("\nBuilding packages from recipes:\n", to);
	for (size_t i = 0; i < n; i++)
		print_line(to, &builders[i]);
	fputs("\n'xsysfs help COMMAND' says more.\n\n", to);
	usage_paragraph(to, where_about, 0, 0);
	fputs("\nExit status: 0 done, 1 failed, 2 wrong usage.\n", to);
}

static void man_section(const struct cmd *cmd)
{
	printf(".SS xsysfs %s ", cmd->name);
	usage_troff(cmd->args);
	usage_troff(*cmd->text ? cmd->text : cmd->summary);
	usage_man_options(cmd);
}

void help_man(const struct cmd *const *ours, const struct cmd *builders, size_t n)
{
	puts(".TH XSYSFS 1 \"\" \"xsysfs " VERSION "\"\n.SH NAME\n"
	     "xsysfs \\- a writable sysroot that knows who wrote each file\n.SH SYNOPSIS\n"
	     ".B xsysfs\n[\\-C WHERE] COMMAND [ARGUMENTS]\n.SH DESCRIPTION");
	usage_troff(about);
	puts(".PP");
	usage_troff(where_about);
	puts(".SH THE MOUNT AND ITS PACKAGES");
	for (; *ours; ours++)
		man_section(*ours);
	if (n)
		puts(".SH BUILDING PACKAGES FROM RECIPES");
	for (size_t i = 0; i < n; i++)
		man_section(&builders[i]);
	puts(".SH FILES");
	usage_troff(files_about);
	puts(".PP\ngetfattr \\-n user.xsysfs.package FILE (also .version, .layer, .origin) gives a "
	     "file's tag; these attributes are not listed, so that copies do not carry them.\n"
	     ".SH ENVIRONMENT\n.TP\n.B XSYSFS\nthe mount point or state folder that commands are "
	     "about; set for what 'xsysfs run' runs\n"
	     ".SH EXIT STATUS\n0 done, 1 failed, 2 wrong usage; of run: that of its command.");
}
