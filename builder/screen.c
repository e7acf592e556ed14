// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/screen.h"
#include <stdio.h>
#include <stdlib.h>
struct screen {
	int fd;
};
int screen_new(struct screen **ret, const struct story *story, int fd, bool plain)
{
	(void)story;
	(void)plain;
	*ret = calloc(1, sizeof(**ret));
	(*ret)->fd = fd;
	return 0;
}
void screen_free(struct screen *s)
{
	free(s);
}
void screen_changed(struct screen *s, const struct story_package *p)
{
	(void)s;
	(void)p;
}
void screen_say(struct screen *s, const char *line)
{
	dprintf(s->fd, "%s\n", line);
}
void screen_tick(struct screen *s)
{
	(void)s;
}
int screen_wait(const struct screen *s)
{
	(void)s;
	return -1;
}
