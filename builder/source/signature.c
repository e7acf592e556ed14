// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/source/signature.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/base/proc.h"
#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/tame.h"
#include "fs/base/text.h"

#define KEYS_MAX (8 << 20)
#define SAID_MAX 65536
#define BEGIN	 "-----BEGIN PGP PUBLIC KEY BLOCK-----"
#define END	 "-----END PGP PUBLIC KEY BLOCK-----"
#define STATUS	 "[GNUPG:] "

/* ---- armour ---- */

static int digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* The radix-64 text up to `end`, behind `*out`. */
static int decode(const char *p, const char *end, unsigned char **out)
{
	unsigned bits = 0;
	int n = 0;

	for (; p < end && *p != '='; p++) {
		int d = digit(*p);

		if (isspace((unsigned char)*p))
			continue;
		if (d < 0)
			return -EBADMSG;
		bits = bits << 6 | d;
		n += 6;
		if (n >= 8) {
			n -= 8;
			*(*out)++ = bits >> n;
		}
	}
	return 0;
}

/* Behind the headers of a block, which end in an empty line. */
static const char *skip_headers(const char *p, const char *end)
{
	p += strcspn(p, "\n");
	while (p < end) {
		size_t blank = strspn(p + 1, " \t\r");

		if (p[1 + blank] == '\n')
			return p + 1 + blank;
		p += 1 + strcspn(p + 1, "\n");
	}
	return NULL;
}

int signature_dearmor(const char *text, unsigned char **ret, size_t *len)
{
	const char *p = strstr(text, BEGIN);
	autofree unsigned char *data = NULL;
	unsigned char *out;

	if (!p)
		return -ENOENT;
	out = data = malloc(strlen(p));
	if (!data)
		return -ENOMEM;
	for (; p; p = strstr(p, BEGIN)) {
		const char *end = strstr(p, END);
		const char *body = end ? skip_headers(p, end) : NULL;

		if (!body || decode(body, end, &out) < 0)
			return -EBADMSG;
		p = end;
	}
	*len = out - data;
	*ret = take_ptr(data);
	return 0;
}

/* ---- gpgv ---- */

/* A file with the keys as gpgv wants them, which it can open as /dev/fd/N. */
static int open_keys(const char *keys, char **why)
{
	autofree unsigned char *raw = NULL;
	autofree char *text = NULL;
	size_t len = 0;
	int r = io_read_file(AT_FDCWD, keys, KEYS_MAX, &text, &len);

	if (r < 0)
		return why_errno(why, r, "cannot read the key '%s'", keys);
	r = signature_dearmor(text, &raw, &len);
	if (r == -EBADMSG)
		return why_set(why, r, "the key '%s' has a damaged armour", keys);
	if (r < 0 && r != -ENOENT)
		return why_errno(why, r, "cannot read the key '%s'", keys);
	r = io_memory_file("keys.gpg", raw ? (const void *)raw : text, len);
	return r < 0 ? why_errno(why, r, "cannot make a file of '%s'", keys) : r;
}

/* The rest of the status line that begins with this word; NULL: there is none. Lent. */
static const char *status(const char *said, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = said; (p = strstr(p, STATUS)); p++) {
		const char *at = p + strlen(STATUS);

		if ((p == said || p[-1] == '\n') && strncmp(at, word, n) == 0 &&
		    strchr(" \n", at[n]))
			return at + n + (at[n] == ' ');
	}
	return NULL;
}

/* "by 0123456789ABCDEF (Somebody <some@body>)", of a line "KEYID NAME"; the caller frees. */
static char *signer(const char *line)
{
	size_t id = strcspn(line, " \n");
	const char *name = line + id + (line[id] == ' ');
	char *words;

	if (!(words = text_of("%.*s (%.*s)", (int)(id > 40 ? 40 : id), line,
			      (int)strcspn(name, "\n"), name)))
		return NULL;
	tame(words);
	return words;
}

/* Whether it was made when its key, which has expired, was still good. */
static bool made_in_time(const char *said)
{
	const char *valid = status(said, "VALIDSIG"), *expired = status(said, "KEYEXPIRED");
	long long made, end;

	return valid && expired && sscanf(valid, "%*s %*s %lld", &made) == 1 &&
	       sscanf(expired, "%lld", &end) == 1 && made <= end;
}

static int judge(const char *said, const char *keys, char **note, char **why)
{
	static const struct {
		const char *word, *says;
	} bad[] = {
		{ "BADSIG",
		  "the signature is bad: it or the archive was changed; it says it is by" },
		{ "EXPSIG", "the signature has expired; it is by" },
		{ "REVKEYSIG", "the signature is by a key that was revoked," },
	};
	const char *good = status(said, "GOODSIG"), *old = status(said, "EXPKEYSIG");
	const char *missing = status(said, "NO_PUBKEY");
	autofree char *who = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *line = status(said, bad[i].word);

		if (!line)
			continue;
		who = signer(line);
		return why_set(why, -EBADMSG, "%s %s", bad[i].says, who ?: "somebody");
	}
	if (!good && old && !made_in_time(said)) {
		who = signer(old);
		return why_set(why, -EBADMSG,
			       "the signature was made with a key that had expired, %s",
			       who ?: "somebody's");
	}
	if (status(said, "VALIDSIG") && (good || old)) {
		who = good ? NULL : signer(old);
		if (who)
			*note = text_of("the key of %s has expired since", who);
		return 0;
	}
	if (missing)
		return why_set(why, -EBADMSG,
			       "the signature is by the key %.*s, which is not in '%s'",
			       (int)strcspn(missing, " \n"), missing, keys);
	if (status(said, "NODATA") || !status(said, "ERRSIG"))
		return why_set(why, -EBADMSG, "what came is no signature");
	return why_set(why, -EBADMSG,
		       "the signature cannot be checked (its kind is not known here)");
}

int signature_check(const char *data, const char *sig, const char *keys, char **note, char **why)
{
	autofd int fd = open_keys(keys, why);
	autofd int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	autofree char *said = NULL;
	char ring[40];
	int r;

	*note = NULL;
	if (fd < 0)
		return fd;
	snprintf(ring, sizeof(ring), "/dev/fd/%d", fd);
	const char *argv[] = { "gpgv",	      "--homedir", "/nonexistent", "--quiet",
			       "--status-fd", "1",	   "--keyring",	   ring,
			       "--",	      sig,	   data,	   NULL };

	r = proc_read(&(struct proc){ .argv = argv, .err = null, .keep = &fd, .n_keep = 1 },
		      SAID_MAX, &said);
	if (r == -ENOENT)
		return why_set(why, r,
			       "signatures are checked by gpgv, which is not installed (Debian's "
			       "package 'gpgv')");
	return r < 0 ? why_errno(why, r, "cannot run 'gpgv'") : judge(said, keys, note, why);
}
