// SPDX-License-Identifier: GPL-2.0-or-later
/* ids.h - the owners that our user namespace has no number for.
 *
 * stat(2) shows them all as the overflow number (user_namespaces(7)). The kernel lets nobody touch
 * a file of such an owner, on a FUSE mount neither: reading it is all, and chmod(2), rename(2) and
 * unlink(2) are EOVERFLOW. Nor can a file be given to it. So on the mount they are ours.
 *
 * Safe from any thread. The maps are read once: they can be written only once.
 */
#pragma once

#include <sys/stat.h>

/* An owner and a group that we have no number for become our own. */
void ids_adopt(struct stat *st);
