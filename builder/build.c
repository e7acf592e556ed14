// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/verbs.h"

#include <errno.h>
#include <stdio.h>

#include "builder/check.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

#define SIGNALLED 128 /* and the signal's number: as a shell says it */

int verb_build(struct options *o)
{
	cleanup(request_release) struct request q = { 0 };
	int signal = 0;
	int r = request_open(&q, o);

	if (r == 0)
		r = request_build(&q, NULL, &signal);
	if (r == 0 && o->check && !o->dry_run && !o->fetch_only)
		r = check_packages(&q, &signal);
	if (signal)
		log_note("interrupted: the same command goes on from here");
	return signal ? SIGNALLED + signal : r < 0;
}
