// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/box/shown.h"

#include "builder/box/box.h"
#include "builder/recipe/recipe.h"

#define KEY(part) (1U << (SHOWN_##part))

const struct shown_row shown_rows[SHOWN_COUNT] = {
	[SHOW_PROC] = { "--proc", "/proc", 0, "only its own processes, and the kernel's" },
	[SHOW_DEV] = { "--dev", "/dev", 0, "the same on every machine" },
	[SHOW_TMP] = { "--tmpfs", "/tmp", 0, "empty" },
	[SHOW_USR] = { "--ro-bind", "/usr", KEY(HOST), NULL },
	[SHOW_TOP_LINK] = { "--symlink", NULL, KEY(HOST), NULL },
	[SHOW_TOP_FOLDER] = { "--ro-bind", NULL, KEY(HOST), NULL },
	[SHOW_ETC] = { "--ro-bind-try", NULL, 0,
		       "says where the machine's programs find their parts; they count "
		       "themselves" },
	[SHOW_RESOLVER] = { "--ro-bind-try", NULL, 0,
			    "for launchers, which change who compiles and not what" },
	[SHOW_OPENING] = { "--ro-bind", NULL, 0,
			   "for launchers, which change who compiles and not what" },
	[SHOW_OPENING_TO_WRITE] = { "--bind", NULL, 0,
				    "for launchers, which change who compiles and not what" },
	[SHOW_BUILDER] = { "--ro-bind", BOX_BUILDER, 0,
			   "carries out what is in the key; KEY_FORMAT says that it does it "
			   "otherwise" },
	[SHOW_TOOLCHAIN] = { "--ro-bind", BOX_TOOLCHAIN, KEY(TOOLCHAIN), NULL },
	[SHOW_NATIVE] = { "--ro-bind", BOX_NATIVE, KEY(NATIVE), NULL },
	[SHOW_PREFIX] = { "--ro-bind", BOX_NATIVE, KEY(NEEDS), NULL },
	[SHOW_RECIPE] = { "--ro-bind", BOX_RECIPE, KEY(FILES), NULL },
	[SHOW_RECIPE_FILE] = { "--ro-bind", BOX_RECIPE "/" RECIPE_FILE, 0, "empty" },
	[SHOW_WRITTEN] = { "--ro-bind", BOX_WRITTEN, 0, "what the build itself has installed" },
	[SHOW_WORK] = { "--ro-bind", NULL, KEY(GIVEN), NULL },
	[SHOW_WORK_SRC] = { "--bind", NULL, KEY(SOURCE) | KEY(PATCHES), NULL },
	[SHOW_WORK_OWN] = { "--bind", NULL, 0, "empty when it begins" },
	[SHOW_WORK_LOG] = { "--tmpfs", NULL, 0, "empty" },
	[SHOW_PASSWD] = { "--ro-bind", "/etc/passwd", 0, "names for who builds, who is no input" },
	[SHOW_GROUP] = { "--ro-bind", "/etc/group", 0, "names for who builds, who is no input" },
	[SHOW_VIEW] = { "--bind", BOX_SYSROOT, KEY(SYSROOT) | KEY(NEEDS), NULL },
};
