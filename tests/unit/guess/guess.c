// SPDX-License-Identifier: GPL-2.0-or-later
/* What a first recipe is guessed from: URLs, Makefiles, licences, what projects say of themselves.
 */
#include "builder/guess/guess.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "builder/base/searchpath.h"
#include "fs/base/cleanup.h"
#include "tests/unit/scratch.h"

/* ---- URLs ---- */

static const struct {
	const char *url, *name, *version, *file; /* "": NULL */
} urls[] = {
	{ "https://h/zlib-1.2.13.tar.gz", "zlib", "1.2.13", "" },
	{ "https://h/a/SDL2-2.26.0.tar.gz?x=1#y", "sdl2", "2.26.0", "" },
	{ "https://h/boost_1_81_0.tar.bz2", "boost", "1.81.0", "" },
	{ "https://h/libffi_3.4.4.orig.tar.gz", "libffi", "3.4.4", "" },
	{ "https://h/gtk+-3.24.1.tar.xz", "gtk+", "3.24.1", "" },
	{ "https://h/util-linux-2.38-rc1.tar.xz", "util-linux", "2.38-rc1", "" },
	{ "https://h/o/proj/archive/refs/tags/v1.2.tar.gz", "proj", "1.2", "proj-1.2.tar.gz" },
	{ "https://h/o/proj/releases/download/1.2/1.2.tgz", "proj", "1.2", "proj-1.2.tgz" },
	{ "https://h/o/proj/-/archive/v2.0/proj-v2.0.tar.gz", "proj", "2.0", "" },
	{ "https://h/projects/x/files/x-1.0.tar.gz/download", "x", "1.0", "x-1.0.tar.gz" },
	{ "https://h/o/proj.git", "proj", "", "" },
	{ "https://h/master.zip", "master", "", "" },
	{ "https://h/", "", "", "" },
	{ "https://h/1.0.tar.gz", "", "1.0", "" },
	{ "https://h/-x-1.0.tar.gz", "", "1.0", "" },
	{ "https://h/..-1.0.tar.gz", "", "1.0", "" },
	{ "https://h/local-1.0.tar.gz", "", "1.0", "" },
	{ "https://h/x-1.0;rm.tar.gz", "x", "", "" },
	{ "https://h/download", "h", "", "h" },
	{ "file:///download", "", "", "" },
};

static void urls_name_packages(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		autoguess struct guess g = { 0 };
		autofree char *file = NULL;

		assert_int_equal(guess_by_url(&g, urls[i].url, &file), 0);
		if (strcmp(g.name ?: "", urls[i].name) != 0 ||
		    strcmp(g.version ?: "", urls[i].version) != 0 ||
		    strcmp(file ?: "", urls[i].file) != 0)
			fail_msg("%s: name '%s', version '%s', file '%s'", urls[i].url,
				 g.name ?: "", g.version ?: "", file ?: "");
	}
}

/* ---- licences ---- */

#define MIT                                                                                        \
	"Permission is hereby granted, free of charge, to any person obtaining a copy\nof this "   \
	"software and associated documentation files (the \"Software\"), to deal\n... subject to " \
	"the following conditions:\n\nThe above copyright notice and this permission notice shall" \
	" be included in all copies.\nTHE SOFTWARE IS PROVIDED \"AS IS\"\n"
#define BSD2                                                                                      \
	"Redistribution and use in source and binary forms, with or without\n * modification, "   \
	"are permitted provided that:\n1. Redistributions of source code must retain the above\n" \
	"2. Redistributions in binary form must reproduce the above copyright notice\n"
#define ISC                                                                                       \
	"Permission to use, copy, modify, and/or distribute this software for any\npurpose with " \
	"or without fee is hereby granted, provided that the above\ncopyright notice and this "   \
	"permission notice appear in all copies.\nTHE SOFTWARE IS PROVIDED \"AS IS\""
#define LATER(family, version)                                                                   \
	"/* This is free software: modify it under the terms of the GNU " family " as published" \
	"\n * by the Free Software Foundation; either version " version " of the License, or\n"  \
	" * (at your option) any later version. */\n"
#define ONLY                                                                          \
	"/* under the GNU General Public License version 2 as published by the Free " \
	"Software Foundation. */\n"
#define GPL2 "GNU GENERAL PUBLIC LICENSE\n Version 2, June 1991\n"

