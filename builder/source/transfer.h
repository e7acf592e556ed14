// SPDX-License-Identifier: GPL-2.0-or-later
/* transfer.h - what is missing of a part, from a URL, many at once. The one door to libcurl.
 *
 * A server gets as long to say something as `patience`, and twice that with next to nothing; the
 * part says how much may come. What a server answers is told apart by what can be done about it.
 * Proxies and ~/.netrc are as curl has them. Names and passwords in URLs are never said.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "builder/source/part.h"

enum transfer_end {
	TRANSFER_WHOLE,	       /* all that the server has */
	TRANSFER_NO_BEGINNING, /* what was there is not the beginning of that: once more, from none
				*/
	TRANSFER_CUT,	       /* busy, or hung up: it may go better in a moment */
	TRANSFER_FAILED
};

struct transfer {
	/* set by who starts it, and lent */
	const char *url;
	struct part *part;					    /* taken */
	int patience;						    /* seconds */
	void (*progress)(void *arg, uint64_t have, uint64_t total); /* some ten a second; or NULL */
	void *arg;

	/* how it ended; `why` unless it is whole, for who takes it */
	enum transfer_end end;
	int r;
	char *why;
	char *dead;    /* the host and port that did not answer at all; NULL: it did */
	int64_t later; /* seconds until the server wants to be asked again; 0: it did not say */
	bool stalled;  /* it has been waited for already */

	void *curl;
	int64_t from;  /* bytes that were there already */
	char *reached; /* whom there was a connection to, with its port */
	bool begun;    /* something has come */
	int64_t shown, since, since_have;
	char details[256];
};

void transfer_release(struct transfer *t);

/* All that run at the same time; some from one host, the rest waits. NULL: no memory. */
void *transfers_new(void);
void transfers_free(void *all);

/* 0 or -errno with `t->why`. Until it has ended or is stopped, `t` stays where it is. */
int transfer_start(void *all, struct transfer *t);
void transfer_stop(void *all, struct transfer *t);

/* Go on with all of them, and wait for at most so long if nothing happens. */
void transfers_go_on(void *all);
void transfers_wait(void *all, int milliseconds);

/* One that has ended; NULL: no more of them. */
struct transfer *transfers_take_ended(void *all);

/* How the host of a URL is called: for people; for people when it is the port that matters; for us.
 * "this machine" for a file. The caller frees. NULL: no memory. */
enum transfer_port { NO_PORT, UNUSUAL_PORT, ANY_PORT };
char *transfer_host(const char *url, enum transfer_port which);
