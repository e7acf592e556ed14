// SPDX-License-Identifier: GPL-2.0-or-later
/* shell.h - a person in the place of a package's phases. */
#pragma once

#include "builder/build/request.h"

/* Run `command`, or a shell when it is empty, where the package, which was asked for, is built
 * (package_shell); all that it needs has to be built. Its exit status, or -errno; said. */
int shell_package(struct request *q, const char *package, char *const *command);
