// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/source/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "builder/base/places.h"
#include "builder/base/why.h"
#include "builder/source/part.h"
#include "builder/source/transfer.h"
#include "fs/base/cleanup.h"
#include "fs/base/digest.h"
#include "fs/base/log.h"

#define STALL_SECONDS	 30
#define TURN_MS		 100 /* between looks whether a file that somebody else fetches is there */
#define TRIES		 4   /* 1, 2 and 4 seconds apart, or as the server says */
#define RETRY_AFTER_MOST 60  /* seconds: who wants more has said no */

enum state { WAITING_FOR_TURN, WAITING_TO_TRY, RUNNING, OVER };

struct download {
	struct download *next;
	struct fetcher *fetcher;
	struct fetch_events events;
	enum state state;
	char *url, *host;
	struct part part;
	struct transfer transfer;
	int tries;
	int64_t again; /* milliseconds: not before */
	bool quiet;
};

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static void download_free(struct download *d)
{
	transfer_stop(d->fetcher->all_transfers, &d->transfer);
	transfer_release(&d->transfer);
	part_release(&d->part);
	free(d->url);
	free(d->host);
	free(d);
}

void fetch_release(struct fetcher *f)
{
	while (f->all) {
		struct download *d = f->all;

		f->all = d->next;
		download_free(d);
	}
	strv_release(&f->dead);
	transfers_free(f->all_transfers);
	f->all_transfers = NULL;
}

int fetch_check(const char *dir, const char *name, const char *sha256)
{
	autofree char *path = places_join(dir, name);
	autofd int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	char hex[DIGEST_HEX];
	struct stat st;
	int r;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	r = digest_of_fd(fd, hex);
	return r < 0 ? r : strcmp(hex, sha256) == 0;
}

/* `why` is the listener's from here on. */
static void end(struct download *d, int r, char *why)
{
	transfer_stop(d->fetcher->all_transfers, &d->transfer);
	part_drop(&d->part);
	d->state = OVER;
	d->events.done(d->events.arg, r, why);
}

/* ---- the transfer, once and again ---- */

static void start(struct download *d)
{
	int r = transfer_start(d->fetcher->all_transfers, &d->transfer);

	d->state = RUNNING;
	if (r < 0)
		end(d, r, take_ptr(d->transfer.why));
}

/* When the server or the hash wants it so. */
static void start_from_none(struct download *d)
{
	char *why = NULL;
	int r = part_empty(&d->part, &why);

	if (r < 0)
		end(d, r, why);
	else
		start(d);
}

/* Whether it is tried once more, later. */
static bool put_off(struct download *d)
{
	const struct transfer *t = &d->transfer;
	int wait;

	d->tries += t->stalled ? 2 : 1; /* which took long already */
	if (d->tries >= TRIES || t->later > RETRY_AFTER_MOST)
		return false;
	wait = 1 << (d->tries - 1);
	if (wait < t->later)
		wait = (int)t->later;
	log_note("fetching '%s' again in %d s: %s", d->part.name, wait, t->why ? t->why : "");
	transfer_stop(d->fetcher->all_transfers, &d->transfer);
	d->again = now() + wait * INT64_C(1000);
	d->state = WAITING_TO_TRY;
	return true;
}

static void all_has_come(struct download *d)
{
	char *why = NULL;
	int r = part_check(&d->part, &why);

	if (r == -EBADMSG && d->transfer.from > 0) {
		free(why);
		start_from_none(d);
		return;
	}
	if (r == 0)
		r = part_keep(&d->part, &why);
	if (r == -EBADMSG)
		part_put_aside(&d->part, &why);
	end(d, r, why);
}

static void give_up(struct download *d)
{
	struct transfer *t = &d->transfer;
	autofree char *reason = take_ptr(t->why);
	char *why = NULL;

	if (t->dead && strv_add(&d->fetcher->dead, t->dead) < 0)
		t->r = -ENOMEM;
	if (t->later > RETRY_AFTER_MOST)
		why_set(&why, t->r, "%s, and to come back in %lld s", reason ? reason : "",
			(long long)t->later);
	else
		why = take_ptr(reason);
	end(d, t->r, why);
}

