// SPDX-License-Identifier: GPL-2.0-or-later
/* xsysfs report: gather what is known of a build, and write the page. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/base/why.h"
#include "builder/build/installed.h"
#include "builder/report/report.h"
#include "builder/story/history.h"
#include "builder/target/target.h"
#include "builder/verb/verbs.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"

static void report_release(struct report *r)
{
	for (size_t i = 0; r->logs && i < r->story->n; i++)
		report_log_release(&r->logs[i]);
	free(r->logs);
	json_decref(r->installed);
	json_decref(r->staged);
}

static void ask_one(const struct options *o, const char *where, const char *verb, json_t **ret)
{
	char *why = NULL;
	int r = installed_ask(&o->places, where, verb, ret, &why);

	if (r < 0)
		why_log(why, r);
}

static int read_logs(struct report *r)
{
	const struct story *s = r->story;

	r->logs = calloc(s->n + 1, sizeof(*r->logs));
	if (!r->logs)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++) {
		if (report_read_log(&r->logs[i], s, &s->packages[i]) < 0)
			return -ENOMEM;
		r->warnings += r->logs[i].warnings.total;
	}
	return 0;
}

static double find_end(const struct story *s)
{
	double last = report_clamp(s->end), begin, end;

	for (size_t i = 0; i < s->n; i++)
		if (report_times(&s->packages[i], &begin, &end))
			last = fmax(last, end);
	return last;
}

static int make_page(const struct report *r, char **page)
{
	autofree char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return -errno;
	report_write(f, r);
	if (fclose(f) != 0)
		return -ENOMEM;
	*page = take_ptr(text);
	return 0;
}

/* Into FILE, or the board's folder; where it went is printed. */
static int put_page(const struct board *board, const char *output, const char *page)
{
	autofree char *dir = output ? strdup(output) : strdup(board->builds);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	const char *name = !output ? "report.html" : slash ? slash + 1 : output;
	const char *in = !slash ? "." : slash == dir ? "/" : dir;
	struct stat st;
	int r;

	if (!dir)
		return log_errno(-ENOMEM, "cannot write");
	if (output && (!*name || (stat(output, &st) == 0 && S_ISDIR(st.st_mode))))
		return log_error("cannot write to '%s': it is a folder (name a file in it)",
				 output);
	name = strdupa(name);
	if (slash)
		*slash = '\0';
	r = places_write(in, name, page);
	if (r < 0)
		return log_errno(r, "cannot write '%s/%s'", in, name);
	if (output)
		puts(output);
	else
		printf("%s/%s\n", in, name);
	return 0;
}

static int write_report(struct options *o, const struct target *target, const struct story *story)
{
	const struct board *board = target->board;
	cleanup(report_release) struct report r = { .story = story, .prefix = board->prefix };
	const char *where = target_where(target);
	autofree char *page = NULL;
	int e;

	if (story->n > REPORT_MOST)
		return log_error("the story has %zu packages: a page can show %d", story->n,
				 REPORT_MOST);
	r.end = find_end(story);
	if (where) {
		ask_one(o, where, "list", &r.installed);
		ask_one(o, where, "staging-view", &r.staged);
	}
	e = read_logs(&r);
	if (e == 0)
		e = make_page(&r, &page);
	if (e < 0)
		return log_errno(e, "cannot write the page");
	if (o->output && strcmp(o->output, "-") == 0)
		return fputs(page, stdout) == EOF ? -EIO : 0;
	return put_page(board, o->output, page);
}

/* The story that is meant: NULL for the last, a path, or a name in the board's folder of them. */
static int find_story(const struct options *o, const struct board *board, char **ret)
{
	const char *given = o->n_args ? o->args[0] : NULL;
	autofree char *kept = given ? places_join(board->builds, given) : NULL;

	if (!given)
		return 0;
	if (!kept)
		return log_errno(-ENOMEM, "cannot find '%s'", given);
	if (access(given, F_OK) < 0 && access(kept, F_OK) < 0)
		return log_error(
			"there is no story '%s' (those of the board %s are in '%s'; --board "
			"names another)",
			given, board->name, board->builds);
	*ret = access(given, F_OK) < 0 ? take_ptr(kept) : strdup(given);
	return *ret ? 0 : log_errno(-ENOMEM, "cannot find '%s'", given);
}

int verb_report(struct options *o)
{
	autotarget struct target target = { 0 };
	autostory struct story story = { 0 };
	autofree char *file = NULL;
	char *why = NULL;
	int r = target_find(&target, &o->places, o->where, o->board);

	if (r == 0)
		r = find_story(o, target.board, &file);
	if (r < 0)
		return 1;
	r = history_load(target.board->builds, file, &story, &why);
	if (r < 0)
		return why_log(why, r), 1;
	return write_report(o, &target, &story) < 0;
}
