// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/verb/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/base/why.h"
#include "builder/target/target.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/client/mounts.h"

static int get_toolchain(struct options *o, struct target *target)
{
	const struct board *board = target->board;
	const struct toolchain *t = &target->toolchain;
	struct source_ways ways = options_ways(o);
	int r = target_open_toolchain(target, &ways);

	source_release(&ways);
	if (r == 0 && *t->lock && !*board->sha256)
		log_note("%s:%u: which versions of the compilers these are is not fixed: "
			 "'sha256 = %s' behind this line keeps them",
			 board->path, board->toolchain_line, t->lock);
	return r;
}

int verb_toolchain(struct options *o)
{
	autotarget struct target target = { 0 };

	if (target_find(&target, &o->places, o->where, o->n_args ? o->args[0] : NULL) < 0 ||
	    get_toolchain(o, &target) < 0)
		return 1;
	puts(target.toolchain.dir);
	return 0;
}

/* Becomes `xsysfs mount`, which says itself what goes wrong. */
static int exec_mount(const struct options *o, const struct target *target)
{
	autostrv struct strv argv = { 0 };
	int r = target_mount_command(target, &o->places, o->mount_options, o->foreground, &argv);

	if (r < 0)
		return r;
	execv(argv.v[0], argv.v);
	return log_errno(-errno, "cannot run '%s'", argv.v[0]);
}

/* 1: it is; 0; -errno: by a daemon that has died, which has been said. */
static int is_mounted(const char *mnt)
{
	automounts struct mounts mounts = { 0 };
	autofree char *real = mounts_real_path(mnt);
	const char *state = NULL;
	int r;

	if (real && mounts_read(&mounts) == 0)
		state = mounts_state_of(&mounts, real);
	if (!state)
		return 0;
	r = where_refuse_dead(state, real, mounts_user_of(&mounts, real));
	return r < 0 ? r : 1;
}

/* For fs/client/where.h, which knows no boards: the state of the one that is named. */
int verb_board_state(struct options *o)
{
	cleanup(cleanup_board) struct board *board = NULL;
	char *why = NULL;

	if (board_load(&o->places, o->args[0], &board, &why) < 0)
		return why_log(why, 1);
	puts(board->state);
	return 0;
}

/* For `xsysfs status`: whose state that is. */
int verb_board_of(struct options *o)
{
	cleanup(cleanup_board) struct board *board = NULL;

	if (target_board_of(&o->places, o->args[0], &board) < 0 || !board)
		return 1;
	puts(board->name);
	return 0;
}

int verb_mount(struct options *o)
{
	autotarget struct target target = { 0 };
	struct board *board;
	char *why = NULL;
	int r = board_load(&o->places, o->args[0], &target.board, &why);

	if (r < 0)
		return why_log(why, 1);
	board = target.board;
	if (o->n_args > 1) {
		free(board->mnt);
		board->mnt = strdup(o->args[1]);
		if (!board->mnt)
			return 1;
	}
	r = is_mounted(board->mnt);
	if (r < 0)
		return 1;
	if (r) {
		log_note("%s is mounted at '%s' already", board->name, board->mnt);
		return 0;
	}
	if (get_toolchain(o, &target) < 0)
		return 1;
	exec_mount(o, &target);
	return 1;
}
