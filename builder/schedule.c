// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/schedule.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "builder/cores.h"
#include "builder/screen.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

#define UNKNOWN_SECONDS 20.0  /* of a package that was never built */
#define PATIENCE_MS	10000 /* between a kind signal and SIGKILL */

/* What a person waits for goes to stdout; on a terminal, above the live view. */
static __attribute__((format(printf, 2, 3))) void say(const struct schedule *s, const char *fmt,
						      ...)
{
	autofree char *text = NULL;
	char *rest, *line;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		text = NULL;
		return;
	}
	if (!s->screen || !isatty(STDOUT_FILENO)) {
		puts(text);
		fflush(stdout);
		return;
	}
	for (rest = text; (line = strsep(&rest, "\n"));)
		screen_say(s->screen, line);
}

static struct job *find(const struct schedule *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].recipe->name, name) == 0)
			return &s->v[i];
	return NULL;
}

static void changed(struct schedule *s, const struct job *j)
{
	if (s->screen)
		screen_changed(s->screen, j->told);
}

static void end(struct schedule *s, struct job *j, enum story_state state, const char *why)
{
	j->state = JOB_OVER;
	story_end(s->story, j->told, state, why);
	if (state == STORY_FAILED) {
		s->n_failed++;
		s->stopping = s->stopping || !s->keep_going;
	}
	changed(s, j);
}

/* ---- what is to be done ---- */

static void set_urgencies(struct schedule *s)
{
	for (size_t i = s->n; i-- > 0;) {
		struct job *j = &s->v[i];
		double longest = 0;

		for (size_t k = i + 1; k < s->n; k++)
			if (strv_has(&s->v[k].recipe->needs, j->recipe->name) &&
			    s->v[k].urgency > longest)
				longest = s->v[k].urgency;
		j->urgency =
			longest + (j->told->expected < 0 ? UNKNOWN_SECONDS : j->told->expected);
	}
}

/* 1 when all that it needs is installed, 0 when something is still to come, -ECANCELED when that
 * will never be (`*whom`). */
static int needs_are_over(const struct schedule *s, const struct job *j, const char **whom)
{
	int r = 1;

	strv_foreach (need, &j->recipe->needs) {
		const struct job *other = find(s, *need);

		if (other->state != JOB_OVER) {
			r = 0;
		} else if (other->told->state == STORY_FAILED ||
			   other->told->state == STORY_SKIPPED) {
			*whom = *need;
			return -ECANCELED;
		}
	}
	return r;
}

static void decide(struct schedule *s, struct job *j)
{
	const struct recipe *recipe = j->recipe;
	int r = job_decide(j, s->ways, s->installed);

	if (r < 0) {
		end(s, j, STORY_FAILED, "its inputs cannot be read");
	} else if (r > 0) {
		if (!s->quiet)
			say(s, "%s %s: up to date", recipe->name, recipe->version);
		end(s, j, STORY_UP_TO_DATE, NULL);
	} else {
		autofree char *why = job_explain(j, s->ways, s->installed);

		j->state = JOB_DUE;
		if (s->explain && why)
			say(s, "%s %s: %s", recipe->name, recipe->version, why);
		j->told->state = j->archive ? STORY_READY : STORY_FETCHING;
		free(j->told->why);
		j->told->why = take_ptr(why);
		changed(s, j);
	}
}

/* In the order of needs, so that one pass finds all that can be decided. */
static void decide_all(struct schedule *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct job *j = &s->v[i];
		autofree char *why = NULL;
		const char *whom = NULL;
		int r = j->state == JOB_OPEN ? needs_are_over(s, j, &whom) : 0;

		if (r > 0)
			decide(s, j);
		if (r != -ECANCELED)
			continue;
		if (asprintf(&why, "'%s' failed", whom) < 0)
			why = NULL;
		log_note("%s %s: not built: %s", j->recipe->name, j->recipe->version,
			 why ? why : "");
		end(s, j, STORY_SKIPPED, why);
	}
}

