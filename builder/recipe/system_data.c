// SPDX-License-Identifier: GPL-2.0-or-later
/* What wheels are made with. */
#include "builder/base/embed.h"
#include "builder/recipe/system.h"

EMBED(system_python, "builder/recipe/board_python.py");
