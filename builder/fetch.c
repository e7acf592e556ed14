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
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "builder/places.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/digest.h"
#include "fs/base/log.h"

#define CONNECT_SECONDS 5L
#define STALL_SECONDS	30L
#define STALL_BYTES	100L /* a second */

struct transfer {
	const char *name;
	curl_off_t before; /* bytes that were there already */
	struct timespec shown;
	bool bar;
};

void fetch_release(struct fetcher *f)
{
	strv_release(&f->dead);
	if (f->curl)
		curl_easy_cleanup(f->curl);
	f->curl = NULL;
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

static unsigned terminal_width(void)
{
	struct winsize w;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col ? w.ws_col : 80;
}

/* "libffi-3.4.4.tar.gz  [#######.......]  51 %  0.7 of 1.3 MB" */
static int show_bar(void *data, curl_off_t total, curl_off_t now, curl_off_t up_total,
		    curl_off_t up)
{
	struct transfer *t = data;
	char text[64], bar[64];
	struct timespec ts;
	unsigned width = terminal_width();
	int cells, full;

	(void)up_total;
	(void)up;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	if (!total || (now < total && (ts.tv_sec - t->shown.tv_sec) * 1000 +
						      (ts.tv_nsec - t->shown.tv_nsec) / 1000000 <
					      100))
		return 0;
	t->shown = ts;
	total += t->before;
	now += t->before;
	snprintf(text, sizeof(text), "%3d %%  %.1f of %.1f MB", (int)(now * 100 / total), now / 1e6,
		 total / 1e6);
	cells = (int)width - (int)strlen(t->name) - (int)strlen(text) - 7;
	cells = cells > 40 ? 40 : cells;
	if (cells < 5) {
		fprintf(stderr, "\r%.*s\033[K", (int)width - 1, text);
		return 0;
	}
	full = (int)(now * cells / total);
	memset(bar, '#', full);
	memset(bar + full, '.', cells - full);
	fprintf(stderr, "\r%s  [%.*s]  %s\033[K", t->name, cells, bar, text);
	return 0;
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

static void set_options(CURL *c, struct transfer *t)
{
	const char *ca = getenv("CURL_CA_BUNDLE");

	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, 10L);
	curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, STALL_SECONDS);
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
	if (t->bar) {
		curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
		curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, show_bar);
		curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
	}
}

static int explain(struct fetcher *f, CURLcode code, const char *url, const char *details,
		   char **why)
{
	autofree char *host = url_host(url);
	bool dead = is_dead(f->curl, code);
	long http = 0;

	if (!host)
		return why_errno(why, -ENOMEM, "cannot fetch");
	if (dead && strv_add(&f->dead, host) < 0)
		return why_errno(why, -ENOMEM, "cannot fetch");
	curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &http);
	if (code == CURLE_HTTP_RETURNED_ERROR)
		return why_set(why, -EIO, "%s says HTTP %ld", host, http);
	if (code == CURLE_WRITE_ERROR)
		return why_set(why, -EIO, "cannot write what %s sends: %s", host, strerror(errno));
	if (code == CURLE_FILE_COULDNT_READ_FILE)
		return why_set(why, -EIO, "%s", details);
	return why_set(why, dead ? -EHOSTUNREACH : -EIO, "%s: %s", host,
		       *details ? details : curl_easy_strerror(code));
}

/* Get the rest of `part` from `from` on. 0, -EAGAIN when that rest is not to be had, or -errno. */
static int transfer(struct fetcher *f, const char *url, const char *name, FILE *part,
		    curl_off_t from, char **why)
{
	struct transfer t = { .name = name, .before = from, .bar = isatty(STDERR_FILENO) };
	char details[CURL_ERROR_SIZE] = "";
	long http = 0;
	CURLcode code;

	curl_easy_reset(f->curl);
	set_options(f->curl, &t);
	curl_easy_setopt(f->curl, CURLOPT_URL, url);
	curl_easy_setopt(f->curl, CURLOPT_WRITEDATA, part);
	curl_easy_setopt(f->curl, CURLOPT_ERRORBUFFER, details);
	curl_easy_setopt(f->curl, CURLOPT_RESUME_FROM_LARGE, from);
	code = curl_easy_perform(f->curl);
	if (t.shown.tv_sec)
		fputs("\r\033[K", stderr);
	curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &http);
	if (from > 0 && (code == CURLE_RANGE_ERROR || code == CURLE_BAD_DOWNLOAD_RESUME ||
			 code == CURLE_FILE_COULDNT_READ_FILE || http == 416))
		return -EAGAIN;
	if (code == CURLE_OK && fflush(part) != 0)
		return why_errno(why, -errno, "cannot write '%s'", name);
	return code == CURLE_OK ? 0 : explain(f, code, url, details, why);
}

