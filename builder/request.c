// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "builder/box.h"
#include "builder/fetch_verb.h"
#include "builder/history.h"
#include "builder/screen.h"
#include "builder/subpackages.h"
#include "builder/verbs.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

void request_release(struct request *q)
{
	board_free(q->board);
	toolchain_release(&q->toolchain);
	source_release(&q->sources);
	recipeset_release(&q->set);
	installed_release(&q->installed);
	jobserver_release(&q->jobs);
	launcher_release(&q->launcher);
}

/* Which mount: -C, else $XSYSFS, else the board's, which has to be mounted. */
static int find_mount(struct request *q)
{
	const char *env = getenv("XSYSFS"), *where = q->options->where;

	if (!where)
		where = env && *env ? env : q->board->mnt;
	if (where == q->board->mnt && !board_is_mounted(q->board))
		return log_error("%s is not mounted at '%s' (try 'xsysfs mount %s')",
				 q->board->name, where, q->board->name);
	q->ways.where = where;
	return 0;
}

/* Paths go into PATH, CC and makefiles, where these have a meaning. */
static int check_path(const char *path)
{
	const char *odd = path ? strpbrk(path, " \t\n:;'\"`$\\#%&*?") : NULL;

	return odd ? log_error("nothing can be built in '%s': makefiles stumble over '%c'", path,
			       *odd)
		   : 0;
}

static int look_around(struct request *q)
{
	char *why = NULL;
	int r = installed_read(&q->installed, &q->options->places, q->ways.where, &why);

	if (r < 0)
		return why_log(why, r);
	if (!q->installed.mountpoint && !q->options->dry_run)
		return log_error("nothing is mounted at '%s' (try 'xsysfs mount %s')",
				 q->ways.where, q->board->name);
	if (q->installed.sysroot && strcmp(q->installed.sysroot, q->toolchain.sysroot) != 0)
		log_warn("'%s' stands on '%s', and the sysroot of %s's toolchain is '%s'",
			 q->ways.where, q->installed.sysroot, q->board->name, q->toolchain.sysroot);
	q->ways.mountpoint = q->installed.mountpoint;
	q->ways.state = q->installed.state;
	return 0;
}

/* A box, where the machine has what it takes. */
static int find_box(struct request *q)
{
	char *why = NULL;

	q->ways.boxed = box_probe(&why) == 0;
	if (q->ways.boxed)
		return 0;
	if (check_path(q->installed.mountpoint) < 0 || check_path(q->toolchain.dir) < 0 ||
	    check_path(q->board->work) < 0) {
		free(why);
		return -EINVAL;
	}
	log_warn("no sandbox (%s): builds can read the home folder, reach the network and write "
		 "elsewhere, and what they install may depend on it",
		 why ? why : "no memory");
	free(why);
	return 0;
}

/* What stands in front of the compilers. */
static int find_launcher(struct request *q)
{
	const struct options *o = q->options;
	const char *name = o->launcher ? o->launcher : q->board->launcher;
	char *why = NULL;
	int r;

	if (!name || o->fetch_only)
		return 0;
	r = launcher_open(&q->launcher, name, &o->places, &q->toolchain, q->ways.boxed, &why);
	if (r < 0)
		return why_log(why, r);
	if (!q->launcher.name)
		return 0;
	q->ways.launcher = &q->launcher;
	if (q->launcher.network && q->ways.boxed)
		log_warn("%s: the sandbox is open to the network", name);
	if (q->launcher.remote)
		log_warn("%s: the compilers of %s are no part of a key ('--check' compares with a "
			 "build without them)",
			 name, q->launcher.hosts);
	return 0;
}

/* Tokens for the jobs: one more than there are processors, since now and then each waits for the
 * mount or the disk; with machines to help, as many as they are good for. */
static int make_jobs(struct request *q)
{
	int jobs = q->options->jobs ? q->options->jobs : get_nprocs() + 1;

	if (!q->options->jobs && q->launcher.jobs > jobs)
		jobs = q->launcher.jobs;
	return jobserver_init(&q->jobs, jobs);
}