int schedule_init(struct schedule *s)
{
	s->v = calloc(s->set->order.n + 1, sizeof(*s->v));
	if (!s->v)
		return log_errno(-ENOMEM, "cannot plan");
	strv_foreach (name, &s->set->order) {
		struct job *j = &s->v[s->n++];
		int r = job_init(j, s->set, *name, story_find(s->story, *name));

		if (r < 0)
			return r;
		j->forced = s->forced && strv_has(s->forced, *name);
		j->told->log = package_log_folder(s->ways, *name);
		if (!j->told->log)
			return log_errno(-ENOMEM, "%s", *name);
	}
	set_urgencies(s);
	decide_all(s);
	return 0;
}

void schedule_release(struct schedule *s)
{
	for (size_t i = 0; i < s->n; i++)
		job_release(&s->v[i]);
	free(s->v);
	supply_release(&s->supply);
}

void schedule_show(const struct schedule *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct job *j = &s->v[i];
		const char *changing = NULL;

		if (j->state == JOB_DUE)
			say(s, "%s %s: would be built", j->recipe->name, j->recipe->version);
		if (j->state != JOB_OPEN)
			continue;
		strv_foreach (name, &j->sees)
			if (!changing && find(s, *name)->state == JOB_DUE)
				changing = *name;
		say(s, "%s %s: would be built, if '%s' changes", j->recipe->name,
		    j->recipe->version, changing ? changing : "");
	}
}

/* A package that is due and has no source can only fail. */
static void end_lacking(struct schedule *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct job *j = &s->v[i];

		if (j->state != JOB_DUE || !j->lacking)
			continue;
		log_error("%s %s: %s", j->recipe->name, j->recipe->version, j->lacking);
		end(s, j, STORY_FAILED, j->lacking);
	}
}

/* ---- builds ---- */

/* The one to start: of those that can be, what most waits for. */
static struct job *most_urgent(const struct schedule *s)
{
	struct job *best = NULL;

	for (size_t i = 0; i < s->n; i++) {
		struct job *j = &s->v[i];

		if (j->state == JOB_DUE && j->archive && (!best || j->urgency > best->urgency))
			best = j;
	}
	return best;
}

/* Returns whether one is left for which there was no token. */
static bool start_jobs(struct schedule *s)
{
	struct job *j;

	while (!s->stopping && (!s->most || s->n_running < s->most) && (j = most_urgent(s))) {
		if (jobserver_take(s->jobs) < 0)
			return true;
		if (job_start(j, s->ways) < 0) {
			jobserver_put(s->jobs);
			end(s, j, STORY_FAILED, "it cannot be started");
			continue;
		}
		j->state = JOB_RUNNING;
		j->has_token = true;
		s->n_running++;
		story_phase(s->story, j->told, "start");
		changed(s, j);
	}
	return false;
}

/* It has been installed: see what it came to. */
static void succeed(struct schedule *s, struct job *j)
{
	const struct recipe *recipe = j->recipe;
	const char *after;
	char *why = NULL;
	bool same;

	if (installed_refresh(s->installed, s->ways->places, s->ways->where, &why) < 0) {
		why_log_of(why, -EIO, recipe->name);
		s->stopping = true;
	}
	after = installed_layer(s->installed, recipe->name);
	same = j->before && after && strcmp(j->before, after) == 0;
	end(s, j, same ? STORY_SAME : STORY_BUILT, NULL);
	say(s, "%s %s: built in %.1f s%s", recipe->name, recipe->version,
	    story_seconds(s->story, j->told), same ? ", byte for byte as before" : "");
}

static void give_back(struct schedule *s, struct job *j)
{
	if (j->has_token)
		jobserver_put(s->jobs);
	j->has_token = false;
}

static void finish(struct schedule *s, struct job *j)
{
	bool done = WIFEXITED(j->child.status) && WEXITSTATUS(j->child.status) == 0;

	s->n_running--;
	give_back(s, j);
	if (s->n_running == 0)
		jobserver_settle(s->jobs);
	if (done)
		succeed(s, j);
	else if (s->signal)
		end(s, j, STORY_INTERRUPTED, NULL);
	else
		end(s, j, STORY_FAILED, "see its log");
	child_release(&j->child);
	decide_all(s);
}

/* ---- what is heard ---- */

struct heard {
	struct schedule *s;
	struct job *job;
};

static void said(void *arg, char *line)
{
	struct schedule *s = arg;

	log_tame(line);
	if (s->screen)
		screen_say(s->screen, line);
	else
		fprintf(stderr, "%s\n", line);
}

