// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/build/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "builder/base/why.h"
#include "builder/box/box.h"
#include "builder/build/hostcheck.h"
#include "builder/build/subpackages.h"
#include "builder/build/wanted.h"
#include "builder/story/fetch_shown.h"
#include "builder/story/history.h"
#include "builder/story/screen.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

static void side_release(struct request_side *side)
{
	target_release(&side->target);
	installed_release(&side->installed);
	phase_common_release(&side->common);
}

void request_release(struct request *q)
{
	side_release(&q->board);
	side_release(&q->native);
	source_release(&q->sources);
	strv_release(&q->wanted);
	recipeset_release(&q->set);
	hostprograms_close(&q->host);
}

/* The board has to be mounted; to say what would be built, its state is enough. */
static int find_mount(struct request *q)
{
	const char *where =
		q->want.dry_run ? target_where(&q->board.target) : q->board.target.where.point;

	if (!where)
		return log_error("%s is not mounted at '%s' (try 'xsysfs mount %s')",
				 q->board.target.board->name, q->board.target.board->mnt,
				 q->board.target.board->name);
	if (!q->want.board)
		log_note("for %s, into '%s'", q->board.target.board->name, where);
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

static int look_around(struct request *q, struct request_side *side)
{
	const char *where = target_where(&side->target);
	const char *sysroot = side->target.toolchain.sysroot;
	char *why = NULL;
	int r = where ? installed_read(&side->installed, q->want.places, where, &why) : 0;

	if (r < 0)
		return why_log(why, r);
	if (side->installed.sysroot && strcmp(side->installed.sysroot, sysroot) != 0)
		log_warn("'%s' stands on '%s', and the sysroot of %s's toolchain is '%s'", where,
			 side->installed.sysroot, side->target.board->name, sysroot);
	return target_identify(&side->target, where ? side->installed.sysroot : sysroot,
			       &q->host.known);
}

static void set_ways(struct request *q, struct request_side *side)
{
	side->ways = (struct package_ways){
		.places = q->want.places,
		.target = &side->target,
		.native = q->native.target.board ? &q->native.target : NULL,
		.jobs = &q->jobs,
		.host = &q->host,
		.common = &side->common,
		.work = side->target.board->work,
		.boxed = q->boxed,
		.keep = q->want.keep,
		.go_on = q->want.go_on,
	};
}

/* A box, where the machine has what it takes. */
static int find_box(struct request *q)
{
	char *why = NULL;

	q->boxed = box_probe(&why) == 0;
	if (q->boxed)
		return 0;
	if (check_path(q->board.target.where.point) < 0 ||
	    check_path(q->board.target.toolchain.dir) < 0 ||
	    check_path(q->board.target.board->work) < 0) {
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
	const struct launcher *l = &q->board.target.launcher;
	int r = q->want.fetch_only ? 0
				   : target_open_launcher(&q->board.target, q->want.launcher,
							  q->want.places, q->boxed);

	if (r == 0 && l->network && q->boxed)
		log_warn("%s: the sandbox is open to the network", l->name);
	if (r == 0 && l->remote)
		log_warn("%s: the compilers of %s are no part of a key ('--check' compares with a "
			 "build without them)",
			 l->name, l->hosts);
	return r;
}

/* Tokens for the jobs: one more than there are processors, since now and then each waits for the
 * mount or the disk; with machines to help, as many as they are good for. */
static void make_jobs(struct request *q)
{
	int jobs = q->want.jobs ? q->want.jobs : get_nprocs() + 1;

	if (!q->want.jobs && q->board.target.launcher.jobs > jobs)
		jobs = q->board.target.launcher.jobs;
	jobserver_init(&q->jobs, jobs);
}

/* The recipes, in the words of their boards. */
static int load_recipes(struct request *q)
{
	const struct request_want *want = &q->want;
	cleanup(cleanup_board) struct board *native = NULL;
	struct recipeset_words words = { 0 };
	char *why = NULL;
	int r = wanted_find(q);

	if (r < 0)
		return r;
	r = target_words(want->places, q->board.target.board, &native, &words, &why);
	if (r == 0)
		r = recipeset_load(&q->set, &want->places->recipes, &words, q->wanted.v, &why);
	if (r < 0)
		return why_log(why, r);
	recipeset_say_hidden(&q->set, want->places);
	if (!want->fetch_only)
		subpackages_check_board(q->board.target.board, &want->places->recipes);
	return 0;
}

/* What builds call, of this machine: it is mounted when it is not, but for who only asks. */
static int open_native(struct request *q)
{
	struct target *t = &q->native.target;
	int r = recipeset_has_native(&q->set) ? 0 : -ENOENT;

	if (r < 0)
		return 0;
	r = target_find(t, q->want.places, NULL, BOARD_NATIVE);
	if (r == 0)
		r = target_open_toolchain(t, &q->sources);
	if (r == 0 && !q->want.dry_run && !q->want.fetch_only)
		r = target_mount(t, q->want.places);
	return r == 0 ? look_around(q, &q->native) : r;
}

int request_open(struct request *q, const struct request_want *want, const struct source_ways *ways)
{
	int r;

	*q = (struct request){ .want = *want, .sources = *ways };
	r = target_find(&q->board.target, want->places, want->where, want->board);
	if (r == 0)
		r = load_recipes(q);
	if (r == 0)
		r = find_mount(q);
	if (r == 0)
		r = target_open_toolchain(&q->board.target, &q->sources);
	if (r < 0)
		return r;
	hostprograms_open(&q->host, want->places->home);
	r = want->fetch_only ? 0 : hostcheck(&q->set, &q->host);
	if (r == 0)
		r = look_around(q, &q->board);
	if (r == 0)
		r = open_native(q);
	if (r == 0)
		r = find_box(q);
	if (r == 0)
		r = find_launcher(q);
	if (r < 0)
		return r;
	set_ways(q, &q->board);
	if (q->native.target.board)
		set_ways(q, &q->native);
	make_jobs(q);
	return 0;
}

static int tell_story(struct request *q, struct story *story)
{
	int r = story_init(story, q->board.target.board->name, q->jobs.tokens);

	strv_foreach (node, &q->set.order) {
		const struct recipe *recipe = recipeset_find(&q->set, *node);

		if (r == 0)
			r = story_add(story, *node, recipe->version,
				      &graph_find(&q->set.graph, *node)->needs);
	}
	if (r == 0)
		r = history_expect(q->board.target.board->builds, story);
	return r < 0 ? log_errno(r, "cannot plan") : 0;
}

/* The sources of all that is, or may turn out to be, due. */
static int fetch_due(struct request *q, const struct schedule *s)
{
	autofree const struct recipe **recipes = calloc(s->n + 1, sizeof(*recipes));
	size_t n = 0;

	if (!recipes)
		return log_errno(-ENOMEM, "cannot fetch");
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].state != JOB_OVER)
			recipes[n++] = s->v[i].recipe;
	return fetch_shown_all(&q->sources, recipes, n, NULL) ? -EIO : 0;
}

