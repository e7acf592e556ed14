// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/recipe/system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/text.h"

struct system {
	bool in_tree;
	bool counts_jobs;
	const char *host;
	const char *args;		/* behind what configures, NULL: nothing does */
	const char *usual[PHASE_COUNT]; /* NULL: no such phase; configure's has `args` behind it */
};

/* See board_python.py. */
#define PYTHON_CROSS                                                             \
	"python3 \"$BOARD_PYTHON\" tell || exit; export PYTHONPATH=\"$TMPDIR\" " \
	"_PYTHON_HOST_PLATFORM=\"linux-$HOST_ARCH\" "                            \
	"_PYTHON_SYSCONFIGDATA_NAME=_sysconfigdata_told; "

static const struct system systems[RECIPE_SYSTEMS] = {
	[RECIPE_AUTOTOOLS] = {
		.host = "make pkg-config",
		.args = "--build=\"$BUILD_TRIPLE\" --host=\"$HOST_TRIPLE\" "
			"--prefix=\"$PREFIX\" --libdir=\"$PREFIX/$HOST_TRIPLE_LIB_DIR\"",
		.usual = {
			"\"$SOURCE_DIR/configure\" ",
			"make",
			"make install DESTDIR=\"$DESTDIR\"",
		},
	},
	/* by make, since ninja takes no part in a jobserver before 1.13 */
	[RECIPE_CMAKE] = {
		.host = "cmake make pkg-config",
		.args = "-DCMAKE_TOOLCHAIN_FILE=\"$CMAKE_TOOLCHAIN_FILE\" "
			"-DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=\"$PREFIX\" "
			"-DCMAKE_INSTALL_LIBDIR=\"$HOST_TRIPLE_LIB_DIR\"",
		.usual = {
			"cmake -S \"$SOURCE_DIR\" -B . -G \"Unix Makefiles\" ",
			"make",
			"make install DESTDIR=\"$DESTDIR\"",
		},
	},
	[RECIPE_MESON] = {
		.host = "meson ninja pkg-config python3",
		.counts_jobs = true,
		.args = "--cross-file \"$MESON_CROSS_FILE\" "
			"--prefix=\"$PREFIX\" --libdir=\"$HOST_TRIPLE_LIB_DIR\" "
			"--buildtype=release --wrap-mode=nodownload",
		.usual = {
			"meson setup . \"$SOURCE_DIR\" ",
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

char *system_usual(enum recipe_system system, enum recipe_phase phase)
{
	const struct system *s = &systems[system];

	if (!s->usual[phase])
		return NULL;
	return text_of("%s%s", s->usual[phase], phase == PHASE_CONFIGURE && s->args ? s->args : "");
}

/* Who has a command of his own need not repeat what it is usually told. */
static bool wants_args(const struct recipe *r)
{
	const char *command = r->command[PHASE_CONFIGURE];

	return systems[r->system].args &&
	       (r->script[PHASE_CONFIGURE] || (command && strstr(command, "CONFIGURE_ARGS")));
}

char *system_before(const struct recipe *r, enum recipe_phase phase)
{
	const char *args = systems[r->system].args;
	struct text t = { 0 };

	if (phase == PHASE_CONFIGURE && r->autoreconf)
		text_add(
			&t,
			"(cd \"$SOURCE_DIR\" && "
			"ACLOCAL_PATH=\"$SYSROOT$PREFIX/share/aclocal\" autoreconf -fi) || exit; ");
	if (phase == PHASE_CONFIGURE && wants_args(r)) {
		text_add(&t, "export CONFIGURE_ARGS=\"");
		for (const char *word = args; *word; word += strspn(word, "\"")) {
			text_add(&t, "%.*s", (int)strcspn(word, "\""), word);
			word += strcspn(word, "\"");
		}
		text_add(&t, "\"; ");
	}
	return text_finish(&t);
}

char *system_host(const struct recipe *r)
{
	return text_of("%s%s", systems[r->system].host,
		       r->autoreconf ? " autoreconf automake" : "");
}

char *system_command(const struct recipe *r, enum recipe_phase phase)
{
	autofree char *before = system_before(r, phase);
	autofree char *usual = system_usual(r->system, phase);

	if (!before)
		return NULL;
	if (r->script[phase])
		return text_of("%ssh -eu \"$RECIPE_DIR/%s\"", before,
			       strrchr(r->script[phase], '/') + 1);
	if (r->command[phase])
		return text_of("%s%s", before, r->command[phase]);
	if (!usual)
		return NULL;
	return text_of("%s%s%s%s", before, usual, *r->options[phase] ? " " : "", r->options[phase]);
}
