// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/proc.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

static int run(const char *const *argv)
{
	fflush(stdout);
	return proc_run(&(struct proc){ .argv = argv });
}

/* Where they differ: by diffoscope(1), file by file, or by our own list. */
static void show(const struct request *q, const char *package, const char *first,
		 const char *second)
{
	autofree char *a = NULL;
	autofree char *b = NULL;
	const char *diffoscope[] = { "diffoscope", "--exclude-directory-metadata=yes", NULL, NULL,
				     NULL };
	const char *diff[] = { q->ways.places->xsysfs, "-C", q->ways.where, "diff", package, NULL };

	if (asprintf(&a, "%s/layers/%s/root", q->installed.state, first) < 0)
		a = NULL;
	if (asprintf(&b, "%s/layers/%s/root", q->installed.state, second) < 0)
		b = NULL;
	diffoscope[2] = a;
	diffoscope[3] = b;
	run(diff);
	if (a && b && run(diffoscope) == -ENOENT)
		log_note("with diffoscope installed, you would see what differs in each file");
}

static int put_back(const struct request *q, const char *package)
{
	const char *argv[] = {
		q->ways.places->xsysfs, "-C", q->ways.where, "rollback", package, NULL
	};

	return run(argv) == 0 ? 0 : log_error("'%s' could not be rolled back", package);
}

/* `first` is its layer, `second` that of the build after it. */
static int compare(const struct request *q, const struct recipe *recipe, const char *first,
		   const char *second)
{
	if (strcmp(first, second) == 0) {
		printf("%s %s: reproducible\n", recipe->name, recipe->version);
		return 0;
	}
	show(q, recipe->name, first, second);
	put_back(q, recipe->name);
	log_error("%s %s: not reproducible", recipe->name, recipe->version);
	return -EIO;
}

static int check(struct request *q, const char *name, int *signal)
{
	const struct recipe *recipe = recipeset_find(&q->set, name);
	const char *layer = installed_layer(&q->installed, name);
	autofree char *first = layer ? strdup(layer) : NULL;
	autostrv struct strv forced = { 0 };
	int r = first ? strv_add(&forced, name) : -ENOMEM;

	if (r < 0)
		return log_errno(r, "%s", name);
	r = request_build(q, &forced, signal);
	return r < 0 ? r : compare(q, recipe, first, installed_layer(&q->installed, name));
}

int check_packages(struct request *q, int *signal)
{
	autofree char *work = NULL;
	int result = 0, r;

	if (asprintf(&work, "%s.check", q->board->work) < 0) {
		work = NULL;
		return log_errno(-ENOMEM, "cannot check");
	}
	jobserver_release(&q->jobs);
	r = jobserver_init(&q->jobs, 1);
	if (r < 0)
		return log_errno(r, "cannot make a pipe");
	q->ways.work = work;
	q->ways.launcher = NULL; /* a cache would give back what it was given */
	for (int i = 0; i < q->options->n_args && r != -EINTR; i++) {
		r = check(q, q->options->args[i], signal);
		result = r < 0 ? r : result;
	}
	q->ways.work = q->board->work;
	q->ways.launcher = q->launcher.name ? &q->launcher : NULL;
	return result;
}
