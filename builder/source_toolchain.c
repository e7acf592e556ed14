// SPDX-License-Identifier: GPL-2.0-or-later
/* The archive of a board's toolchain: by URL, or as a package of npm. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/fetch_shown.h"
#include "builder/proc.h"
#include "builder/shelf.h"
#include "builder/source.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"

/* `npm pack` leaves one archive in a scratch folder; npm knows its registry, we do not. */
static int npm_pack(const struct board *board, const char *scratch, char **why)
{
	autofree char *what = strdup(board->npm);
	autofree char *out = NULL;
	int status;

	if (!what)
		return why_errno(why, -ENOMEM, "npm");
	*strrchr(what, ' ') = '@';
	const char *argv[] = { "npm", "pack", "--silent", "--ignore-scripts", what, NULL };

	log_note("fetching '%s' with npm", board->file);
	status = proc_read(&(struct proc){ .argv = argv, .dir = scratch }, 4096, &out);
	if (status == -ENOENT)
		return why_set(why, status, "%s:%u: npm is not installed (Debian's package 'npm')",
			       board->path, board->toolchain_line);
	if (status < 0)
		return why_errno(why, status, "cannot run 'npm'");
	if (status != 0) {
		autofree char *words = proc_words(status);

		return why_set(why, -EIO, "%s:%u: 'npm pack %s' failed: %s", board->path,
			       board->toolchain_line, what, words ? words : "");
	}
	return 0;
}

static int fetch_npm(struct source_ways *w, const struct board *board, const char *dir, char **why)
{
	autofree char *scratch = NULL;
	autofree char *from = NULL;
	autofree char *to = NULL;
	int r;

	if (asprintf(&scratch, "%s/.npm", w->places->sources) < 0 ||
	    !(from = places_join(scratch, board->file)))
		return why_errno(why, -ENOMEM, "npm");
	r = io_remove_tree(AT_FDCWD, scratch);
	if (r == 0)
		r = io_mkdir_p(AT_FDCWD, scratch, 0755);
	if (r < 0)
		return why_errno(why, r, "cannot make '%s'", scratch);
	r = npm_pack(board, scratch, why);
	if (r == 0) {
		int same = fetch_check(scratch, board->file, board->sha256);

		if (asprintf(&to, "%s/%s%s", dir, board->file, same == 1 ? "" : ".bad") < 0)
			to = NULL;
		if (!to || same < 0)
			r = why_errno(why, to ? same : -ENOMEM, "npm made no '%s'", board->file);
		else if (rename(from, to) < 0)
			r = why_errno(why, -errno, "cannot rename to '%s'", to);
		else if (same == 0)
			r = why_set(why, -EBADMSG,
				    "%s:%u: sha256 of '%s' is another (kept as '%s')", board->path,
				    board->toolchain_line, board->file, to);
	}
	io_remove_tree(AT_FDCWD, scratch);
	return r;
}

static int fetch_toolchain(struct source_ways *w, const struct board *board, const char *dir,
			   char **why)
{
	autofree char *reason = NULL;
	int r;

	if (w->offline)
		return why_set(why, -ENETDOWN, "%s:%u: '%s' is not at hand, and this is --offline",
			       board->path, board->toolchain_line, board->file);
	if (board->npm)
		return fetch_npm(w, board, dir, why);
	r = fetch_shown(&w->fetcher, board->url, dir, board->file, board->sha256, &reason);
	return r < 0 ? why_set(why, r, "%s:%u: cannot fetch the toolchain: %s", board->path,
			       board->toolchain_line, reason ? reason : strerror(-r))
		     : 0;
}

int source_get_toolchain(struct source_ways *w, const struct board *board, char **path, char **why)
{
	autofree char *dir = shelf_folder(w->places, board->sha256);
	int r = dir ? shelf_look(w->places, board->file, board->sha256, path) : -ENOMEM;

	if (r == 0 && (r = io_mkdir_p(AT_FDCWD, dir, 0755)) == 0)
		r = fetch_toolchain(w, board, dir, why);
	else if (r < 0)
		return why_errno(why, r, "%s", board->file);
	else
		return 0;
	if (r == 0 && !(*path = places_join(dir, board->file)))
		return why_errno(why, -ENOMEM, "%s", board->file);
	return r;
}
