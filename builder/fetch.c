// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "builder/places.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/digest.h"
#include "fs/base/log.h"

#define CONNECT_SECONDS 5L
#define STALL_SECONDS	30
#define STALL_BYTES	100L /* a second */
#define AT_ONCE		8L
#define AT_ONCE_A_HOST	3L
#define TURN_MS		100 /* between looks whether a file that somebody else fetches is there */

enum state { WAITING_FOR_TURN, RUNNING, OVER };

struct download {
	struct download *next;
	struct fetcher *fetcher;
	struct fetch_events events;
	enum state state;
	char *url, *dir, *name, *path, *part_path, *bad_path, *host;
	char sha256[DIGEST_HEX]; /* "": any */
	FILE *part;		 /* locked */
	CURL *curl;
	curl_off_t from; /* bytes that were there already */
	struct timespec shown;
	char details[CURL_ERROR_SIZE];
};

static void download_free(struct download *d)
{
	if (d->curl && d->fetcher->multi)
		curl_multi_remove_handle(d->fetcher->multi, d->curl);
	curl_easy_cleanup(d->curl);
	if (d->part)
		fclose(d->part);
	free(d->url);
	free(d->dir);
	free(d->name);
	free(d->path);
	free(d->part_path);
	free(d->bad_path);
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
	if (f->multi)
		curl_multi_cleanup(f->multi);
	f->multi = NULL;
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

/* The host, or "this machine" for a file; the caller frees. */
static char *url_host(const char *url)
{
	CURLU *u = curl_url();
	char *part = NULL, *host = NULL;

	if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &part, 0) == CURLUE_OK && *part)
		host = strdup(part);
	curl_free(part);
	curl_url_cleanup(u);
	return host ? host : strdup("this machine");
}

/* ---- the end of one ---- */

/* `why` is the listener's from here on. */
static void end(struct download *d, int r, char *why)
{
	struct stat st;

	if (d->curl)
		curl_multi_remove_handle(d->fetcher->multi, d->curl);
	if (r < 0 && d->part && fstat(fileno(d->part), &st) == 0 && st.st_size == 0)
		unlink(d->part_path);
	if (d->part)
		fclose(d->part);
	d->part = NULL;
	d->state = OVER;
	d->events.done(d->events.arg, r, why);
}

/* curl tells no difference between "nothing is there" and "it is slow": a host is dead when no
 * connection to it came about. */
static bool is_dead(CURL *c, CURLcode code)
{
	curl_off_t connected = 0;

	if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT)
		return true;
	curl_easy_getinfo(c, CURLINFO_CONNECT_TIME_T, &connected);
	return code == CURLE_OPERATION_TIMEDOUT && connected == 0;
}

static int explain(struct download *d, CURLcode code, char **why)
{
	bool dead = is_dead(d->curl, code);
	long http = 0;

	if (dead && strv_add(&d->fetcher->dead, d->host) < 0)
		return why_errno(why, -ENOMEM, "cannot fetch");
	curl_easy_getinfo(d->curl, CURLINFO_RESPONSE_CODE, &http);
	if (code == CURLE_HTTP_RETURNED_ERROR)
		return why_set(why, -EIO, "%s says HTTP %ld", d->host, http);
	if (code == CURLE_WRITE_ERROR)
		return why_set(why, -EIO, "cannot write what %s sends: %s", d->host,
			       strerror(errno));
	if (code == CURLE_FILE_COULDNT_READ_FILE)
		return why_set(why, -EIO, "%s", d->details);
	return why_set(why, dead ? -EHOSTUNREACH : -EIO, "%s: %s", d->host,
		       *d->details ? d->details : curl_easy_strerror(code));
}

/* The hash of all of `part`. */
static int check_part(struct download *d, char **why)
{
	char hex[DIGEST_HEX];
	int r;

	if (fflush(d->part) != 0)
		return why_errno(why, -errno, "cannot write '%s'", d->part_path);
	if (lseek(fileno(d->part), 0, SEEK_SET) < 0)
		return why_errno(why, -errno, "cannot read '%s'", d->name);
	r = digest_of_fd(fileno(d->part), hex);
	if (r < 0)
		return why_errno(why, r, "cannot read '%s'", d->name);
	if (*d->sha256 && strcmp(hex, d->sha256) != 0)
		return why_set(why, -EBADMSG, "sha256 of '%s' is %s, and should be %s", d->name,
			       hex, d->sha256);
	return fsync(fileno(d->part)) < 0 ? why_errno(why, -errno, "cannot write '%s'", d->name)
					  : 0;
}

