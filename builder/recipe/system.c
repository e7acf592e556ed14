// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/recipe/system.h"
#include "fs/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct system {
	bool in_tree;
	bool counts_jobs;
	const char *host;
	const char *usual[PHASE_COUNT]; /* NULL: no such phase */
};

/* See board_python.py. */
#define PYTHON_CROSS                                                             \
	"python3 \"$BOARD_PYTHON\" tell || exit; export PYTHONPATH=\"$TMPDIR\" " \
	"_PYTHON_HOST_PLATFORM=\"linux-$HOST_ARCH\" "                            \
	"_PYTHON_SYSCONFIGDATA_NAME=_sysconfigdata_told; "

static const struct system systems[RECIPE_SYSTEMS] = {
	[RECIPE_AUTOTOOLS] = {
		.host = "make pkg-config",
		.usual = {
			"\"$SOURCE_DIR/configure\" --build=\"$BUILD_TRIPLE\" "
			"--host=\"$HOST_TRIPLE\" --prefix=\"$PREFIX\" "
			"--libdir=\"$PREFIX/$HOST_TRIPLE_LIB_DIR\"",
			"make",
			"make install DESTDIR=\"$DESTDIR\"",
		},
	},
	/* by make, since ninja takes no part in a jobserver before 1.13 */
	[RECIPE_CMAKE] = {
		.host = "cmake make pkg-config",
		.usual = {
			"cmake -S \"$SOURCE_DIR\" -B . -G \"Unix Makefiles\" "
			"-DCMAKE_TOOLCHAIN_FILE=\"$CMAKE_TOOLCHAIN_FILE\" "
			"-DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=\"$PREFIX\" "
			"-DCMAKE_INSTALL_LIBDIR=\"$HOST_TRIPLE_LIB_DIR\"",
			"make",
			"make install DESTDIR=\"$DESTDIR\"",
		},
	},
	[RECIPE_MESON] = {
		.host = "meson ninja pkg-config python3",
		.counts_jobs = true,
		.usual = {
			"meson setup . \"$SOURCE_DIR\" --cross-file \"$MESON_CROSS_FILE\" "
			"--prefix=\"$PREFIX\" --libdir=\"$HOST_TRIPLE_LIB_DIR\" "
			"--buildtype=release --wrap-mode=nodownload",
			"ninja -j\"$JOBS\"",
			"meson install --no-rebuild --destdir \"$DESTDIR\"",
		},
	},
	[RECIPE_MAKE] = {
		.host = "make pkg-config",
		.in_tree = true,
		.usual = { NULL, "make", "make install DESTDIR=\"$DESTDIR\"" },
	},
	/* a wheel as PEP 517 has it, with what the target's Python says of its compiler */
	[RECIPE_PYTHON] = {
		.host = "python3 pyproject-build",
		.in_tree = true,
		.usual = {
			NULL,
			PYTHON_CROSS "python3 -m build --wheel --no-isolation --skip-dependency-check",
			"python3 \"$BOARD_PYTHON\" install dist/*.whl",
		},
	},
	[RECIPE_SCRIPT] = { .in_tree = true, .host = "" },
};

const char *const system_words[RECIPE_SYSTEMS + 1] = {
	[RECIPE_AUTOTOOLS] = "autotools", [RECIPE_CMAKE] = "cmake",   [RECIPE_MESON] = "meson",
	[RECIPE_MAKE] = "make",		  [RECIPE_PYTHON] = "python", [RECIPE_SCRIPT] = "script",
};

int system_find(const char *word)
{
	for (int i = 0; i < RECIPE_SYSTEMS; i++)
		if (strcmp(system_words[i], word) == 0)
			return i;
	return -1;
}

bool system_is_in_tree(enum recipe_system system)
{
	return systems[system].in_tree;
}

bool system_counts_jobs(enum recipe_system system)
{
	return systems[system].counts_jobs;
}

const char *system_usual(enum recipe_system system, enum recipe_phase phase)
{
	return systems[system].usual[phase];
}

const char *system_host(enum recipe_system system)
{
	return systems[system].host;
}

char *system_command(const struct recipe *r, enum recipe_phase phase)
{
	const char *usual = systems[r->system].usual[phase];

	if (r->script[phase])
		return text_of("sh -eu \"$RECIPE_DIR/%s\"", strrchr(r->script[phase], '/') + 1);
	if (r->command[phase])
		return strdup(r->command[phase]);
	if (!usual)
		return NULL;
	return text_of("%s%s%s", usual, *r->options[phase] ? " " : "", r->options[phase]);
}
