// SPDX-License-Identifier: GPL-2.0-or-later
/* story.h - what happens in one build, and when: packages, their phases, how it ended.
 *
 * The scheduler writes it; the live view, the time left and the report are made of it. It says
 * nothing by itself. Times are seconds since `start`, by the monotonic clock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "fs/base/strv.h"

enum story_state {
	STORY_WAITING,	   /* for what it needs */
	STORY_FETCHING,	   /* for its source */
	STORY_READY,	   /* for a free job */
	STORY_RUNNING,	   /* the last span is under way */
	STORY_BUILT,	   /* and installed */
	STORY_SAME,	   /* built, and byte for byte what was installed */
	STORY_UP_TO_DATE,  /* nothing to do */
	STORY_FAILED,	   /* `why` says how */
	STORY_SKIPPED,	   /* what it needs failed */
	STORY_INTERRUPTED, /* before or while it was built */
	STORY_STATES
};
/* "waiting", "fetching", ...: the words in the saved story. */
extern const char *const story_words[STORY_STATES];

/* A phase: "unpack", "patch", "configure", "make", "install", "fix-up", "commit". */
struct story_span {
	char *what;
	double begin, end; /* end < 0: under way */
};

struct story_package {
	char *name, *version;
	struct strv needs; /* direct ones, by name */
	enum story_state state;
	struct story_span *spans;
	size_t n_spans;
	char *log;	 /* folder of its logs */
	char *why;	 /* why it is built, or how it failed; NULL: not known */
	double expected; /* seconds that it took before; < 0: never built */
	uint64_t fetched,
		to_fetch; /* bytes of its source, while it is fetched; to_fetch 0: unknown */
};

struct story {
	char *board;
	time_t start_time; /* by the calendar */
	struct timespec start;
	int jobs;
	int cores;			/* that these can keep busy */
	struct story_package *packages; /* in the order in which -j1 would build them */
	size_t n;
	size_t *by_name; /* which of them, sorted by name */
	double end;	 /* < 0: under way */
	double idle; /* core-seconds in which a core had nothing to do while a package was ready */
};

#define autostory cleanup(story_release)
void story_release(struct story *s);

/* `board` is copied. The clock starts. 0 or -ENOMEM. */
int story_init(struct story *s, const char *board, int jobs);
double story_now(const struct story *s);

/* All is copied; `expected` is -1 until somebody knows. 0 or -ENOMEM. */
int story_add(struct story *s, const char *name, const char *version, const struct strv *needs);
/* Lent, until the next story_add; NULL: no such package. */
struct story_package *story_find(const struct story *s, const char *name);

/* Which phase is under way: ends the one before. 0 or -ENOMEM. */
int story_phase(struct story *s, struct story_package *p, const char *what);
/* Ends the phase that is under way; `why` is copied, NULL for none. */
void story_end(struct story *s, struct story_package *p, enum story_state state, const char *why);
/* The phase under way, lent; NULL: none. */
const struct story_span *story_span_now(const struct story_package *p);
/* Seconds of all spans, the one under way as well. */
double story_seconds(const struct story *s, const struct story_package *p);
/* "3 built, 1 failed, 2 up-to-date", for a story that is over; "" when all was up to date. The
 * caller frees. NULL: no memory. */
char *story_summary(const struct story *s);
/* Over: nothing more will happen to it. */
bool story_is_over(const struct story_package *p);
/* Some of its source has come, and more will. */
bool story_is_download(const struct story_package *p);
