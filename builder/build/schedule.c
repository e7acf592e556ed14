// SPDX-License-Identifier: GPL-2.0-or-later
/* The loop, which is all of it in its turn. */
#include "builder/build/schedule.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "builder/base/cores.h"
#include "builder/build/schedule_inside.h"
#include "builder/story/screen.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

static bool is_busy(const struct schedule *s)
{
	if (s->n_running || (supply_is_on(&s->supply) && s->stopping))
		return true;
	return !s->stopping && (schedule_next(s) || supply_is_on(&s->supply));
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
	supply_end(&s->supply, SIGTERM);
}

static void loop(struct schedule *s, int signals)
{
	struct cores cores = { 0 };

	while (is_busy(s)) {
		bool waiting;

		schedule_take_layers(s);
		waiting = schedule_start_jobs(s);

		if (!waiting)
			schedule_deal_tokens(s);
		s->story->idle += cores_look(&cores, story_now(s->story), waiting, s->jobs->tokens);
		stop_supply(s);
		if (is_busy(s))
			schedule_wait(s, signals, waiting);
		schedule_hear_signals(s, signals);
		schedule_hear(s);
		schedule_end_lacking(s);
		schedule_decide(s);
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
	schedule_take_layers(s);
	r = supply_start(&s->supply, s->sources, s->v, s->n);
	if (r < 0)
		return log_errno(r, "cannot fetch");
	loop(s, signals);
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].state != JOB_OVER)
			schedule_end(s, &s->v[i], STORY_INTERRUPTED, NULL);
	if (s->signal)
		return -EINTR;
	return s->n_failed || s->stopping ? -EIO : 0;
}
