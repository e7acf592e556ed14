// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/source.h"
#include "builder/toolchain.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"

int verb_board(const struct options *o, const char *name, struct board **ret)
{
	char *why = NULL;
	int r = name ? board_load(&o->places, name, ret, &why)
		     : board_default(&o->places, ret, &why);

	return r < 0 ? why_log(why, r) : 0;
}

static int get_toolchain(struct options *o, const struct board *board, struct toolchain *t)
{
	struct source_ways ways = { .places = &o->places };
	char *why = NULL;
	int r = toolchain_open(t, board, &ways, &why);

	source_release(&ways);
	if (r < 0)
		return why_log(why, r);
	if (t->glibc && board->glibc && strverscmp(t->glibc, board->glibc) > 0)
		log_warn("%s: the toolchain's glibc %s is newer than the Pi's %s: programs may not "
			 "start there",
			 board->path, t->glibc, board->glibc);
	return 0;
}

int verb_toolchain(struct options *o)
{
	cleanup(cleanup_board) struct board *board = NULL;
	autotoolchain struct toolchain t = { 0 };

	if (verb_board(o, o->n_args ? o->args[0] : NULL, &board) < 0 ||
	    get_toolchain(o, board, &t) < 0)
		return 1;
	puts(t.dir);
	return 0;
}

/* Becomes `xsysfs mount`, which says itself what goes wrong. */
static int exec_mount(const struct options *o, const struct board *board, const struct toolchain *t,
		      const char *mnt)
{
	const char *argv[12] = { o->places.xsysfs, "mount",   "--sysroot",
				 t->sysroot,	   "--state", board->state };
	size_t n = 6;

	if (o->mount_options) {
		argv[n++] = "-o";
		argv[n++] = o->mount_options;
	}
	if (o->foreground)
		argv[n++] = "-f";
	argv[n++] = mnt;
	log_note("mounting %s at '%s' over '%s'", board->name, mnt, t->sysroot);
	execv(argv[0], (char *const *)argv);
	return log_errno(-errno, "cannot run '%s'", argv[0]);
}

int verb_mount(struct options *o)
{
	cleanup(cleanup_board) struct board *board = NULL;
	autotoolchain struct toolchain t = { 0 };
	int r = verb_board(o, o->args[0], &board);

	if (r < 0)
		return 1;
	if (o->n_args > 1) {
		free(board->mnt);
		board->mnt = strdup(o->args[1]);
		if (!board->mnt)
			return 1;
	}
	if (board_is_mounted(board)) {
		log_note("%s is mounted at '%s' already", board->name, board->mnt);
		return 0;
	}
	if (get_toolchain(o, board, &t) < 0)
		return 1;
	r = io_mkdir_p(AT_FDCWD, board->state, 0755);
	if (r < 0)
		return log_errno(r, "cannot make '%s'", board->state), 1;
	/* a dead mount is there and cannot be looked into: 'xsysfs mount' knows what to say */
	r = io_mkdir_p(AT_FDCWD, board->mnt, 0755);
	if (r < 0)
		return log_errno(r, "cannot make '%s'", board->mnt), 1;
	exec_mount(o, board, &t, board->mnt);
	return 1;
}
