// SPDX-License-Identifier: GPL-2.0-or-later
/* fetch_shown.h - one download that somebody waits for and watches. */
#pragma once

#include "builder/fetch.h"

/* Get the file DIR/NAME, as fetch_start does, and show how far it is. 0, or what fetch_events.done
 * has, with `*why`. */
int fetch_shown(struct fetcher *f, const char *url, const char *dir, const char *file,
		const char *sha256, char **why);
