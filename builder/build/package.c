// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/build/package.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "builder/base/why.h"
#include "builder/build/reuse.h"
#include "builder/build/site.h"
#include "builder/recipe/system.h"
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
		 "%d later failures; 'xsysfs shell %s' is a shell there, and 'build --continue' "
		 "goes on there)",
		 name, s->work.path, moved ? ", which its logs call '" : "", moved ? inside : "",
		 moved ? "'" : "", FAILED_MOST, b->recipe->name);
}

/* Where the build that failed had come to. */
static int go_on(const struct package_build *b, struct site *s, const char *name, char **why)
{
	int r = site_prepare_again(s, b, why);

	if (r < 0)
		return r;
	log_note("%s: goes on at %s", name, recipe_phase_names[s->from]);
	if (s->continued.text)
		log_warn("%s: somebody has worked in its folders, or it was begun with other "
			 "inputs: "
			 "the next build begins anew",
			 name);
	return 0;
}

int package_build(const struct package_build *b, int events)
{
	cleanup(site_release) struct site s = { 0 };
	autofree char *name = NULL;
	char *why = NULL;
	bool goes_on;
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
	goes_on = b->ways->go_on && site_is_ready(&s);
	r = goes_on ? go_on(b, &s, name, &why) : site_prepare(&s, b, &why);
	if (r < 0 && !goes_on)
		work_clear(&s.work);
	if (r < 0)
		return why_log_of(why, r, name);
	r = install(b, &s);
	if (r < 0) {
		log_error("%s: not installed, the mount is as it was", name);
		tell_kept(b, &s, name);
		work_limit(b->ways->work, FAILED_MOST - 1); /* and this one */
		return r;
	}
	return b->ways->keep ? work_keep(&s.work) : work_clear(&s.work);
}

/* What a person can do there, as the phases would. */
static void greet(const struct package_build *b, const struct site *s, bool kept)
{
	const struct box_folders *f = site_seen(s, b);
	autofree char *src = phase_source(b->recipe, f);

	log_note(
		"%s %s: %s; what is installed ('DESTDIR' is the mount) is thrown away. Its phases:",
		b->recipe->node, b->recipe->version,
		kept ? "source and build folders are as a failed build has left them, and stay"
		     : "source and build folders are new, and go when this ends");
	for (int i = 0; i < PHASE_COUNT; i++) {
		autofree char *command = system_command(b->recipe, i);

		if (command)
			fprintf(stderr, "  %-9s  cd %s && %s\n", recipe_phase_names[i],
				b->recipe->in_tree && src ? src : f->build, command);
	}
}

/* Between the preparation and the end. */
static int run_shell(const struct package_build *b, struct site *s, bool kept, char **why)
{
	int r = kept ? site_prepare_again(s, b, why) : site_prepare(s, b, why), status;

	if (r < 0)
		return r;
	if (kept || b->ways->keep)
		r = site_touch(s, why);
	if (r < 0)
		return r;
	if (!*b->command)
		greet(b, s, kept);
	status = site_run(s, b);
	if (status < 0)
		return why_errno(why, status, "cannot run '%s'", b->ways->places->xsysfs);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int package_shell(const struct package_build *b)
{
	cleanup(site_release) struct site s = { 0 };
	char *why = NULL;
	bool kept;
	int r;

	site_init(&s, -1);
	umask(022);
	r = site_open(&s, b, &why);
	if (r == 0)
		r = site_furnish(&s, b, &why);
	if (r < 0)
		return why_log_of(why, r, b->recipe->node);
	kept = site_is_ready(&s);
	r = run_shell(b, &s, kept, &why);
	if (!kept && !b->ways->keep)
		work_clear(&s.work);
	else if (!kept)
		work_keep(&s.work);
	return r < 0 ? why_log_of(why, r, b->recipe->node) : r;
}
