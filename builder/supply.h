// SPDX-License-Identifier: GPL-2.0-or-later
/* supply.h - the sources of a build, fetched beside it by a process of its own. */
#pragma once

#include <stdint.h>

#include "builder/child.h"
#include "builder/source.h"

/* What is heard of it; `i` is the index among the recipes. */
struct supply_events {
	void (*got)(void *arg, size_t i, const char *path);
	void (*failed)(void *arg, size_t i, const char *why);
	void (*progress)(void *arg, size_t i, uint64_t have, uint64_t total);
	void *arg;
};

/* Start to get them: `child` runs, and ends when all are there or cannot be had. 0 or -errno. */
int supply_start(struct child *child, struct source_ways *ways, const struct recipe *const *recipes,
		 size_t n);

/* Take in what it tells. */
void supply_hear(struct child *child, const struct supply_events *events);