static void transfer_has_ended(struct download *d)
{
	switch (d->transfer.end) {
	case TRANSFER_WHOLE:
		all_has_come(d);
		return;
	case TRANSFER_NO_BEGINNING:
		start_from_none(d);
		return;
	case TRANSFER_CUT:
		if (!put_off(d))
			give_up(d);
		return;
	case TRANSFER_FAILED:
		give_up(d);
	}
}

/* ---- whose turn it is ---- */

/* Whether it is there, all of it: from somebody who was at it before, or who was ended between the
 * last byte and the check. 1, 0, or -errno with `*why`. */
static int is_there(struct download *d, char **why)
{
	const struct part *p = &d->part;
	autofree char *other = NULL;
	int r;

	if (!*p->sha256)
		return 0;
	if (fetch_check(p->dir, p->name, p->sha256) == 1) {
		unlink(p->part_path);
		return 1;
	}
	if (!part_may_be_whole(p) || part_check(&d->part, &other) < 0)
		return 0;
	r = part_keep(&d->part, why);
	return r < 0 ? r : 1;
}

static void take_turn(struct download *d)
{
	autofree char *host = transfer_host(d->url, ANY_PORT);
	char *why = NULL;
	int r;

	if (host && strv_has(&d->fetcher->dead, host)) {
		autofree char *who = transfer_host(d->url, UNUSUAL_PORT);

		why_set(&why, -EHOSTUNREACH, "%s did not answer before", who ? who : d->host);
		end(d, -EHOSTUNREACH, why);
		return;
	}
	r = part_take(&d->part);
	if (r == 0)
		return;
	if (r < 0)
		why_errno(&why, r, "cannot write '%s'", d->part.part_path);
	else
		r = is_there(d, &why);
	if (r != 0) {
		end(d, r < 0 ? r : 0, why);
		return;
	}
	if (!d->quiet)
		log_note("fetching '%s' from %s", d->part.name, d->host);
	start(d);
}

static int have_transfers(struct fetcher *f)
{
	if (!f->all_transfers)
		f->all_transfers = transfers_new();
	return f->all_transfers ? 0 : -ENOMEM;
}

int fetch_start(struct fetcher *f, const struct fetch_order *o, const struct fetch_events *events)
{
	struct download *d, **last = &f->all;
	int r;

	if (have_transfers(f) < 0)
		return -ENOMEM;
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->fetcher = f;
	d->events = *events;
	d->quiet = o->quiet;
	d->url = strdup(o->url);
	d->host = transfer_host(o->url, NO_PORT);
	r = part_init(&d->part, o->dir, o->name, o->sha256, o->size, o->most);
	if (r < 0 || !d->url || !d->host) {
		download_free(d);
		return -ENOMEM;
	}
	d->transfer = (struct transfer){ .url = d->url,
					 .part = &d->part,
					 .patience = f->patience ?: STALL_SECONDS,
					 .progress = events->progress,
					 .arg = events->arg };
	while (*last) /* what was asked for first comes first */
		last = &(*last)->next;
	*last = d;
	return 0;
}

/* ---- all of them ---- */

static struct download *download_of(const struct fetcher *f, const struct transfer *t)
{
	struct download *d = f->all;

	while (&d->transfer != t)
		d = d->next;
	return d;
}

static void drop_over(struct fetcher *f)
{
	for (struct download **at = &f->all; *at;) {
		struct download *d = *at;

		if (d->state != OVER) {
			at = &d->next;
			continue;
		}
		*at = d->next;
		download_free(d);
	}
}

static bool other_work(struct fetcher *f)
{
	return f->meanwhile && f->meanwhile(f->meanwhile_arg);
}

void fetch_run(struct fetcher *f)
{
	bool more = other_work(f);

	while (f->all || more) {
		struct transfer *ended;

		for (struct download *d = f->all; d; d = d->next) {
			if (d->state == WAITING_FOR_TURN)
				take_turn(d);
			else if (d->state == WAITING_TO_TRY && now() >= d->again)
				start(d);
		}
		if (f->all_transfers)
			transfers_go_on(f->all_transfers);
		while (f->all_transfers && (ended = transfers_take_ended(f->all_transfers)))
			transfer_has_ended(download_of(f, ended));
		drop_over(f);
		more = other_work(f);
		if (!f->all && !more)
			break;
		if (have_transfers(f) == 0)
			transfers_wait(f->all_transfers, TURN_MS);
	}
}