static const struct {
	const char *licence, *other, *source; /* LICENSE, LICENSES/b, src/a.c; NULL: not there */
	const char *want;		      /* "": a note */
} licences[] = {
	{ MIT, NULL, NULL, "MIT" },
	{ MIT, NULL, "// SPDX-License-Identifier: MIT\n", "MIT" },
	{ MIT, NULL, "// SPDX-License-Identifier: ISC\n", "" },
	{ MIT "Except as contained in this notice, the name", NULL, NULL, "" },
	{ MIT, MIT, NULL, "MIT" },
	{ MIT, BSD2, NULL, "" },
	{ MIT BSD2, NULL, NULL, "" },
	{ BSD2, NULL, NULL, "BSD-2-Clause" },
	{ BSD2 "3. may not be used to endorse or promote products derived from this", NULL, NULL,
	  "BSD-3-Clause" },
	{ BSD2 "3. All advertising materials mentioning features or use of this software", NULL,
	  NULL, "" },
	{ ISC, NULL, NULL, "ISC" },
	{ "You may do what you like, but not on Sundays.", NULL, NULL, "" },
	{ NULL, NULL, NULL, "" },
	{ NULL, NULL, "// SPDX-License-Identifier: GPL-2.0-or-later WITH x\n",
	  "GPL-2.0-or-later WITH x" },
	{ GPL2, NULL, NULL, "" }, /* only, or later? */
	{ GPL2, NULL, ONLY, "GPL-2.0-only" },
	{ GPL2, NULL, LATER("General Public License", "2"), "GPL-2.0-or-later" },
	{ GPL2, NULL, LATER("General Public License", "3"), "" },
	{ GPL2, NULL, LATER("Lesser General Public License", "2.1"), "" },
	{ "GNU Lesser General Public License Version 2.1, February 1999", NULL,
	  LATER("Lesser General Public License", "2.1"), "LGPL-2.1-or-later" },
	{ "GNU Lesser General Public License Version 3, 29 June 2007",
	  "GNU General Public License Version 3, 29 June 2007",
	  LATER("Lesser General Public License", "3"), "LGPL-3.0-or-later" },
};

static void put_or_remove(const char *path, const char *text)
{
	if (text)
		scratch_text(path, text);
	else
		unlink(path);
}

static void licences_are_sure_or_not_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(licences); i++) {
		autoguess struct guess g = { 0 };

		put_or_remove("l/LICENSE", licences[i].licence);
		put_or_remove("l/LICENSES/b", licences[i].other);
		put_or_remove("l/src/a.c", licences[i].source);
		assert_int_equal(guess_licence(&g, "l"), 0);
		if (strcmp(g.license ?: "", licences[i].want) != 0 ||
		    g.notes.n != (*licences[i].want == '\0'))
			fail_msg("case %zu: '%s', notes: %s", i, g.license ?: "",
				 g.notes.n ? g.notes.v[0] : "none");
	}
}

static void a_long_text_is_not_sure(void **state)
{
	autofree char *text = malloc(4000);
	bool more = false;

	(void)state;
	memset(text, 'x', 4000);
	memcpy(text, MIT, strlen(MIT));
	text[3999] = '\0';
	assert_string_equal(guess_licence_text(text, &more), "MIT");
	assert_true(more);
}

/* ---- Makefiles ---- */

