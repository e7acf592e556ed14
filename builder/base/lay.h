// SPDX-License-Identifier: GPL-2.0-or-later
/* lay.h - lay one folder's contents over another's. */
#pragma once

#include <stdbool.h>

/* Whatever is in the folder `from` is in the folder `to` after that, and what else was there still
 * is. Folders are merged; a file or link replaces what is not a folder, as a new file. Permissions
 * are those of `from`, and its owner may write in folders; owners and times are not carried over.
 * With `link` files are hard links where that can be. Special files are left out.
 *
 * 0 or -errno; -EISDIR or -ENOTDIR when one is a folder and the other is not. `*where` (the
 * caller's; may be NULL) is then the name, below `from`, at which it was. */
int lay_over(int from, int to, bool link, char **where);