int request_open(struct request *q, struct options *o)
{
	char *why = NULL;
	int r;

	*q = (struct request){ .options = o,
			       .sources = { .places = &o->places, .offline = o->offline } };
	r = verb_board(o, o->board, &q->board);
	if (r < 0)
		return r;
	r = recipeset_load(&q->set, o->places.recipes, &q->board->words, o->args, &why);
	if (r < 0)
		return why_log(why, r);
	r = find_mount(q);
	if (r < 0)
		return r;
	r = toolchain_open(&q->toolchain, q->board, &q->sources, &why);
	if (r < 0)
		return why_log(why, r);
	q->ways.places = &o->places;
	q->ways.board = q->board;
	q->ways.toolchain = &q->toolchain;
	q->ways.jobs = &q->jobs;
	q->ways.work = q->board->work;
	q->ways.keep = o->keep;
	r = look_around(q);
	if (r == 0)
		r = find_box(q);
	if (r == 0)
		r = find_launcher(q);
	if (r < 0)
		return r;
	r = make_jobs(q);
	return r < 0 ? log_errno(r, "cannot make a pipe") : 0;
}

static int tell_story(struct request *q, struct story *story)
{
	int r = story_init(story, q->board->name, q->jobs.tokens);

	strv_foreach (name, &q->set.order) {
		const struct recipe *recipe = recipeset_find(&q->set, *name);

		if (r == 0)
			r = story_add(story, *name, recipe->version, &recipe->needs);
	}
	if (r == 0)
		r = history_expect(q->board->builds, story);
	return r < 0 ? log_errno(r, "cannot plan") : 0;
}

/* The sources of all that is, or may turn out to be, due. */
static int fetch_due(const struct request *q, const struct schedule *s)
{
	autofree const struct recipe **recipes = calloc(s->n + 1, sizeof(*recipes));
	size_t n = 0;

	if (!recipes)
		return log_errno(-ENOMEM, "cannot fetch");
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].state != JOB_OVER)
			recipes[n++] = s->v[i].recipe;
	return fetch_and_show(q->options, recipes, n) ? -EIO : 0;
}

static void say_above(void *screen, const char *line)
{
	screen_say(screen, line);
}

/* What was up to date may have other rules for its parts: that takes no build. */
static int settle_parts(const struct request *q, const struct schedule *s)
{
	int r = 0;

	for (size_t i = 0; i < s->n && r >= 0; i++)
		if (s->v[i].told->state == STORY_UP_TO_DATE)
			r = subpackages_settle(s->v[i].recipe, q->board, &q->installed,
					       &q->options->places, q->ways.where);
	return r < 0 ? r : 0;
}

static int run(struct request *q, struct schedule *s)
{
	struct screen *screen = NULL;
	int r;

	if (q->options->dry_run || q->options->fetch_only) {
		r = schedule_init(s);
		if (r == 0 && q->options->fetch_only)
			return fetch_due(q, s);
		if (r == 0)
			schedule_show(s);
		return r;
	}
	r = screen_new(&screen, s->story, STDERR_FILENO, q->options->plain);
	if (r < 0)
		return log_errno(r, "cannot draw");
	s->screen = screen;
	log_redirect(say_above, screen);
	r = schedule_init(s);
	if (r == 0)
		r = schedule_run(s);
	if (r == 0)
		r = settle_parts(q, s);
	log_redirect(NULL, NULL);
	screen_free(screen);
	s->screen = NULL;
	return r;
}

static void say_summary(const struct story *story)
{
	autofree char *summary = story_summary(story);

	if (summary && *summary)
		log_note("%s, in %.1f s ('xsysfs report' shows it)", summary, story->end);
}

int request_build(struct request *q, const struct strv *forced, int *signal)
{
	autostory struct story story = { 0 };
	struct schedule s = {
		.ways = &q->ways,
		.sources = &q->sources,
		.set = &q->set,
		.installed = &q->installed,
		.jobs = &q->jobs,
		.most = q->launcher.remote ? (size_t)get_nprocs() : 0,
		.story = &story,
		.forced = forced,
		.quiet = forced,
		.keep_going = q->options->keep_going,
		.explain = q->options->explain,
	};
	int r = tell_story(q, &story), kept;

	if (r == 0)
		r = run(q, &s);
	story.end = story_now(&story);
	if (!q->options->dry_run && !q->options->fetch_only && !forced && story.n > 1)
		say_summary(&story);
	kept = q->options->dry_run || q->options->fetch_only || forced
		       ? 0
		       : history_keep(q->board->builds, &story);
	if (kept < 0)
		log_errno(kept, "cannot write to '%s'", q->board->builds);
	if (signal)
		*signal = s.signal;
	schedule_release(&s);
	return r;
}
