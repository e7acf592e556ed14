// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/build/package.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/base/why.h"
#include "builder/build/reuse.h"
#include "builder/build/site.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/text.h"

#define FAILED_MOST 5 /* failed builds whose folders are kept */

char *package_log_folder(const struct package_ways *ways, const char *package)
{
	return text_of("%s/%s/log", ways->work, package);
}

/* Another builder had it: it may have built the very same. 1: that is installed now; 0; -errno with
 * `*why`. */
static int wait_for_other(const struct package_build *b, struct site *s, const char *name,
			  char **why)
{
	autofree char *layer = NULL;
	int r;

	log_note("%s: waiting for another 'xsysfs build' that is at it (process %d)", name,
		 work_owner(&s->work));
	r = work_wait(&s->work, why);
	if (r == 0 && !b->ways->aside &&
	    reuse_find(b->ways, b->recipe->name, b->key->hex, &layer) > 0)
		r = reuse_take(b->ways, layer) == 0;
	if (r > 0)
		dprintf(s->events, "taken\n");
	return r;
}

/* The one install. What goes wrong in it is said by who is inside. */
static int install(const struct package_build *b, const struct site *s)
{
	int status = site_run(s, b);

	if (status < 0)
		return log_errno(status, "cannot run '%s'", b->ways->places->xsysfs);
	return status == 0 ? 0 : -EIO;
}

/* Where to look now; configure and Meson write down the names that they saw. */
static void tell_kept(const struct package_build *b, const struct site *s, const char *name)
{
	const char *inside = site_seen(s, b)->work;
	bool moved = strcmp(inside, s->work.path) != 0;

	log_note("%s: src and build are kept in '%s'%s%s%s ('xsysfs clean' removes them, and so do "
		 "%d later failures)",
		 name, s->work.path, moved ? ", which its logs call '" : "", moved ? inside : "",
		 moved ? "'" : "", FAILED_MOST);
}

int package_build(const struct package_build *b, int events)
{
	cleanup(site_release) struct site s;
	autofree char *name = NULL;
	char *why = NULL;
	int r;

	site_init(&s, events);
	umask(022); /* what is unpacked and patched is the same, whoever builds */
	if (!(name = text_of("%s %s", b->recipe->node, b->recipe->version)))
		return log_errno(-ENOMEM, "%s", b->recipe->name);
	r = site_open(&s, b, &why);
	if (r == -EBUSY) {
		free(take_ptr(why));
		r = wait_for_other(b, &s, name, &why);
		if (r > 0)
			return 0;
	}
	if (r == 0)
		r = site_furnish(&s, b, &why);
	if (r < 0)
		return why_log_of(why, r, name);
	r = site_prepare(&s, b, &why);
	if (r < 0) {
		work_clear(&s.work);
		return why_log_of(why, r, name);
	}
	r = install(b, &s);
	if (r < 0) {
		log_error("%s: not installed, the mount is as it was", name);
		tell_kept(b, &s, name);
		work_limit(b->ways->work, FAILED_MOST - 1); /* and this one */
		return r;
	}
	return b->ways->keep ? work_keep(&s.work) : work_clear(&s.work);
}
