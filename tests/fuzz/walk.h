// SPDX-License-Identifier: GPL-2.0-or-later
/* walk.h - do with a whole view what programs do: list, look up, read, ask for attributes. */
#pragma once

struct view;
struct xs;

/* What no view may ever show: the contents of files outside of the state and the base. */
#define WALK_SECRET "what is outside of the folder"

void walk_view(struct view *view);
/* The same with all views there are, and the virtual directories. */
void walk_all(struct xs *xs);
