// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/base/cores.h"

#include <stdio.h>
#include <unistd.h>

#include "fs/base/cleanup.h"

/* Of all cores since the boot; < 0 when it cannot be known. */
static double read_idle(void)
{
	autoclose FILE *f = fopen("/proc/stat", "re");
	unsigned long long idle, wait;

	if (!f || fscanf(f, "cpu %*u %*u %*u %llu %llu", &idle, &wait) != 2)
		return -1;
	return (double)(idle + wait) / sysconf(_SC_CLK_TCK);
}

double cores_look(struct cores *c, double at, bool waiting, int jobs)
{
	const struct cores before = *c;
	double spare = sysconf(_SC_NPROCESSORS_ONLN) - jobs, lost;

	*c = (struct cores){ at, read_idle(), waiting };
	if (!before.waiting || before.idle < 0 || c->idle < 0)
		return 0;
	lost = c->idle - before.idle - (spare > 0 ? spare * (at - before.at) : 0);
	return lost > 0 ? lost : 0;
}