static void supplied(void *arg, struct job *j)
{
	changed(arg, j);
}

static void told(void *arg, char *line)
{
	const struct heard *h = arg;

	if (strncmp(line, "phase ", 6) != 0)
		return;
	story_phase(h->s->story, h->job->told, line + 6);
	/* a commit waits for the disk: somebody else can use the processor */
	if (strcmp(line + 6, STORY_COMMIT) == 0)
		give_back(h->s, h->job);
	changed(h->s, h->job);
}

static void hear_all(struct schedule *s)
{
	supply_hear(&s->supply, supplied, said, s);
	for (size_t i = 0; i < s->n; i++) {
		struct heard h = { s, &s->v[i] };

		if (h.job->state != JOB_RUNNING)
			continue;
		child_hear(&h.job->child.said, said, s);
		child_hear(&h.job->child.events, told, &h);
		if (child_is_over(&h.job->child))
			finish(s, h.job);
	}
}

static void signal_all(const struct schedule *s, int signal)
{
	child_signal(&s->supply.child, signal);
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].state == JOB_RUNNING)
			child_signal(&s->v[i].child, signal);
}

/* The first time kindly; whoever insists is obeyed at once. */
static void hear_signals(struct schedule *s, int fd)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD || info.ssi_signo == SIGWINCH)
			continue;
		signal_all(s, s->signal ? SIGKILL : SIGTERM);
		s->signal = (int)info.ssi_signo;
		s->stopping = true;
	}
}

static size_t add_poll(struct pollfd *p, size_t n, int fd)
{
	if (fd >= 0)
		p[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	return n;
}

static void wait_for_something(struct schedule *s, int signals, bool want_token)
{
	autofree struct pollfd *p = calloc(2 * s->n + 4, sizeof(*p));
	int wait = s->screen ? screen_wait(s->screen) : -1;
	size_t n = 0;

	if (!p)
		return;
	n = add_poll(p, n, signals);
	n = add_poll(p, n, s->supply.child.said.fd);
	n = add_poll(p, n, s->supply.child.events.fd);
	if (want_token)
		n = add_poll(p, n, s->jobs->read);
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].state == JOB_RUNNING) {
			n = add_poll(p, n, s->v[i].child.said.fd);
			n = add_poll(p, n, s->v[i].child.events.fd);
		}
	if (s->signal && (wait < 0 || wait > PATIENCE_MS))
		wait = PATIENCE_MS;
	if (poll(p, n, wait) == 0 && s->signal && wait == PATIENCE_MS)
		signal_all(s, SIGKILL);
}

/* ---- the loop ---- */

static bool is_busy(const struct schedule *s)
{
	if (s->n_running || (supply_is_on(&s->supply) && s->stopping))
		return true;
	return !s->stopping && (most_urgent(s) || supply_is_on(&s->supply));
}

static int open_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGWINCH);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* Nobody waits for a source any more. */
static void stop_supply(struct schedule *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->stopping && s->v[i].state != JOB_OVER)
			return;
	if (supply_is_on(&s->supply))
		child_signal(&s->supply.child, SIGTERM);
}

static void loop(struct schedule *s, int signals)
{
	struct cores cores = { 0 };

	while (is_busy(s)) {
		bool waiting = start_jobs(s);

		s->story->idle += cores_look(&cores, story_now(s->story), waiting, s->jobs->tokens);
		stop_supply(s);
		if (is_busy(s))
			wait_for_something(s, signals, waiting);
		hear_signals(s, signals);
		hear_all(s);
		end_lacking(s);
		decide_all(s);
		if (s->screen)
			screen_tick(s->screen);
	}
}

int schedule_run(struct schedule *s)
{
	autofd int signals = open_signals();
	int r;

	if (signals < 0)
		return log_errno(signals, "cannot take signals");
	r = supply_start(&s->supply, s->sources, s->v, s->n);
	if (r < 0)
		return log_errno(r, "cannot fetch");
	loop(s, signals);
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].state != JOB_OVER)
			end(s, &s->v[i], STORY_INTERRUPTED, NULL);
	if (s->signal)
		return -EINTR;
	return s->n_failed || s->stopping ? -EIO : 0;
}
