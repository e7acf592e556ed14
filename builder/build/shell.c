// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/build/shell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "builder/build/site.h"
#include "builder/source/source.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

/* For source_get_all. */
static void got(void *arg, size_t i, size_t source, const char *path)
{
	struct job *j = arg;

	(void)i;
	free(j->archive);
	j->archive = strdup(path);
	j->got = source;
}

static void failed(void *arg, size_t i, const char *why)
{
	const struct job *j = arg;

	(void)i;
	log_error("%s: %s", j->recipe->node, why);
}

/* Folders that are there need no archive. */
static int have_source(struct request *q, struct job *j)
{
	const struct source_events events = { .got = got, .failed = failed, .arg = j };
	const struct recipe *recipe = j->recipe;

	if (site_was_left(j->ways->work, recipe->name))
		return 0;
	if (source_get_all(&q->sources, &recipe, 1, &events))
		return -EIO;
	return j->archive ? 0 : log_errno(-ENOMEM, "%s", recipe->node);
}

/* What it needs, as it is in the key, has to be there. */
static int find_job(const struct schedule *s, const char *package, struct job **ret)
{
	*ret = NULL;
	for (size_t i = 0; i < s->n; i++) {
		struct job *j = &s->v[i];

		if (strcmp(j->recipe->node, package) == 0)
			*ret = j;
		else if (j->state != JOB_OVER)
			return log_error("%s needs '%s', which is not built, or not up to date "
					 "(try 'xsysfs build %s')",
					 package, j->recipe->node, package);
	}
	return *ret ? 0 : log_errno(-ENOENT, "%s", package);
}

int shell_package(struct request *q, const char *package, char *const *command)
{
	autostory struct story story = { 0 };
	autostrv struct strv forced = { 0 };
	struct schedule s = { 0 };
	struct job *j = NULL;
	int r = strv_add(&forced, package);

	if (r == 0)
		r = request_plan(q, &forced, &story, &s);
	s.quiet = true;
	if (r == 0)
		r = schedule_init(&s);
	if (r == 0)
		r = find_job(&s, package, &j);
	if (r == 0)
		r = have_source(q, j);
	if (r == 0)
		r = job_shell(j, j->ways, command);
	schedule_release(&s);
	return r;
}
