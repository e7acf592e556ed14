// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/target/toolchain_fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "builder/base/proc.h"
#include "builder/base/why.h"
#include "builder/source/part.h"
#include "builder/source/shelf.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"
#include "fs/base/tame.h"
#include "fs/base/text.h"

#define NPM_SAYS_MOST 65536 /* bytes of it that are looked at */

static uint64_t most(const struct board *board)
{
	return board->size ? board->size : PART_MOST;
}

/* The line of what npm has said that names the cause: the first one behind those of one word, its
 * codes for programs. NULL: it said nothing, or there is no memory. The caller frees. */
static char *npm_cause(char *said)
{
	static const char *const marks[] = { "npm error ", "npm ERR! " };
	static const char *const not_for_people[] = { "code ", "errno ", "syscall ",
						      "path ", "dest ",	 "A complete log" };
	char *line, *last = NULL;

	while ((line = strsep(&said, "\n"))) {
		bool skip = false;

		for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
			if (strncmp(line, marks[i], strlen(marks[i])) == 0)
				line += strlen(marks[i]);
		line += strspn(line, " ");
		for (size_t i = 0; i < ARRAY_SIZE(not_for_people); i++)
			skip = skip ||
			       strncmp(line, not_for_people[i], strlen(not_for_people[i])) == 0;
		if (*line)
			last = line;
		if (!skip && strchr(line, ' '))
			break;
	}
	return last ? strdup(last) : NULL;
}

static int npm_failed(const struct board *board, const char *what, int status, int said, char **why)
{
	autofree char *text = calloc(1, NPM_SAYS_MOST + 1);
	ssize_t n = text ? pread(said, text, NPM_SAYS_MOST, 0) : -1;
	bool large = (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ) ||
		     (n > 0 && strstr(text, "EFBIG"));
	autofree char *cause = n > 0 ? npm_cause(text) : NULL;
	autofree char *words = proc_words(status);

	if (cause) {
		tame_urls(cause);
		tame(cause);
	}
	if (large)
		return why_set(
			why, -EIO,
			"%s:%u: 'npm pack %s' failed: %s (it may write %" PRIu64 " bytes: 'size')",
			board->path, board->toolchain_line, what, words ? words : "", most(board));
	return why_set(why, -EIO,
		       "%s:%u: 'npm pack %s' failed: %s ('npm view %s' shows whether npm's "
		       "registry has it; or put '%s' into a folder: --sources DIR)",
		       board->path, board->toolchain_line, what,
		       cause ? cause : (words ? words : ""), what, board->file);
}

/* `npm pack` leaves one archive in a scratch folder; npm knows its registry, we do not. */
static int npm_pack(const struct board *board, const char *scratch, char **why)
{
	autofree char *what = strdup(board->npm);
	autofree char *out = NULL;
	autofd int said = io_memory_file("npm", "", 0);
	int status;

	if (!what)
		return why_errno(why, -ENOMEM, "npm");
	if (said < 0)
		return why_errno(why, said, "cannot run 'npm'");
	*strrchr(what, ' ') = '@';
	const char *argv[] = { "npm", "pack", "--loglevel=error", "--ignore-scripts", what, NULL };

	log_note("fetching '%s' with npm", board->file);
	status = proc_read(
		&(struct proc){
			.argv = argv, .dir = scratch, .file_most = most(board), .err = said },
		4096, &out);
	if (status == -ENOENT)
		return why_set(why, status, "%s:%u: npm is not installed (Debian's package 'npm')",
			       board->path, board->toolchain_line);
	if (status < 0)
		return why_errno(why, status, "cannot run 'npm'");
	return status == 0 ? 0 : npm_failed(board, what, status, said, why);
}

static int fetch_npm(struct source_ways *w, const struct board *board, const char *dir, char **why)
{
	autofree char *scratch = NULL;
	autofree char *from = NULL;
	autofree char *to = NULL;
	int r;

	if (!(scratch = text_of("%s/.npm", w->places->sources)) ||
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

		to = text_of("%s/%s%s", dir, board->file, same == 1 ? "" : ".bad");
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
	const struct fetch_order order = {
		.url = board->url,
		.dir = dir,
		.name = board->file,
		.sha256 = board->sha256,
		.most = most(board),
	};
	autofree char *reason = NULL;
	int r;

	if (w->offline)
		return why_set(why, -ENETDOWN, "%s:%u: '%s' is not at hand, and this is --offline",
			       board->path, board->toolchain_line, board->file);
	if (board->npm)
		return fetch_npm(w, board, dir, why);
	r = w->fetch_some(&w->fetcher, &order, 1, &reason);
	return r < 0 ? why_set(why, r, "%s:%u: cannot fetch the toolchain: %s", board->path,
			       board->toolchain_line, reason ? reason : strerror(-r))
		     : 0;
}

int toolchain_fetch(struct source_ways *w, const struct board *board, char **path, char **why)
{
	autofree char *dir = shelf_folder(w->places, board->sha256);
	int r = dir ? shelf_look(w->places, board->file, board->sha256, path) : -ENOMEM;

	if (r == 0 && (r = io_mkdir_p(AT_FDCWD, dir, 0755)) == 0)
		r = fetch_toolchain(w, board, dir, why);
	else if (r < 0)
		return why_errno(why, r, "cannot write to '%s'", dir ?: board->file);
	else
		return 0;
	if (r == 0 && !(*path = places_join(dir, board->file)))
		return why_errno(why, -ENOMEM, "%s", board->file);
	return r;
}
