// SPDX-License-Identifier: GPL-2.0-or-later
/* check.h - does the same build give the same bytes? */
#pragma once

#include "builder/build/request.h"

/* Build each package that was asked for, which is installed and up to date, once more: in another
 * folder, one job at a time, with the very layers that it was built with, and put aside: the mount
 * shows nothing of it. What differs is shown. 0; -EIO
 * when a package is not reproducible or fails, said; -EINTR with `*signal`. */
int check_packages(struct request *q, int *signal);
