// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once
#include "builder/story.h"
int history_expect(const char *dir, struct story *);
int history_keep(const char *dir, const struct story *);
