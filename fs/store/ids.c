// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/ids.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "fs/base/cleanup.h"

/* The overflow number, in a namespace where it is nobody's. */
struct unknown {
	bool there;
	unsigned id;
};

static struct unknown unknown_uid, unknown_gid;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Nothing to be read: there are no namespaces, and every number is known. */
static void load(const char *overflow, const char *map, struct unknown *ret)
{
	autoclose FILE *numbers = fopen(overflow, "re");
	autoclose FILE *ranges = fopen(map, "re");
	unsigned first, outside, n;

	if (!numbers || !ranges || fscanf(numbers, "%u", &ret->id) != 1)
		return;
	ret->there = true;
	while (fscanf(ranges, "%u %u %u", &first, &outside, &n) == 3)
		if (ret->id >= first && ret->id - first < n)
			ret->there = false;
}

static void load_both(void)
{
	load("/proc/sys/kernel/overflowuid", "/proc/self/uid_map", &unknown_uid);
	load("/proc/sys/kernel/overflowgid", "/proc/self/gid_map", &unknown_gid);
}

void ids_adopt(struct stat *st)
{
	pthread_once(&once, load_both);
	if (unknown_uid.there && st->st_uid == unknown_uid.id)
		st->st_uid = geteuid();
	if (unknown_gid.there && st->st_gid == unknown_gid.id)
		st->st_gid = getegid();
}