/* ---- the transfer ---- */

static int show_progress(void *data, curl_off_t total, curl_off_t now, curl_off_t up_total,
			 curl_off_t up)
{
	struct download *d = data;
	struct timespec ts;

	(void)up_total;
	(void)up;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	if (now < total &&
	    (ts.tv_sec - d->shown.tv_sec) * 1000 + (ts.tv_nsec - d->shown.tv_nsec) / 1000000 < 100)
		return 0;
	d->shown = ts;
	d->events.progress(d->events.arg, d->from + now, total ? d->from + total : 0);
	return 0;
}

/* Before 8.1 a stream now and then gets no more of what has arrived for it when another one on its
 * connection ends (seen with 7.88.1: one of six downloads, every tenth time): these get connections
 * of their own. */
static bool shares_connections(void)
{
	return curl_version_info(CURLVERSION_NOW)->version_num >= 0x080100;
}

static void set_options(struct download *d)
{
	const char *ca = getenv("CURL_CA_BUNDLE");
	CURL *c = d->curl;

	curl_easy_setopt(c, CURLOPT_URL, d->url);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, d->part);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, d->details);
	curl_easy_setopt(c, CURLOPT_RESUME_FROM_LARGE, d->from);
	curl_easy_setopt(c, CURLOPT_PRIVATE, d);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, 10L);
	curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	/* HTTP/2: the connection that is there */
	curl_easy_setopt(c, CURLOPT_PIPEWAIT, (long)shares_connections());
	curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)(d->fetcher->patience ?: STALL_SECONDS));
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
	if (d->events.progress) {
		curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
		curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, show_progress);
		curl_easy_setopt(c, CURLOPT_XFERINFODATA, d);
	}
}

/* The rest of `part`, from where an earlier try ended. */
static int transfer(struct download *d, char **why)
{
	if (!d->curl)
		d->curl = curl_easy_init();
	if (!d->curl)
		return why_errno(why, -ENOMEM, "cannot fetch '%s'", d->name);
	curl_easy_reset(d->curl);
	d->from = lseek(fileno(d->part), 0, SEEK_END);
	if (d->from < 0)
		return why_errno(why, -errno, "cannot read '%s'", d->part_path);
	set_options(d);
	if (curl_multi_add_handle(d->fetcher->multi, d->curl) != CURLM_OK)
		return why_errno(why, -ENOMEM, "cannot fetch '%s'", d->name);
	d->state = RUNNING;
	return 0;
}

/* From the start, when the server or the hash wants it so. */
static int transfer_again(struct download *d, char **why)
{
	curl_multi_remove_handle(d->fetcher->multi, d->curl);
	rewind(d->part);
	if (ftruncate(fileno(d->part), 0) < 0)
		return why_errno(why, -errno, "cannot write '%s'", d->name);
	return transfer(d, why);
}

static int keep(struct download *d, char **why)
{
	return rename(d->part_path, d->path) < 0
		       ? why_errno(why, -errno, "cannot rename to '%s'", d->path)
		       : 0;
}

static void put_aside(struct download *d, char **why)
{
	autofree char *wrong = *why;

	if (rename(d->part_path, d->bad_path) == 0)
		why_set(why, -EBADMSG, "%s (kept as '%s')", wrong ? wrong : "", d->bad_path);
	else
		take_ptr(wrong);
}

static void transfer_is_over(struct download *d, CURLcode code)
{
	char *why = NULL;
	long http = 0;
	int r;

	curl_easy_getinfo(d->curl, CURLINFO_RESPONSE_CODE, &http);
	r = code == CURLE_OK ? check_part(d, &why) : 0;
	if (d->from > 0 &&
	    (r == -EBADMSG || code == CURLE_RANGE_ERROR || code == CURLE_BAD_DOWNLOAD_RESUME ||
	     code == CURLE_FILE_COULDNT_READ_FILE || http == 416)) {
		free(why);
		why = NULL;
		r = transfer_again(d, &why);
		if (r == 0)
			return;
	} else if (code != CURLE_OK) {
		r = explain(d, code, &why);
	}
	if (r == 0)
		r = keep(d, &why);
	if (r == -EBADMSG)
		put_aside(d, &why);
	end(d, r, why);
}