static const struct {
	const char *text, *want; /* lines of [build], each with a "|" behind it */
} makefiles[] = {
	{ "all: x\ninstall:\n\tcp x $(DESTDIR)$(PREFIX)/bin\n", "" },
	{ "CC = gcc\nprefix=/usr\nall: x\ninstall: x\n\tcp x $(DESTDIR)$(prefix)/bin\n",
	  "make-options = CC=\"$CC $CPPFLAGS\" prefix=\"$PREFIX\"|"
	  "install-options = CC=\"$CC $CPPFLAGS\" prefix=\"$PREFIX\"|" },
	{ "CC ?= gcc\nPREFIX ?= /usr\nCPPFLAGS += -I.\ninstall:\n\tcp x $(DESTDIR)${PREFIX}\n",
	  "" },
	{ "CPPFLAGS=\nAR := ar\nLD = $(CC)\nPREFIX = /o\ninstall:\n\tcp x $(PREFIX)\n",
	  "install = make install PREFIX=\"$DESTDIR$PREFIX\"|"
	  "make-options = AR=\"$AR\" PREFIX=\"$PREFIX\"|" },
	{ "PREFIX = /o\nDESTDIR = ${PREFIX}/bin\ninstall:\n\tcp x $(DESTDIR)\n",
	  "install = make install PREFIX=\"$DESTDIR$PREFIX\"|make-options = PREFIX=\"$PREFIX\"|" },
	{ "P = one two\nL = libthree.a\nall: $(P) \\\n  lib\nlib: $L ${L}\n$(P):\n\tcc\n",
	  "install = install -D -m 755 -t \"$DESTDIR$PREFIX/bin\" one two && "
	  "install -D -m 644 -t \"$DESTDIR$PREFIX/$HOST_TRIPLE_LIB_DIR\" libthree.a && "
	  "install -D -m 644 -t \"$DESTDIR$PREFIX/include\" three.h|" },
	{ "V = 1\nN = x y\nall: p$(V).bin lib$(N) q$V $(V)r\n\tcc\n",
	  "install = install -D -m 755 -t \"$DESTDIR$PREFIX/bin\" 1r|" },
	{ "A = $(A) $(A) $(A) $(A) $(A) $(A) $(A) $(A) $(A) $(A) $(A) $(A) $(A) $(A) $(A) $(A)\n"
	  "all: $(A)\n",
	  "install = echo 'say in recipe.ini how it is installed' && false|" },
	{ "all: x\ninstall:\n\tcp x /usr/local/bin\n",
	  "install = install -D -m 755 -t \"$DESTDIR$PREFIX/bin\" x|" },
	{ "all: x test\ninstall:\n\tcp x $(DESTDIR)/usr/bin\n", "make-options = x|" },
	{ "all: $(shell rm x) `y` \"z\"\n",
	  "install = echo 'say in recipe.ini how it is installed' && false|" },
	{ "include other.mk\nall: x\ninstall:\n\tcp x $(DESTDIR)\n",
	  "make-options = CXX=\"$CXX $CPPFLAGS\"|install-options = CXX=\"$CXX $CPPFLAGS\"|" },
	{ "include Makefile\nA = $(A)\nall: $(A) all\n",
	  "install = echo 'say in recipe.ini how it is installed' && false|" },
	{ ":\n=\n\t\ninstall", "install = echo 'say in recipe.ini how it is installed' && false|" },
};

static void makefiles_are_told_what_they_need(void **state)
{
	(void)state;
	scratch_text("m/other.mk", "CXX = g++\n");
	scratch_text("m/three.h", "");
	scratch_text("m/four.h", "");
	for (size_t i = 0; i < ARRAY_SIZE(makefiles); i++) {
		autoguess struct guess g = { 0 };
		autofree char *got = NULL;

		scratch_text("m/Makefile", makefiles[i].text);
		assert_int_equal(guess_make(&g, "m"), 0);
		if (g.build.n)
			assert_int_equal(strv_add(&g.build, ""), 0);
		got = strv_join(&g.build, "|");
		if (strcmp(got, makefiles[i].want) != 0)
			fail_msg("case %zu: %s", i, got);
	}
}

/* ---- about ---- */

static const struct {
	const char *file, *text, *summary, *homepage, *version;
} abouts[] = {
	{ "CMakeLists.txt",
	  "cmake_minimum_required(VERSION 3.16)\nproject(x VERSION 1.2 DESCRIPTION \"A (good) "
	  "x.\"\n"
	  " HOMEPAGE_URL https://h/x LANGUAGES C)\n",
	  "A (good) x", "https://h/x", "1.2" },
	{ "CMakeLists.txt", "project(x VERSION ${V} HOMEPAGE_URL \"javascript:x\")\n", "", "", "" },
	{ "CMakeLists.txt", "project(", "", "", "" },
	{ "CMakeLists.txt", "project(x DESCRIPTION \"", "", "", "" },
	{ "meson.build", "project('x', 'c', version : '3.4', license : 'MIT')\n", "", "", "3.4" },
	{ "pyproject.toml",
	  "[project]\nname='x'\ndescription = \"Py \\\"x\\\"\"\nversion = \"5\"\n[project.urls]\n"
	  "Homepage = \"https://h/py\"\n",
	  "Py", "https://h/py", "5" },
	{ "configure.ac", "AC_INIT([x], [6.1], [b@h], [x],\n [https://h/ac])\n", "", "https://h/ac",
	  "6.1" },
	{ "configure.ac", "AC_INIT([x],m4_esyscmd([v]),,,)\n", "", "", "" },
	{ "x.pc.in", "Name: x\nDescription: Does x; fast\nURL: https://h/pc\n", "Does x; fast",
	  "https://h/pc", "" },
	{ "README.md", "# x\n\n[![badge](b)](c)\n\nA library\x1b[31m that does x. And more.\n",
	  "A library[31m that does x", "", "" },
	{ "README", "This is the README for x.\nThis library is great\n", "", "", "" },
	{ "README", "", "", "", "" },
};

