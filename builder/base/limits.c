// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/base/limits.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fs/base/cleanup.h"

/* Pages of a process that are its own; 0 when it has gone. */
static uint64_t own_pages(int proc, const char *pid)
{
	unsigned long resident, shared;
	char path[32], text[128];
	autofd int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "%.20s/statm", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return sscanf(text, "%*u %lu %lu", &resident, &shared) == 2 && resident > shared
		       ? resident - shared
		       : 0;
}

enum limits_over limits_look(const struct limits *l)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t most = l->memory ? l->memory : page * (uint64_t)sysconf(_SC_PHYS_PAGES);
	autodir DIR *d = opendir("/proc");
	uint64_t processes = 0, memory = 0;
	struct dirent *e;

	while (d && (e = readdir(d))) {
		int pid = atoi(e->d_name);

		if (pid <= 0 || pid == getpid())
			continue;
		memory += own_pages(dirfd(d), e->d_name) * page;
		if (++processes > l->processes)
			return LIMITS_TOO_MANY;
		if (memory > most)
			return LIMITS_TOO_MUCH;
	}
	return LIMITS_KEPT;
}
