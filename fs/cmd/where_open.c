// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/client/where.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/text.h"
#include "fs/base/log.h"
#include "fs/base/strv.h"
#include "fs/client/control.h"
#include "fs/cmd/cmd.h"
#include "fs/store/state.h"
#include "fs/xs/xs.h"

/* The builder knows which boards there are, and where they have their states. */
static int ask_builder(void *arg, const char *name, char **ret)
{
	const char *const question[] = { "board-state", name, NULL };
	int r = cmd_ask_builder(question, ret);

	(void)arg;
	if (r == 0)
		(*ret)[strcspn(*ret, "\n")] = '\0';
	return r;
}

/* A line each: the name, a tab, what it is. */
static int ask_names(void *arg, struct strv *ret)
{
	static const char *const question[] = { "names", "board", NULL };
	autofree char *answer = NULL;
	int r = cmd_ask_builder(question, &answer);

	(void)arg;
	if (r == 0)
		r = strv_split(ret, answer, "\n");
	strv_foreach (line, ret)
		(*line)[strcspn(*line, "\t")] = '\0';
	return r;
}

int where_find(const char *given, struct where *ret)
{
	static const struct where_boards boards = { .state_of = ask_builder, .names = ask_names };
	int r = where_choose(given, &boards, ret);

	if (r == 0 && !ret->state)
		r = where_by_hand(ret);
	if (r < 0 || ret->state)
		return r;
	return log_error("nothing is mounted: say which state by '-C STATE', or mount it");
}

enum { MAX_TRIES = 20 };

int where_say_silent(const struct where *where)
{
	autofd int control = where_connect(where);
	const char *name = where->point ? where->point : where->state;
	pid_t keeper = control < 0 ? 0 : control_keeper(control);
	pid_t stopped = control < 0 ? 0 : control_stopped(control);

	if (stopped)
		log_error("the daemon of '%s' does not answer: process %d is stopped ('kill -CONT "
			  "-%d' lets it go on, and 'kill -KILL -%d' ends it)",
			  name, (int)stopped, (int)getpgid(keeper), (int)getpgid(keeper));
	else if (keeper > 0)
		log_error("the daemon of '%s' does not answer: if it was stopped, 'kill -CONT "
			  "-%d' lets it go on, and 'kill -KILL -%d' ends it",
			  name, (int)getpgid(keeper), (int)getpgid(keeper));
	else
		log_error("the daemon of '%s' does not answer: is it stopped?", name);
	return -ETIMEDOUT;
}

int where_say_failed(const struct where *where, int r, const char *message, const char *fmt, ...)
{
	autofree char *what = NULL;
	va_list ap;

	if (r == -ETIMEDOUT && !message)
		return where_say_silent(where);
	va_start(ap, fmt);
	what = text_of_list(fmt, ap);
	va_end(ap);
	if (message)
		log_error("%s", message);
	else
		log_errno(r, "cannot %s", what ? what : "do it");
	return r;
}

int where_ask(const struct where *where, const char *verb, const char *key, const char *value,
	      struct kv *reply)
{
	static const char *const harmless[] = { "base", "gc", "status" }; /* done twice */
	bool again = false;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
		again = again || strcmp(verb, harmless[i]) == 0;
	for (int i = 0; i < MAX_TRIES; i++) {
		autofd int control = where_connect(where);

		kv_release(reply);
		r = control < 0 ? control : control_ask(control, verb, key, value, reply, NULL);
		if (!again || (r != -EPIPE && r != -ECONNRESET))
			break; /* else the daemon has died, and there may be another */
	}
	return r;
}

/* The base: from the daemon, which holds it though the mount may hide its path; else by path. */
static int find_base(const struct where *where, struct state *state, char **problem)
{
	autofd int control = where_connect(where);
	autokv struct kv reply = { 0 };
	int fd = -1, r;

	if (control >= 0) {
		r = control_ask(control, "base", NULL, NULL, &reply, &fd);
		if (r == 0 && fd >= 0)
			return state_set_base_fd(state, fd);
		if (r == -ETIMEDOUT) /* and its path may be a place where it is to answer */
			return r;
	}
	if (!state->base_path)
		return 0; /* never mounted: there is nothing to hide */
	return state_set_base(state, state->base_path, problem);
}

int where_open(const struct where *where, struct xs **ret)
{
	autofree char *problem = NULL;
	struct state *state = NULL;
	int r = state_open(where->state, false, &state, &problem);

	if (r == 0) {
		r = find_base(where, state, &problem);
		if (r < 0)
			state_close(state);
		else
			r = xs_new(state, NULL, ret);
	}
	if (r == -ETIMEDOUT)
		where_say_silent(where);
	else if (r < 0 && problem)
		log_error("%s", problem);
	else if (r < 0)
		log_errno(r, "cannot open the state '%s'", where->state);
	return r;
}

int where_open_given(const char *given, struct where *where, struct xs **ret)
{
	int r = where_find(given, where);

	return r < 0 ? r : where_open(where, ret);
}
