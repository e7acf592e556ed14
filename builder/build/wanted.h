// SPDX-License-Identifier: GPL-2.0-or-later
/* wanted.h - what is asked for on the command line: packages, and choices among their options. */
#pragma once

#include "builder/build/request.h"

/* Fill in q->wanted, and put the choices among the board's words. The target has been found. 0 or
 * -errno, said. */
int wanted_find(struct request *q);
