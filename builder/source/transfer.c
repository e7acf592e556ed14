// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/source/transfer.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/text.h"

#define CONNECT_SECONDS 5L
#define STALL_BYTES	100L /* a second: as good as none */
#define LEAST_BYTES	1000 /* a second, over twice the patience */
#define AT_ONCE		8L
#define AT_ONCE_A_HOST	3L

void transfer_release(struct transfer *t)
{
	curl_easy_cleanup(t->curl);
	free(t->why);
	free(t->dead);
	free(t->reached);
	t->curl = NULL;
	t->why = t->dead = t->reached = NULL;
}

char *transfer_host(const char *url, enum transfer_port which)
{
	CURLU *u = curl_url();
	char *host = NULL, *port = NULL, *ret = NULL;

	if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK && *host) {
		if (which != NO_PORT)
			curl_url_get(u, CURLUPART_PORT, &port,
				     which == ANY_PORT ? CURLU_DEFAULT_PORT
						       : CURLU_NO_DEFAULT_PORT);
		ret = text_of("%s%s%s", host, port ? ":" : "", port ? port : "");
	} else {
		ret = strdup("this machine");
	}
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
	return ret;
}

/* Who was asked last: redirects lead from one host to another. */
static char *last_host(const struct transfer *t, enum transfer_port which)
{
	const char *url = NULL;

	curl_easy_getinfo(t->curl, CURLINFO_EFFECTIVE_URL, &url);
	return transfer_host(url && *url ? url : t->url, which);
}

/* ---- while it runs: what curl calls ---- */

/* To be ended by who returns to curl now; `why` is taken. */
static void refuse(struct transfer *t, int r, char *why)
{
	free(t->why);
	t->why = why;
	t->r = r;
}

/* One that never stops sending, and hardly sends anything, would be waited for for ever. */
static bool is_too_slow(struct transfer *t, int64_t ms, int64_t have)
{
	int seconds = 2 * t->patience;
	bool measured = t->since && have >= t->since_have;
	autofree char *host = NULL;
	char *why = NULL;

	if (measured && ms - t->since < seconds * INT64_C(1000))
		return false;
	if (measured && have - t->since_have < (int64_t)seconds * LEAST_BYTES) {
		host = transfer_host(t->url, NO_PORT);
		why_set(&why, -EIO, "%s is too slow: less than %d bytes a second for %d s",
			host ? host : "it", LEAST_BYTES, seconds);
		refuse(t, -EIO, why);
		return true;
	}
	t->since = ms;
	t->since_have = have;
	return false;
}

static int watch(void *data, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
	struct transfer *t = data;
	struct timespec clock;
	int64_t ms;

	(void)up_total;
	(void)up;
	clock_gettime(CLOCK_MONOTONIC, &clock);
	ms = clock.tv_sec * INT64_C(1000) + clock.tv_nsec / 1000000;
	if (is_too_slow(t, ms, now))
		return 1;
	if (!t->progress || (now < total && ms - t->shown < 100))
		return 0;
	t->shown = ms;
	t->progress(t->arg, t->from + now, total ? t->from + total : 0);
	return 0;
}

/* A redirect's page does not come here, nor does that of an error. */
static size_t take_bytes(char *data, size_t one, size_t n, void *arg)
{
	struct transfer *t = arg;
	curl_off_t length = -1;
	char *why = NULL;
	int r = 0;

	if (!t->begun)
		curl_easy_getinfo(t->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	t->begun = true;
	if (length >= 0)
		r = part_expect(t->part, t->from + length, &why);
	if (r == 0)
		r = part_add(t->part, data, one * n, &why);
	if (r == 0)
		return one * n;
	refuse(t, r, why);
	return 0;
}

static int note_connection(void *arg, char *ip, char *our_ip, int port, int our_port)
{
	struct transfer *t = arg;

	(void)ip;
	(void)our_ip;
	(void)port;
	(void)our_port;
	free(t->reached);
	t->reached = last_host(t, ANY_PORT);
	return CURL_PREREQFUNC_OK;
}

/* ---- its begin ---- */

/* Before 8.1 a stream now and then gets no more of what has arrived for it when another one on its
 * connection ends (seen with 7.88.1: one of six downloads, every tenth time): these get connections
 * of their own. */
static bool shares_connections(void)
{
	return curl_version_info(CURLVERSION_NOW)->version_num >= 0x080100;
}

static void set_options(struct transfer *t)
{
	const char *ca = getenv("CURL_CA_BUNDLE");
	CURL *c = t->curl;

	curl_easy_setopt(c, CURLOPT_URL, t->url);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_bytes);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, note_connection);
	curl_easy_setopt(c, CURLOPT_PREREQDATA, t);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, watch);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->details);
	curl_easy_setopt(c, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)t->from);
	curl_easy_setopt(c, CURLOPT_PRIVATE, t);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, 10L);
	curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	/* HTTP/2: the connection that is there */
	curl_easy_setopt(c, CURLOPT_PIPEWAIT, (long)shares_connections());
	curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)t->patience);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "xsysfs/" VERSION);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https,http,file");
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "https,http");
#else
	curl_easy_setopt(c, CURLOPT_PROTOCOLS, CURLPROTO_HTTPS | CURLPROTO_HTTP | CURLPROTO_FILE);
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS, CURLPROTO_HTTPS | CURLPROTO_HTTP);
#endif
	if (ca && *ca)
		curl_easy_setopt(c, CURLOPT_CAINFO, ca);
}

