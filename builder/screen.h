// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once
#include <stdbool.h>
#include "builder/story.h"
struct screen;
int screen_new(struct screen **ret, const struct story *story, int fd, bool plain);
void screen_free(struct screen *s);
void screen_changed(struct screen *s, const struct story_package *p);
void screen_say(struct screen *s, const char *line);
void screen_tick(struct screen *s);
int screen_wait(const struct screen *s);
