// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/verb/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/why.h"
#include "builder/target/target.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

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

static int say_mounted(const struct board *board)
{
	log_note("%s is mounted at '%s' already", board->name, board->mnt);
	return 0;
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
	r = target_is_mounted(&target);
	if (r > 0)
		return say_mounted(board);
	if (r < 0 || get_toolchain(o, &target) < 0)
		return 1;
	if (o->foreground)
		return target_exec_mount(&target, &o->places, o->mount_options) < 0;
	r = target_mount_there(&target, &o->places, o->mount_options);
	return r > 0 ? say_mounted(board) : r < 0;
}