static void say_above(void *screen, const char *line)
{
	screen_say(screen, line);
}

/* What was up to date may have other rules for its parts: that takes no build. */
static int settle_parts(const struct request *q, const struct schedule *s)
{
	int r = 0;

	for (size_t i = 0; i < s->n && r >= 0; i++) {
		const struct target *t = s->v[i].ways->target;

		if (s->v[i].told->state == STORY_UP_TO_DATE)
			r = subpackages_settle(s->v[i].recipe, t->board, s->v[i].installed,
					       q->want.places, target_where(t));
	}
	return r < 0 ? r : 0;
}

static int run(struct request *q, struct schedule *s)
{
	struct screen *screen = NULL;
	int r;

	if (q->want.dry_run || q->want.fetch_only) {
		r = schedule_init(s);
		if (r == 0 && q->want.fetch_only)
			return fetch_due(q, s);
		if (r == 0 && q->want.rows)
			return schedule_rows(s, q->want.rows);
		if (r == 0)
			schedule_show(s);
		return r;
	}
	r = screen_new(&screen, s->story, STDERR_FILENO, q->want.plain);
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

int request_plan(struct request *q, const struct strv *forced, struct story *story,
		 struct schedule *s)
{
	*s = (struct schedule){
		.sides = { { &q->board.ways, &q->board.installed },
			   { &q->native.ways, &q->native.installed } },
		.sources = &q->sources,
		.set = &q->set,
		.jobs = &q->jobs,
		.most = q->board.target.launcher.remote ? (size_t)get_nprocs() : 0,
		.story = story,
		.forced = forced,
		.keep_going = q->want.keep_going,
		.explain = q->want.explain && !q->want.rows,
	};
	return tell_story(q, story);
}

int request_build(struct request *q, const struct strv *forced, struct strv *aside, int *signal)
{
	autostory struct story story = { 0 };
	struct schedule s;
	int r = request_plan(q, forced, &story, &s), kept;

	s.aside = aside;
	s.quiet = aside || q->want.rows;
	if (r == 0)
		r = run(q, &s);
	story.end = story_now(&story);
	if (!q->want.dry_run && !q->want.fetch_only && !aside && story.n > 1)
		say_summary(&story);
	kept = q->want.dry_run || q->want.fetch_only || aside
		       ? 0
		       : history_keep(q->board.target.board->builds, &story);
	if (kept < 0)
		log_errno(kept, "cannot write to '%s'", q->board.target.board->builds);
	if (signal)
		*signal = s.signal;
	schedule_release(&s);
	return r;
}