/* The hash of all of `part`. */
static int check_part(FILE *part, const char *name, const char *sha256, char **why)
{
	char hex[DIGEST_HEX];
	int r;

	if (lseek(fileno(part), 0, SEEK_SET) < 0)
		return why_errno(why, -errno, "cannot read '%s'", name);
	r = digest_of_fd(fileno(part), hex);
	if (r < 0)
		return why_errno(why, r, "cannot read '%s'", name);
	if (strcmp(hex, sha256) != 0)
		return why_set(why, -EBADMSG, "sha256 of '%s' is %s, and should be %s", name, hex,
			       sha256);
	return fsync(fileno(part)) < 0 ? why_errno(why, -errno, "cannot write '%s'", name) : 0;
}

/* From where an earlier try ended; from the start when the server or the hash wants it so. */
static int fetch_part(struct fetcher *f, const char *url, const char *name, const char *sha256,
		      FILE *part, char **why)
{
	curl_off_t from = lseek(fileno(part), 0, SEEK_END);
	int r = transfer(f, url, name, part, from, why);

	if (r == 0)
		r = check_part(part, name, sha256, why);
	if (from <= 0 || (r != -EAGAIN && r != -EBADMSG))
		return r;
	if (r == -EBADMSG)
		free(*why);
	rewind(part);
	if (ftruncate(fileno(part), 0) < 0)
		return why_errno(why, -errno, "cannot write '%s'", name);
	r = transfer(f, url, name, part, 0, why);
	return r == 0 ? check_part(part, name, sha256, why) : r;
}

/* Open and lock the partial file, or wait for who has it. He may have moved it away meanwhile. */
static FILE *open_part(const char *path)
{
	for (;;) {
		autoclose FILE *part = fopen(path, "a+e");
		struct stat ours, there;

		if (!part || flock(fileno(part), LOCK_EX) < 0 || fstat(fileno(part), &ours) < 0)
			return NULL;
		if (stat(path, &there) == 0 && there.st_ino == ours.st_ino &&
		    there.st_dev == ours.st_dev)
			return take_ptr(part);
	}
}

int fetch_url(struct fetcher *f, const char *url, const char *dir, const char *name,
	      const char *sha256, char **why)
{
	autofree char *path = places_join(dir, name);
	autofree char *part_path = NULL;
	autofree char *bad_path = NULL;
	autofree char *host = url_host(url);
	autoclose FILE *part = NULL;
	struct stat st;
	int r;

	if (!f->curl)
		f->curl = curl_easy_init();
	if (!f->curl || !path || !host || asprintf(&part_path, "%s.part", path) < 0 ||
	    asprintf(&bad_path, "%s.bad", path) < 0)
		return why_errno(why, -ENOMEM, "cannot fetch '%s'", name);
	if (strv_has(&f->dead, host))
		return why_set(why, -EHOSTUNREACH, "%s did not answer before", host);
	part = open_part(part_path);
	if (!part)
		return why_errno(why, -errno, "cannot write '%s'", part_path);
	if (fetch_check(dir, name, sha256) == 1) { /* somebody else was at it */
		unlink(part_path);
		return 0;
	}
	if (!isatty(STDERR_FILENO))
		log_note("fetching '%s' from %s", name, host);
	r = fetch_part(f, url, name, sha256, part, why);
	if (r == -EBADMSG && rename(part_path, bad_path) == 0) {
		autofree char *wrong = *why;

		return why_set(why, r, "%s (kept as '%s')", wrong, bad_path);
	}
	if (r < 0 && stat(part_path, &st) == 0 && st.st_size == 0)
		unlink(part_path);
	if (r == 0 && rename(part_path, path) < 0)
		return why_errno(why, -errno, "cannot rename to '%s'", path);
	return r;
}
