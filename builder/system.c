// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct system {
	bool in_tree;
	bool counts_jobs;
	const char *usual[PHASE_COUNT]; /* NULL: no such phase */
};

#define PYTHON_CROSS                                                                  \
	"for data in \"$SYSROOT$PREFIX\"/lib/python3*/_sysconfigdata_*linux*.py; do " \
	"if test -e \"$data\"; then export PYTHONPATH=\"${data%/*}\"; "               \
	"name=${data##*/}; export _PYTHON_SYSCONFIGDATA_NAME=\"${name%.py}\" "        \
	"_PYTHON_HOST_PLATFORM=\"linux-$HOST_ARCH\"; fi; done; "

/* Where the target's Python looks: its site-packages when it is in the sysroot, else where
 * Debian's, which the Pi has, looks for what is in /usr/local. Not compiled: that differs each
 * time. */
#define PYTHON_INSTALL                                                                      \
	"import glob, os, sys; "                                                            \
	"from installer import install; "                                                   \
	"from installer.destinations import SchemeDictionaryDestination; "                  \
	"from installer.sources import WheelFile; "                                         \
	"e = os.environ; "                                                                  \
	"prefix = e[\"PREFIX\"]; "                                                          \
	"own = glob.glob(e[\"SYSROOT\"] + prefix + \"/lib/python3*/os.py\"); "              \
	"name = os.path.basename(os.path.dirname(own[0])) if own else "                     \
	"\"python3.%d\" % sys.version_info[1]; "                                            \
	"lib = prefix + \"/lib/\" + name + (\"/site-packages\" if own else "                \
	"\"/dist-packages\"); "                                                             \
	"to = SchemeDictionaryDestination({\"purelib\": lib, \"platlib\": lib, "            \
	"\"headers\": prefix + \"/include/\" + name, \"scripts\": prefix + \"/bin\", "      \
	"\"data\": prefix}, "                                                               \
	"interpreter=prefix + \"/bin/python3\" if own else \"/usr/bin/python3\", "          \
	"script_kind=\"posix\", bytecode_optimization_levels=[], destdir=e[\"DESTDIR\"]); " \
	"opened = WheelFile.open(sys.argv[1]); wheel = opened.__enter__(); "                \
	"install(wheel, to, {\"INSTALLER\": b\"xsysfs\"})"

static const struct system systems[RECIPE_SYSTEMS] = {
	[RECIPE_AUTOTOOLS] = {
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
		.in_tree = true,
		.usual = { NULL, "make", "make install DESTDIR=\"$DESTDIR\"" },
	},
	/* a wheel as PEP 517 has it, with what the target's Python says of its compiler */
	[RECIPE_PYTHON] = {
		.in_tree = true,
		.usual = {
			NULL,
			PYTHON_CROSS "python3 -m build --wheel --no-isolation --skip-dependency-check",
			"python3 -c '" PYTHON_INSTALL "' dist/*.whl",
		},
	},
	[RECIPE_SCRIPT] = { .in_tree = true },
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

char *system_command(const struct recipe *r, enum recipe_phase phase)
{
	const char *usual = systems[r->system].usual[phase];
	char *command;
	int n;

	if (r->script[phase])
		n = asprintf(&command, "sh -eu \"$RECIPE_DIR/%s\"",
			     strrchr(r->script[phase], '/') + 1);
	else if (r->command[phase])
		return strdup(r->command[phase]);
	else if (!usual)
		return NULL;
	else
		n = asprintf(&command, "%s%s%s", usual, *r->options[phase] ? " " : "",
			     r->options[phase]);
	return n < 0 ? NULL : command;
}
