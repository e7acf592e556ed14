// SPDX-License-Identifier: GPL-2.0-or-later
/* The signature of an archive: at hand, or fetched. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/base/why.h"
#include "builder/source/errand.h"
#include "builder/source/shelf.h"
#include "builder/source/signature.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"
#include "fs/base/text.h"

/* 1 when it is good, 0 when `sig` is not there, or -errno with `*why`. */
static int try_signature(const struct errand *e, const char *sig, char **why)
{
	autofree char *note = NULL;
	int r;

	if (access(sig, R_OK) < 0)
		return 0;
	r = signature_check(e->path, sig, errand_source(e)->key, &note, why);
	if (note)
		log_warn("%s:%u: %s", e->recipe->path, errand_source(e)->sig_line, note);
	return r < 0 ? r : 1;
}

/* Where it is kept, SOURCES/SHA256/FILE.sig; the caller frees. */
static char *signature_path(const struct errand *e)
{
	autofree char *dir = shelf_folder(e->ways->places, errand_source(e)->sha256);
	const char *name = strrchr(e->path, '/') + 1;

	return dir ? text_of("%s/%s" SHELF_SIG, dir, name) : NULL;
}

/* One that is at hand and bad is no reason to give up: what was downloaded may be better. */
static int signature_at_hand(const struct errand *e, const char *kept, char **why)
{
	autofree char *name = recipe_source_url_file(errand_source(e)->sig);
	int r = try_signature(e, kept, why);

	if (r > 0 || r == -ENOENT)
		return r;
	strv_foreach (mirror, &e->ways->places->mirrors) {
		autofree char *path = name ? places_join(*mirror, name) : NULL;
		autofree char *other = NULL;
		int good = path ? try_signature(e, path, &other) : 0;

		if (good > 0)
			return good;
		if (good < 0)
			log_warn("'%s' is not used: %s", path, other ? other : strerror(-good));
	}
	return r;
}

static void signature_arrived(void *arg, int r, char *why)
{
	struct errand *e = arg;
	autofree char *kept = signature_path(e);

	if (r < 0) {
		errand_give_up(e, errand_source(e)->sig_line, "fetch the signature of", r, why);
		return;
	}
	r = kept ? try_signature(e, kept, &why) : -ENOMEM;
	if (r <= 0)
		errand_give_up(e, errand_source(e)->sig_line, "trust", r ?: -ENOENT, why);
	else
		errand_succeed(e);
}

void errand_check_signature(struct errand *e)
{
	const struct fetch_events events = { signature_arrived, NULL, e };
	autofree char *kept = signature_path(e);
	autofree char *old = NULL;
	char *why = NULL;
	int r = kept ? signature_at_hand(e, kept, &old) : -ENOMEM;

	if (r > 0) {
		errand_succeed(e);
		return;
	}
	if (r == -ENOENT || (r < 0 && e->ways->offline)) {
		errand_give_up(e, errand_source(e)->sig_line, "trust", r, take_ptr(old));
		return;
	}
	if (e->ways->offline) {
		why_set(&why, -ENETDOWN, "its signature is not at hand, and this is --offline");
		errand_give_up(e, errand_source(e)->sig_line, "trust", -ENETDOWN, why);
		return;
	}
	r = 0;
	if (kept) {
		char *slash = strrchr(kept, '/');
		const struct fetch_order order = { .url = errand_source(e)->sig,
						   .dir = kept,
						   .name = slash + 1,
						   .most = SIGNATURE_MOST };

		*slash = '\0';
		r = io_mkdir_p(AT_FDCWD, kept, 0755);
		if (r == 0)
			r = fetch_start(&e->ways->fetcher, &order, &events);
	}
	if (!kept || r < 0)
		errand_give_up(e, errand_source(e)->sig_line, "fetch the signature of",
			       kept ? r : -ENOMEM, NULL);
}
