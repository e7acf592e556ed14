// SPDX-License-Identifier: GPL-2.0-or-later
/* Which build system a source tree has, and what must be said to it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/base/places.h"
#include "builder/guess/guess.h"
#include "fs/base/cleanup.h"

static bool has(const char *dir, const char *name)
{
	autofree char *path = places_join(dir, name);
	struct stat st;

	return path && lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* 0: none, 1: one that Autoconf made, 2: somebody's own. */
static int kind_of_configure(const char *dir)
{
	autofree char *text = guess_read(dir, "configure");

	if (!has(dir, "configure"))
		return 0;
	/* one of more than a mebibyte nobody wrote by hand */
	return !text || strstr(text, "Autoconf") || strstr(text, "ac_cv_") ? 1 : 2;
}

/* What a configure that somebody wrote by hand understands. */
static int own_configure(struct guess *g, const char *dir)
{
	autofree char *text = guess_read(dir, "configure");
	int r = strv_addf(&g->build, "configure = ./configure%s%s%s",
			  strstr(text, "--prefix") ? " --prefix=\"$PREFIX\"" : "",
			  strstr(text, "--libdir") ? " --libdir=\"$PREFIX/$HOST_TRIPLE_LIB_DIR\""
						   : "",
			  strstr(text, "--host=") ? " --host=\"$HOST_TRIPLE\"" : "");

	g->system = RECIPE_MAKE;
	return r < 0 ? r
		     : strv_add(&g->notes, "its configure is not Autoconf's: see what it needs to "
					   "be told, './configure --help'");
}

static int without_configure(struct guess *g)
{
	int r = strv_add(&g->build, "autoreconf = yes");

	g->system = RECIPE_AUTOTOOLS;
	return r < 0 ? r
		     : strv_add(&g->notes, "there is no configure, so autoreconf makes it: that "
					   "takes autoconf, automake and libtool on this machine "
					   "(a release's archive has it)");
}

/* Where else something known lies: one folder below. */
static int look_below(struct guess *g, const char *dir)
{
	static const char *const files[] = { "CMakeLists.txt", "meson.build", "configure",
					     "configure.ac",   "Makefile",    "pyproject.toml" };
	autostrv struct strv names = { 0 };
	int r = guess_list(dir, &names);

	g->system = RECIPE_SCRIPT;
	if (r == 0)
		r = strv_add(&g->build, "install = echo 'say in recipe.ini how it is installed' && "
					"false");
	if (r == 0)
		r = strv_add(&g->notes, "no build system was found: 'make' and 'install' are yours "
					"to write");
	strv_foreach (name, &names) {
		autofree char *below = places_join(dir, *name);

		for (size_t i = 0; i < ARRAY_SIZE(files) && below && r == 0; i++)
			if (has(below, files[i]))
				r = strv_addf(&g->notes, "there is a '%.100s/%s'", *name, files[i]);
	}
	return r;
}

/* A Makefile.in that somebody wrote by hand: without VPATH make does not find the sources from
 * another folder, and DESTDIR may have another name. */
static int autoconf(struct guess *g, const char *dir)
{
	static const char *const names[] = { "DSTROOT", "INSTALL_ROOT", "install_root",
					     "BUILDROOT" };
	autofree char *text = guess_read(dir, "Makefile.in");
	int r = 0;

	g->system = RECIPE_AUTOTOOLS;
	if (text && !strstr(text, "VPATH"))
		r = strv_add(&g->build, "in-tree = yes");
	if (!text || strstr(text, "DESTDIR"))
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(names) && r == 0; i++)
		if (strstr(text, names[i]))
			return strv_addf(&g->build, "install-options = %s=\"$DESTDIR\"", names[i]);
	return r;
}

int guess_system(struct guess *g, const char *dir)
{
	static const char *const makefiles[] = { "GNUmakefile", "makefile", "Makefile" };
	int configure = kind_of_configure(dir);

	if (configure == 1)
		return autoconf(g, dir);
	g->system = RECIPE_MESON;
	if (has(dir, "meson.build"))
		return 0;
	g->system = RECIPE_CMAKE;
	if (has(dir, "CMakeLists.txt"))
		return 0;
	if (configure == 2)
		return own_configure(g, dir);
	if (has(dir, "configure.ac") || has(dir, "configure.in"))
		return without_configure(g);
	g->system = RECIPE_PYTHON;
	if (has(dir, "pyproject.toml") || has(dir, "setup.py"))
		return 0;
	g->system = RECIPE_MAKE;
	for (size_t i = 0; i < ARRAY_SIZE(makefiles); i++)
		if (has(dir, makefiles[i]))
			return guess_make(g, dir);
	return look_below(g, dir);
}