/* ---- whose turn it is ---- */

/* Open and lock the partial file. 1; 0 when somebody has it; -errno. */
static int open_part(struct download *d)
{
	autoclose FILE *part = fopen(d->part_path, "a+e");
	struct stat ours, there;

	if (!part)
		return -errno;
	if (flock(fileno(part), LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 0 : -errno;
	/* who had it may have moved it away meanwhile */
	if (fstat(fileno(part), &ours) < 0 || stat(d->part_path, &there) < 0 ||
	    there.st_ino != ours.st_ino || there.st_dev != ours.st_dev)
		return 0;
	/* without a hash nobody knows what it is a part of */
	if (!*d->sha256 && ftruncate(fileno(part), 0) < 0)
		return -errno;
	d->part = take_ptr(part);
	return 1;
}

static void take_turn(struct download *d)
{
	char *why = NULL;
	int r;

	if (strv_has(&d->fetcher->dead, d->host)) {
		why_set(&why, -EHOSTUNREACH, "%s did not answer before", d->host);
		end(d, -EHOSTUNREACH, why);
		return;
	}
	r = open_part(d);
	if (r == 0)
		return;
	if (r < 0) {
		why_errno(&why, r, "cannot write '%s'", d->part_path);
	} else if (*d->sha256 &&
		   fetch_check(d->dir, d->name, d->sha256) == 1) { /* somebody else was at it */
		unlink(d->part_path);
		end(d, 0, NULL);
		return;
	} else {
		log_note("fetching '%s' from %s", d->name, d->host);
		r = transfer(d, &why);
	}
	if (r < 0)
		end(d, r, why);
}

static int have_multi(struct fetcher *f)
{
	if (f->multi)
		return 0;
	f->multi = curl_multi_init();
	if (!f->multi)
		return -ENOMEM;
	curl_multi_setopt(f->multi, CURLMOPT_PIPELINING,
			  shares_connections() ? CURLPIPE_MULTIPLEX : CURLPIPE_NOTHING);
	curl_multi_setopt(f->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, AT_ONCE);
	curl_multi_setopt(f->multi, CURLMOPT_MAX_HOST_CONNECTIONS, AT_ONCE_A_HOST);
	return 0;
}

int fetch_start(struct fetcher *f, const char *url, const char *dir, const char *name,
		const char *sha256, const struct fetch_events *events)
{
	struct download *d;

	if (have_multi(f) < 0)
		return -ENOMEM;
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->fetcher = f;
	d->events = *events;
	snprintf(d->sha256, sizeof(d->sha256), "%s", sha256 ?: "");
	d->url = strdup(url);
	d->dir = strdup(dir);
	d->name = strdup(name);
	d->host = url_host(url);
	d->path = places_join(dir, name);
	if (asprintf(&d->part_path, "%s/%s.part", dir, name) < 0)
		d->part_path = NULL;
	if (asprintf(&d->bad_path, "%s/%s.bad", dir, name) < 0)
		d->bad_path = NULL;
	if (!d->url || !d->dir || !d->name || !d->host || !d->path || !d->part_path ||
	    !d->bad_path) {
		download_free(d);
		return -ENOMEM;
	}
	d->next = f->all;
	f->all = d;
	return 0;
}

/* ---- all of them ---- */

static void hear(struct fetcher *f)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(f->multi, &left))) {
		CURLcode code = message->data.result;
		struct download *d = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &d);
		transfer_is_over(d, code);
	}
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
		int running = 0;

		for (struct download *d = f->all; d; d = d->next)
			if (d->state == WAITING_FOR_TURN)
				take_turn(d);
		if (f->multi)
			curl_multi_perform(f->multi, &running);
		if (f->multi)
			hear(f);
		drop_over(f);
		more = other_work(f);
		if (!f->all && !more)
			break;
		if (have_multi(f) == 0)
			curl_multi_poll(f->multi, NULL, 0, TURN_MS, NULL);
	}
}
