// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/base/size.h"

#include <stdio.h>

const char *size_said(double bytes, char buf[static SIZE_SAID])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	size_t i = 0;

	while (i < 4 && bytes >= 999.5) {
		bytes /= 1000;
		i++;
	}
	snprintf(buf, SIZE_SAID, "%.*f %s", i > 0 && bytes < 9.95, bytes < 1e6 ? bytes : 1e6,
		 units[i]);
	return buf;
}
