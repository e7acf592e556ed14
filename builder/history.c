// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/history.h"
int history_expect(const char *dir, struct story *s)
{
	(void)dir;
	(void)s;
	return 0;
}
int history_keep(const char *dir, const struct story *s)
{
	(void)dir;
	(void)s;
	return 0;
}
