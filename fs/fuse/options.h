// SPDX-License-Identifier: GPL-2.0-or-later
/* options.h - mount options of our own among those of -o, which neither libfuse nor the kernel
 * know: inode32   see inode32.h io_uring  see fuse_uring.h
 */
#pragma once

#include <stdbool.h>

/* Take an option out of others, separated by commas. Returns whether it was there. */
bool options_take(char *options, const char *option);
