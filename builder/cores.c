// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/cores.h"

#include <stdio.h>
#include <unistd.h>

#include "fs/base/cleanup.h"

double cores_idle(void)
{
	autoclose FILE *f = fopen("/proc/stat", "re");
	unsigned long long idle, wait;

	if (!f || fscanf(f, "cpu %*u %*u %*u %llu %llu", &idle, &wait) != 2)
		return -1;
	return (double)(idle + wait) / sysconf(_SC_CLK_TCK);
}
