// SPDX-License-Identifier: GPL-2.0-or-later
/* words.h - paths of a build taken out of the words of a text that says how to compile.
 *
 * What stays has to be right in three places: in another package's build and for one's own program,
 * where pkg-config and the compilers put the mount in front, and on the Pi. So
 * "-L/xsysfs/sysroot/usr/lib" becomes "-L/usr/lib"; a word that would be of no use without the
 * path, "--sysroot=/xsysfs/sysroot" or "-I/xsysfs/work/zlib/src", goes as a whole; and a library
 * that is named by its file in the sysroot, which would be a file of the machine that compiles,
 * becomes what a linker looks for: "-lm".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum words_kind {
	WORDS_PLAIN,  /* of a pkg-config file, or a script */
	WORDS_CMAKE,  /* where ${CMAKE_SYSROOT} says what is in front */
	WORDS_PYTHON, /* strings: an empty one stays, and folders of the build have another name */
};

struct words_build {
	const char *sysroot, *toolchain, *work; /* what must not be in it */
	const char *prefix;			/* "/usr/local" */
	const char *package;
};

/* The text without them; the caller frees. NULL: no memory. */
char *words_mend(const struct words_build *b, enum words_kind kind, const char *text);

/* Whether what stands behind a path ends it: "/xsysfs/sysroot2" is another. */
bool words_end_path(char c);

/* Whether linkers and the loader look into the folder by themselves. */
bool words_is_searched(const char *dir, size_t len);
