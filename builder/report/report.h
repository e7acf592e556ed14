// SPDX-License-Identifier: GPL-2.0-or-later
/* report.h - one page that tells of a build.
 *
 * The page is one file: no script, style, font or image from elsewhere, and a policy in its head
 * that forbids a browser to load any. It is the same for the same story, logs and state: no word of
 * when it was made. Everything in it comes through html.h.
 *
 * Each section has a file, and all it needs is in a struct report. What could not be had is NULL,
 * and the section says so.
 */
#pragma once

#include <stdio.h>

#include "builder/base/json.h"
#include "builder/report/warnings.h"
#include "builder/story/story.h"

#define REPORT_MOST 5000 /* packages */

/* What the logs of one package say. */
struct report_log {
	struct warnings warnings;
	struct strv fixups; /* lines "RULE: PATH: WHAT", so many as are kept */
	struct tally rules; /* of all fix-ups */
	char *tail;	    /* last lines of the phase in which it ended badly; NULL: none */
	char *tail_name;    /* that log's path */
	char *reason;	    /* lines before them that tell why; NULL: the last ones do, or none */
	size_t between;	    /* lines between the two */
	bool cut;	    /* a log was too large to be read whole */
	bool later;	    /* the logs are of another build: not read */
};

struct report {
	const struct story *story;
	const char *prefix;	 /* where packages go, "/usr/local" */
	double end;		 /* seconds of the whole */
	json_t *installed;	 /* `xsysfs list`; NULL: not known */
	json_t *staged;		 /* `xsysfs staging-view`; NULL: not known */
	struct report_log *logs; /* one a package of the story */
	size_t warnings;	 /* of all packages */
};

/* page.c: the whole page */
void report_write(FILE *to, const struct report *r);

/* time.c */
void report_time(FILE *to, const struct report *r);
/* graph.c */
void report_graph(FILE *to, const struct report *r);
/* table.c */
void report_table(FILE *to, const struct report *r);
/* failures.c */
void report_failures(FILE *to, const struct report *r);
/* sizes.c */
void report_sizes(FILE *to, const struct report *r);
/* warnings_shown.c */
void report_warnings(FILE *to, const struct report *r);
void report_fixups(FILE *to, const struct report *r);
/* staging.c */
void report_staging(FILE *to, const struct report *r);

/* data.c: the style and the script of the page, report.css and report.js */
extern const char report_css[], report_js[];

/* log.c: read what the logs of a package say. What cannot be read is not there. 0 or
 * -ENOMEM.
 */
int report_read_log(struct report_log *log, const struct story *s, const struct story_package *p);
void report_log_release(struct report_log *log);

/* What `xsysfs list` says of a package; NULL: nothing. */
const json_t *report_installed(const struct report *r, const char *package);
/* Seconds, within what a page can show. */
double report_clamp(double seconds);
/* When a package began and ended; false: it never began. */
bool report_times(const struct story_package *p, double *begin, double *end);
