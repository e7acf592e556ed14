// SPDX-License-Identifier: GPL-2.0-or-later
/* history.h - the stories of earlier builds of a board, a JSON file each.
 *
 * How long a build will take is known from them, and the report shows one. The newest HISTORY_KEPT
 * stay; builds in which nothing had to be done leave none.
 */
#pragma once

#include "builder/story/story.h"

#define HISTORY_KEPT 30

/* Put a story that is over into the folder `dir`, which is made. 0 or -errno. */
int history_keep(const char *dir, const struct story *story);

/* Fill in how long each package took when it was built the last time. 0 or -ENOMEM; a file that
 * cannot be read is passed over. */
int history_expect(const char *dir, struct story *story);

/* The story in a file, or (NULL) the newest one in `dir`. 0, or -errno with `*why`: -ENOENT when
 * there is none, -EBADMSG for what is no story. */
int history_load(const char *dir, const char *file, struct story *ret, char **why);
