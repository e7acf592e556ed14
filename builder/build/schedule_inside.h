// SPDX-License-Identifier: GPL-2.0-or-later
/* schedule_inside.h - what the parts of the scheduler are to each other. */
#pragma once

#include "builder/build/schedule.h"

/* ---- schedule_plan.c: what is to be done, and what has become of it ---- */

/* What a person waits for goes to stdout; on a terminal, above the live view. */
__attribute__((format(printf, 2, 3))) void schedule_say(const struct schedule *s, const char *fmt,
							...);

/* The view is told that a job is further. */
void schedule_changed(struct schedule *s, const struct job *j);

/* It is over; `why` is copied, NULL for none. A failure stops the rest, unless s->keep_going. */
void schedule_end(struct schedule *s, struct job *j, enum story_state state, const char *why);

/* Decide all that can be: those whose needs are over. */
void schedule_decide(struct schedule *s);

/* Read again what is installed on a job's side, where `package` has been, or NULL: others may have
 * installed something. Whether it could be; if not it is said, and nothing more is started. */
bool schedule_refresh(struct schedule *s, const struct job *j, const char *package);

/* Take the layers of what is due and was built before: that is over then. */
void schedule_take_layers(struct schedule *s);

/* What is due and has no source has failed. */
void schedule_end_lacking(struct schedule *s);

/* ---- schedule_jobs.c: what is built ---- */

/* The job to start, of those that can be; NULL: none. */
struct job *schedule_next(const struct schedule *s);

/* Start as many as there are tokens for. Whether one is left for which there was none. */
bool schedule_start_jobs(struct schedule *s);

/* Share tokens that nobody uses among those that run. */
void schedule_deal_tokens(struct schedule *s);

/* It needs a processor no more. */
void schedule_give_back(struct schedule *s, struct job *j);

/* Its child has ended: see what came of it. */
void schedule_finish(struct schedule *s, struct job *j);

/* ---- schedule_hear.c: what is heard ---- */

/* Take in what children have said, and who of them has ended. */
void schedule_hear(struct schedule *s);

/* Signals that came through `fd`: the first stops kindly, the second at once. */
void schedule_hear_signals(struct schedule *s, int fd);

/* Wait until there is something to hear; for a token, too, if one is wanted. */
void schedule_wait(struct schedule *s, int signals, bool want_token);