static void projects_say_what_they_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(abouts); i++) {
		autoguess struct guess g = { .name = strdup("x") };
		char path[100];

		snprintf(path, sizeof(path), "a%zu/%s", i, abouts[i].file);
		scratch_text(path, abouts[i].text);
		*strrchr(path, '/') = '\0';
		assert_int_equal(guess_about(&g, path), 0);
		if (strcmp(g.summary ?: "", abouts[i].summary) != 0 ||
		    strcmp(g.homepage ?: "", abouts[i].homepage) != 0 ||
		    strcmp(g.version ?: "", abouts[i].version) != 0)
			fail_msg("case %zu: '%s' '%s' '%s'", i, g.summary ?: "", g.homepage ?: "",
				 g.version ?: "");
	}
}

/* ---- needs ---- */

static const struct {
	enum recipe_system system;
	const char *file, *text, *needs, *maybe;
} needs[] = {
	{ RECIPE_CMAKE, "CMakeLists.txt",
	  "find_package(ZLIB REQUIRED)\nfind_package(BZip2)\npkg_check_modules(F REQUIRED "
	  "libffi>=3)\n"
	  "# find_package(Readline REQUIRED)\n",
	  "libffi zlib", "bzip2" },
	{ RECIPE_MESON, "meson.build",
	  "z = dependency('zlib', version: '>=1')\nb = dependency('bzip2', required: false)\n"
	  "n = dependency('nobody')\n",
	  "zlib", "bzip2" },
	{ RECIPE_AUTOTOOLS, "configure.ac",
	  "PKG_CHECK_MODULES([Z], [zlib >= 1.2])\nPKG_CHECK_MODULES([F], [libffi], [x=1], [x=0])\n"
	  "AC_CHECK_LIB([bz2], [f], , [AC_MSG_ERROR([none])])\nAC_CHECK_LIB(readline, f)\n"
	  "dnl AC_CHECK_LIB(gdbm, f)\n",
	  "bzip2 zlib", "libffi readline" },
	{ RECIPE_MAKE, "Makefile", "LIBS = -lz -lnobody\nL = $(shell pkg-config --libs libffi)\n",
	  "libffi zlib", "" },
	{ RECIPE_CMAKE, "CMakeLists.txt", "find_package(", "", "" },
	{ RECIPE_CMAKE, "CMakeLists.txt", "find_package(../zlib REQUIRED)", "", "" },
};

static void needs_are_recipes(void **state)
{
	struct searchpath folders = { 0 };
	static const char *const recipes[] = { "zlib", "bzip2", "libffi", "readline", "gdbm" };

	(void)state;
	assert_int_equal(searchpath_add(&folders, "recipes"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(recipes); i++) {
		char path[60];

		snprintf(path, sizeof(path), "recipes/%s/recipe.ini", recipes[i]);
		scratch_text(path, "");
	}
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		autoguess struct guess g = { .system = needs[i].system };
		autofree char *must = NULL, *may = NULL;
		char path[60];

		snprintf(path, sizeof(path), "n/%s", needs[i].file);
		scratch_text(path, needs[i].text);
		assert_int_equal(guess_needs(&g, "n", &folders), 0);
		must = strv_join(&g.needs, " ");
		may = strv_join(&g.maybe, " ");
		if (strcmp(must, needs[i].needs) != 0 || strcmp(may, needs[i].maybe) != 0)
			fail_msg("case %zu: '%s', maybe '%s'", i, must, may);
	}
	searchpath_release(&folders);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_name_packages),
		cmocka_unit_test(licences_are_sure_or_not_said),
		cmocka_unit_test(a_long_text_is_not_sure),
		cmocka_unit_test(makefiles_are_told_what_they_need),
		cmocka_unit_test(projects_say_what_they_are),
		cmocka_unit_test(needs_are_recipes),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
