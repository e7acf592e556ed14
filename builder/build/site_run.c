// SPDX-License-Identifier: GPL-2.0-or-later
/* The one `xsysfs run` of a site: its command line, and what it inherits. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "builder/base/proc.h"
#include "builder/base/terminal.h"
#include "builder/build/site.h"
#include "builder/run/jobserver.h"
#include "fs/base/cleanup.h"
#include "fs/base/text.h"

#define ANSWER_MAX 4096

static int add_option(struct strv *argv, const char *option, const struct strv *values)
{
	autofree char *list = strv_join(values, ",");

	if (list && !*list)
		return 0;
	strv_add(argv, option);
	return strv_add(argv, list);
}

/* All that follows sees its tools where `native` is mounted. */
static int add_look(const struct package_build *b, struct strv *argv)
{
	const char *const words[] = { b->ways->places->xsysfs,	     "run",    "--look",    "-C",
				      target_where(b->ways->native), "--sees", b->tools.all };

	strv_add_words(argv, words, ARRAY_SIZE(words));
	add_option(argv, "--needs", &b->tools.fixed);
	return strv_add(argv, "--");
}

static int add_run(const struct package_build *b, const struct site *s, struct strv *argv)
{
	autofree char *rules = places_join(s->work.path, SITE_RULES);
	autofree char *other = recipe_other_machine(b->recipe, b->ways->target->board->prefix);
	const struct recipe *recipe = b->recipe;
	const char *words[] = {
		b->ways->places->xsysfs,
		"run",
		"--quiet",
		"-C",
		target_where(b->ways->target),
		"--package",
		recipe->name,
		"--version",
		recipe->version,
		"--key",
		site_key(s, b)->hex,
		"--sees",
		b->sees.all,
		"--parts",
		rules,
		"--other-machine",
		other,
	};

	if (b->tools.fixed.n)
		add_look(b, argv);
	strv_add_words(argv, words, ARRAY_SIZE(words));
	add_option(argv, "--needs", &b->sees.fixed);
	if (b->command)
		strv_add(argv, "--discard");
	else if (b->ways->aside)
		strv_add(argv, "--aside");
	add_option(argv, "--replaces", &recipe->replaces);
	return strv_add(argv, "--");
}

/* What is to run in the build view: this program, in a box where there can be one. */
static int add_inside(const struct package_build *b, const struct site *s, struct strv *argv)
{
	const struct launcher *launcher = &b->ways->target->launcher;
	const struct box box = {
		.mountpoint = b->ways->target->where.point,
		.outside = &s->outside,
		.self = b->ways->places->self,
		.package = b->recipe->name,
		.native = b->ways->target->toolchain.native,
		.open = s->launcher.openings,
		.n_open = s->launcher.n_openings,
		.network = launcher->network,
		.syscalls = s->syscalls,
	};
	int r = b->ways->boxed ? box_prepare(&box) : 0;

	if (r == 0 && b->ways->boxed)
		r = box_arguments(&box, argv);
	if (r == 0)
		r = strv_add(argv, b->ways->boxed ? BOX_BUILDER : box.self);
	if (r == 0)
		r = strv_add(argv, b->command ? "run-command" : "run-phases");
	if (r == 0)
		r = strv_add(argv, site_seen(s, b)->work);
	for (char *const *word = b->command; r == 0 && word && *word; word++)
		r = strv_add(argv, *word);
	return r;
}

/* For a person: on a terminal, where we have one. */
static int run_command(const struct site *s, const struct strv *argv)
{
	autofd int in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	const struct proc p = { .argv = (const char *const *)argv->v,
				.in = in < 0 ? 0 : in,
				.keep = &s->syscalls,
				.n_keep = s->syscalls >= 0 };

	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) ? terminal_run(&p) : proc_run(&p);
}

/* The one install. */
static int run(const struct package_build *b, const struct site *s, const struct strv *argv)
{
	int keep[4 + PHASE_LOGS] = { s->events, b->jobs->read, b->jobs->write };
	autofree char *layer = NULL;
	struct proc p;
	size_t n = 3;
	int status;

	for (int i = 0; i < PHASE_LOGS; i++)
		if (s->logs[i] >= 0)
			keep[n++] = s->logs[i];
	if (s->syscalls >= 0)
		keep[n++] = s->syscalls;
	p = (struct proc){ .argv = (const char *const *)argv->v, .keep = keep, .n_keep = n };
	status = b->ways->aside ? proc_read(&p, ANSWER_MAX, &layer) : proc_run(&p);
	if (status == 0 && layer)
		dprintf(s->events, "layer %.*s\n", (int)strcspn(layer, "\n"), layer);
	return status;
}

int site_run(const struct site *s, const struct package_build *b)
{
	autostrv struct strv argv = { 0 };
	int r = add_run(b, s, &argv);

	if (r == 0)
		r = add_inside(b, s, &argv);
	if (r < 0)
		return r;
	return b->command ? run_command(s, &argv) : run(b, s, &argv);
}
