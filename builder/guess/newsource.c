// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/guess/newsource.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/base/why.h"
#include "builder/source/gitsource.h"
#include "builder/source/shelf.h"
#include "builder/source/signature.h"
#include "builder/story/fetch_shown.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"
#include "fs/base/text.h"

void newsource_release(struct newsource *s)
{
	free(s->path);
	free(s->file);
	*s = (struct newsource){ 0 };
}

static int identify(struct newsource *s, const char *path)
{
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	s->size = st.st_size;
	return digest_of_fd(fd, s->sha256);
}

static int put_on_shelf(struct newsource *s, const struct places *places, const char *from)
{
	autofree char *dir = shelf_folder(places, s->sha256);
	int r = dir ? io_mkdir_p(AT_FDCWD, dir, 0755) : -ENOMEM;

	if (r < 0)
		return r;
	s->path = places_join(dir, s->file);
	if (!s->path)
		return -ENOMEM;
	return rename(from, s->path) < 0 ? -errno : 0;
}

int newsource_fetch(struct newsource *s, struct source_ways *w, const char *url, const char *file,
		    const char *scratch, char **why)
{
	const struct fetch_order order = { .url = url, .dir = scratch, .name = file };
	autofree char *got = places_join(scratch, file);
	int r;

	*s = (struct newsource){ .file = strdup(file) };
	if (!got || !s->file)
		return why_errno(why, -ENOMEM, "%s", file);
	r = fetch_shown(&w->fetcher, &order, 1, why);
	if (r < 0)
		return r;
	r = identify(s, got);
	if (r == 0)
		r = put_on_shelf(s, w->places, got);
	return r < 0 ? why_errno(why, r, "cannot keep '%s'", file) : 0;
}

int newsource_git(struct newsource *s, const struct source_ways *w, const char *url,
		  const char *commit, bool without_submodules, const char *name, char **why)
{
	struct gitsource g = { .sources = w->places->sources,
			       .url = url,
			       .commit = commit,
			       .patience = w->fetcher.patience,
			       .without_submodules = without_submodules };
	autofree char *host = gitsource_host(url);
	int r;

	*s = (struct newsource){ 0 };
	s->file = text_of("%s-%s.tar", name, commit);
	if (!s->file)
		return why_errno(why, -ENOMEM, "%s", name);
	g.file = s->file;
	log_note("fetching '%s' with git from %s", s->file, host ? host : "");
	r = gitsource_get(&g, &s->path, why);
	if (r == 0 && gitsource_recall(w->places->sources, commit, s->sha256) <= 0)
		*s->sha256 = '\0';
	return r;
}

int newsource_check(const struct newsource *s, struct source_ways *w, const char *sig,
		    const char *key, const char *scratch, char **why)
{
	autofree char *from = NULL;
	autofree char *to = NULL;
	autofree char *note = NULL;
	struct fetch_order order = { .url = sig, .dir = scratch, .most = SIGNATURE_MOST };
	int r;

	to = text_of("%s" SHELF_SIG, s->path);
	if (!to)
		return why_errno(why, -ENOMEM, "%s", sig);
	order.name = strrchr(to, '/') + 1;
	from = places_join(scratch, order.name);
	if (!from)
		return why_errno(why, -ENOMEM, "%s", sig);
	r = fetch_shown(&w->fetcher, &order, 1, why);
	if (r == 0)
		r = signature_check(s->path, from, key, &note, why);
	if (note)
		log_warn("%s", note);
	if (r < 0)
		return r;
	return rename(from, to) < 0 ? why_errno(why, -errno, "cannot keep '%s'", to) : 0;
}
