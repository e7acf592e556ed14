// SPDX-License-Identifier: GPL-2.0-or-later
/* times.h - the times of a source, which builds see and write down: never of the clock.
 *
 * What an archive has is as old as the archive says; what has been made since, by patches or for
 * folders that the archive does not have, is as old as the newest in it.
 */
#pragma once

#include <stdint.h>

/* SOURCE_DATE_EPOCH for a source whose newest file has that time: one that every file system can
 * keep and that a date can be made of, from 1970 to 2106. */
int64_t times_epoch(int64_t newest);

/* Give everything in the open folder that is younger than `epoch` that time, the folder as well. 0
 * or -errno. */
int times_bound(int dir, int64_t epoch);
