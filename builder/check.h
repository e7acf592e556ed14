// SPDX-License-Identifier: GPL-2.0-or-later
/* check.h - does the same build give the same bytes? */
#pragma once

#include "builder/request.h"

/* Build each package that was asked for, which is installed and up to date, once more: in another
 * folder, one job at a time. What differs is shown, and what was installed is put back. 0; -EIO
 * when a package is not reproducible or fails, said; -EINTR with `*signal`. */
int check_packages(struct request *q, int *signal);
