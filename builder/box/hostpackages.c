// SPDX-License-Identifier: GPL-2.0-or-later
/* What is known of programs of this machine beside themselves. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "builder/box/hostprograms.h"
#include "fs/base/cleanup.h"
#include "fs/base/digest.h"

/* By the program's name, which is Debian's package where it is not here. */
static const char *const packages[][2] = {
	{ "aclocal", "automake" },
	{ "autoheader", "autoconf" },
	{ "autom4te", "autoconf" },
	{ "autoreconf", "autoconf" },
	{ "f951", "gfortran" },
	{ "gdbus-codegen", "libglib2.0-dev-bin" },
	{ "glib-compile-resources", "libglib2.0-dev-bin" },
	{ "glib-genmarshal", "libglib2.0-dev-bin" },
	{ "glib-mkenums", "libglib2.0-dev-bin" },
	{ "go", "golang-go" },
	{ "infocmp", "ncurses-bin" },
	{ "intltool-update", "intltool" },
	{ "ld", "binutils" },
	{ "libtoolize", "libtool" },
	{ "makeinfo", "texinfo" },
	{ "msgfmt", "gettext" },
	{ "ninja", "ninja-build" },
	{ "pod2man", "perl" },
	{ "protoc", "protobuf-compiler" },
	{ "pyproject-build", "python3-build" },
	{ "pythran", "python3-pythran" },
	{ "rst2man", "python3-docutils" },
	{ "sphinx-build", "python3-sphinx" },
	{ "tclsh", "tcl" },
	{ "tic", "ncurses-bin" },
	{ "wayland-scanner", "libwayland-bin" },
	{ "wish", "tk" },
};

const char *hostprograms_package(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(packages); i++)
		if (strcmp(packages[i][0], name) == 0)
			return packages[i][1];
	return name;
}

/* Whether a number may begin there: behind a letter it is of a name, "v" aside. */
static bool is_begin(const char *text, const char *at)
{
	if (at == text || !(isalnum((unsigned char)at[-1]) || at[-1] == '.'))
		return true;
	return at[-1] == 'v' && (at - 1 == text || !isalnum((unsigned char)at[-2]));
}

char *hostprograms_number(const char *version)
{
	const char *first = NULL, *at = version;

	/* not said, but made of its bytes */
	if (strspn(version, "0123456789abcdef") == DIGEST_HEX - 1 && !version[DIGEST_HEX - 1])
		return NULL;
	while (*(at += strcspn(at, "0123456789"))) {
		size_t n = strspn(at, "0123456789.");

		while (at[n - 1] == '.')
			n--;
		if (is_begin(version, at) && memchr(at, '.', n))
			return strndup(at, n);
		if (is_begin(version, at) && !first)
			first = at;
		at += n;
	}
	return first ? strndup(first, strspn(first, "0123456789")) : NULL;
}
