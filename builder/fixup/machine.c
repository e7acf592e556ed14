// SPDX-License-Identifier: GPL-2.0-or-later
/* Code for another machine than the board. */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "builder/base/places.h"
#include "builder/fixup/fixup.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

/* What the head of an empty program says. */
int fixup_learn_machine(struct fixup *f, const char *cc, const char *cflags)
{
	static const char *const words[] = { "-x", "c", "-c", "/dev/null", "-o" };
	autofree char *path = places_join(f->work, "tmp/empty.o");
	autostrv struct strv argv = { 0 };
	autofd int fd = -1;
	int r;

	strv_add(&argv, cc);
	strv_split(&argv, cflags, " ");
	strv_add_words(&argv, words, ARRAY_SIZE(words));
	r = strv_add(&argv, path);
	if (r < 0)
		return log_errno(r, "%s", cc);
	r = fixup_tool(f, (const char *const *)argv.v);
	fd = r < 0 ? -1 : open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || elf_machine(fd, NULL, &f->machine) != 1)
		return log_error("'%s' does not say for which machine it compiles", cc);
	unlink(path);
	return 0;
}

bool fixup_is_foreign(struct fixup *f, const struct fixup_file *file)
{
	struct elf_machine m;
	char why[ELF_MISFIT];
	enum elf_fit fit;

	if (file->fd < 0 || elf_machine(file->fd, &f->machine, &m) != 1)
		return false;
	fit = elf_fits(&f->machine, &m);
	if (fit == ELF_FITS)
		return false;
	strv_foreach (pattern, &f->other_machine)
		if (fnmatch(*pattern, file->path, 0) == 0)
			return fit < ELF_NEWER;
	elf_misfit(&f->machine, &m, why);
	if (fit == ELF_CHOOSES)
		log_warn("%s %s: '%s' %s", f->package, f->version, file->path, why);
	else if (f->foreign++ < FOREIGN_SHOWN)
		log_error("%s %s: '%s' %s (a recipe may allow it: 'other-machine' in [build])",
			  f->package, f->version, file->path, why);
	return fit < ELF_NEWER;
}