int transfer_start(void *all, struct transfer *t)
{
	transfer_stop(all, t);
	free(take_ptr(t->why));
	free(take_ptr(t->dead));
	free(take_ptr(t->reached));
	t->r = 0;
	t->later = t->since = 0;
	t->begun = t->stalled = false;
	*t->details = '\0';
	if (!t->curl)
		t->curl = curl_easy_init();
	if (!t->curl)
		return why_errno(&t->why, -ENOMEM, "cannot fetch '%s'", t->part->name);
	curl_easy_reset(t->curl);
	t->from = part_have(t->part);
	if (t->from < 0)
		return why_errno(&t->why, t->from, "cannot read '%s'", t->part->part_path);
	set_options(t);
	return curl_multi_add_handle(all, t->curl) == CURLM_OK
		       ? 0
		       : why_errno(&t->why, -ENOMEM, "cannot fetch '%s'", t->part->name);
}

void transfer_stop(void *all, struct transfer *t)
{
	if (t->curl)
		curl_multi_remove_handle(all, t->curl);
}

/* ---- its end ---- */

/* curl tells no difference between "nothing is there" and "it is slow": a host is dead when no
 * connection to it came about. */
static bool is_dead(const struct transfer *t, CURLcode code, const char *host)
{
	if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT)
		return true;
	return code == CURLE_OPERATION_TIMEDOUT && !(t->reached && strcmp(t->reached, host) == 0);
}

static int explain(struct transfer *t, CURLcode code, long http)
{
	autofree char *asked = last_host(t, ANY_PORT);
	autofree char *first = transfer_host(t->url, ANY_PORT);
	bool dead = asked && is_dead(t, code, asked);
	bool sent = asked && first && strcmp(asked, first) != 0;
	autofree char *who = last_host(t, dead ? UNUSUAL_PORT : NO_PORT);
	autofree char *sender = transfer_host(t->url, NO_PORT);

	if (!asked || !who || !first || !sender)
		return why_errno(&t->why, -ENOMEM, "cannot fetch");
	if (dead)
		t->dead = take_ptr(asked);
	if (code == CURLE_HTTP_RETURNED_ERROR)
		return why_set(&t->why, -EIO, "%s says HTTP %ld", who, http);
	if (code == CURLE_FILE_COULDNT_READ_FILE)
		return why_set(&t->why, -EIO, "%s", t->details);
	return why_set(&t->why, dead ? -EHOSTUNREACH : -EIO, "%s%s%s%s: %s", who,
		       sent ? " (where " : "", sent ? sender : "", sent ? " sent us)" : "",
		       *t->details ? t->details : curl_easy_strerror(code));
}

/* What may be gone in a moment. One that says nothing has been waited for already. */
static bool may_pass(const struct transfer *t, CURLcode code, long http)
{
	static const long busy[] = { 408, 429, 500, 502, 503, 504 };

	switch (code) {
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return true;
	case CURLE_OPERATION_TIMEDOUT:
		return t->begun;
	case CURLE_HTTP_RETURNED_ERROR:
		for (size_t i = 0; i < ARRAY_SIZE(busy); i++)
			if (http == busy[i])
				return true;
		return false;
	default:
		return false;
	}
}

static bool is_no_beginning(const struct transfer *t, CURLcode code, long http)
{
	return t->from > 0 && (t->r == -EBADMSG || t->r == -EFBIG || code == CURLE_RANGE_ERROR ||
			       code == CURLE_BAD_DOWNLOAD_RESUME ||
			       code == CURLE_FILE_COULDNT_READ_FILE || http == 416);
}

static void has_ended(struct transfer *t, CURLcode code)
{
	curl_off_t later = 0;
	long http = 0;

	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &http);
	curl_easy_getinfo(t->curl, CURLINFO_RETRY_AFTER, &later);
	t->later = later;
	t->stalled = code == CURLE_OPERATION_TIMEDOUT;
	if (is_no_beginning(t, code, http))
		t->end = TRANSFER_NO_BEGINNING;
	else if (t->r < 0) /* we ended it */
		t->end = TRANSFER_FAILED;
	else if (code == CURLE_OK)
		t->end = TRANSFER_WHOLE;
	else
		t->end = may_pass(t, code, http) ? TRANSFER_CUT : TRANSFER_FAILED;
	if (t->r == 0 && code != CURLE_OK)
		t->r = explain(t, code, http);
}

/* ---- all of them ---- */

void *transfers_new(void)
{
	CURLM *all = curl_multi_init();

	if (!all)
		return NULL;
	curl_multi_setopt(all, CURLMOPT_PIPELINING,
			  shares_connections() ? CURLPIPE_MULTIPLEX : CURLPIPE_NOTHING);
	curl_multi_setopt(all, CURLMOPT_MAX_TOTAL_CONNECTIONS, AT_ONCE);
	curl_multi_setopt(all, CURLMOPT_MAX_HOST_CONNECTIONS, AT_ONCE_A_HOST);
	return all;
}

void transfers_free(void *all)
{
	if (all)
		curl_multi_cleanup(all);
}

void transfers_go_on(void *all)
{
	int running;

	curl_multi_perform(all, &running);
}

void transfers_wait(void *all, int milliseconds)
{
	curl_multi_poll(all, NULL, 0, milliseconds, NULL);
}

struct transfer *transfers_take_ended(void *all)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(all, &left))) {
		CURLcode code = message->data.result;
		struct transfer *t = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
		has_ended(t, code);
		return t;
	}
	return NULL;
}
