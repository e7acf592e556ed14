// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/build/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/proc.h"
#include "builder/base/why.h"
#include "builder/box/box.h"
#include "builder/box/syscalls.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/text.h"

static int add_diffoscope(struct strv *argv, const char *first, const char *second)
{
	strv_add(argv, "diffoscope");
	strv_add(argv, "--exclude-directory-metadata=yes");
	strv_add(argv, first);
	return strv_add(argv, second);
}

/* It starts dozens of programs on what strangers made: in a box, where there can be one. */
static int run_diffoscope(const struct request *q, const struct box_opening *first,
			  const struct box_opening *second)
{
	const struct box_opening open[] = { *first, *second };
	autofree char *program = hostprograms_find(&q->host, "diffoscope");
	autofd int filter = q->board.ways.boxed && program ? syscalls_filter() : -1;
	autostrv struct strv argv = { 0 };
	int r = 0;

	if (!program)
		return -ENOENT;
	if (q->board.ways.boxed)
		r = filter < 0 ? filter : box_reader(open, ARRAY_SIZE(open), filter, "/tmp", &argv);
	if (r == 0)
		r = q->board.ways.boxed ? add_diffoscope(&argv, first->to, second->to)
					: add_diffoscope(&argv, first->from, second->from);
	return r < 0 ? r
		     : proc_run(&(struct proc){ .argv = (const char *const *)argv.v,
						.keep = &filter,
						.n_keep = filter >= 0 });
}

/* Where a layer is, and where diffoscope finds it. */
static int place(const struct request *q, const char *layer, struct box_opening *ret, char **from,
		 char **to)
{
	*from = text_of("%s/layers/%s/root", q->board.installed.state, layer);
	*to = text_of("/xsysfs/%s", layer);
	*ret = (struct box_opening){ .from = *from, .to = *to };
	return *from && *to ? 0 : -ENOMEM;
}

/* Where they differ: by our own list, and by diffoscope(1), file by file. */
static void show(const struct request *q, const char *first, const char *second)
{
	autofree char *from = NULL;
	autofree char *to = NULL;
	autofree char *from2 = NULL;
	autofree char *to2 = NULL;
	struct box_opening one, two;
	const char *diff[] = { q->board.ways.places->xsysfs,
			       "-C",
			       target_where(&q->board.target),
			       "diff",
			       first,
			       second,
			       NULL };
	int r = place(q, first, &one, &from, &to);

	if (r == 0)
		r = place(q, second, &two, &from2, &to2);
	fflush(stdout);
	proc_run(&(struct proc){ .argv = diff });
	if (r == 0)
		r = run_diffoscope(q, &one, &two);
	if (r == -ENOENT)
		log_note("with diffoscope installed, you would see what differs in each file");
	else if (r < 0)
		log_errno(r, "cannot run diffoscope");
}

/* `first` is its layer, `second` that of the build after it. */
static int compare(const struct request *q, const struct recipe *recipe, const char *first,
		   const char *second)
{
	if (strcmp(first, second) == 0) {
		printf("%s %s: reproducible\n", recipe->name, recipe->version);
		return 0;
	}
	show(q, first, second);
	log_error("%s %s: not reproducible", recipe->name, recipe->version);
	return -EIO;
}

static int check(struct request *q, const char *name, int *signal)
{
	const struct recipe *recipe = recipeset_find(&q->set, name);
	const char *layer = installed_layer(&q->board.installed, name);
	autostrv struct strv forced = { 0 }, aside = { 0 };
	int r = layer ? strv_add(&forced, name) : -ENOENT;

	if (r < 0)
		return log_errno(r, "%s", name);
	r = request_build(q, &forced, &aside, signal);
	if (r < 0)
		return r;
	return aside.n == 1 ? compare(q, recipe, layer, strchr(aside.v[0], ' ') + 1)
			    : log_errno(-EIO, "%s: nothing to compare", name);
}

int check_packages(struct request *q, int *signal)
{
	struct target bare = q->board.target; /* lent */
	autofree char *work = NULL;
	int result = 0, r = 0;

	work = text_of("%s.check", q->board.target.board->work);
	if (!work)
		return log_errno(-ENOMEM, "cannot check");
	bare.launcher = (struct launcher){ 0 }; /* a cache would give back what it was given */
	jobserver_init(&q->jobs, 1);
	q->board.ways.work = work;
	q->board.ways.aside = true;
	q->board.ways.go_on = false;
	q->board.ways.target = &bare;
	for (size_t i = 0; q->want.packages[i] && r != -EINTR; i++) {
		r = check(q, q->want.packages[i], signal);
		result = r < 0 ? r : result;
	}
	q->board.ways.work = q->board.target.board->work;
	q->board.ways.aside = false;
	q->board.ways.target = &q->board.target;
	return result;
}
