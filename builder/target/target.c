// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/target/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "builder/base/proc.h"
#include "builder/base/why.h"
#include "builder/recipe/recipeset.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"
#include "fs/client/mounts.h"

void target_release(struct target *t)
{
	board_free(t->board);
	where_release(&t->where);
	toolchain_release(&t->toolchain);
	launcher_release(&t->launcher);
}

const char *target_where(const struct target *t)
{
	return t->where.point ? t->where.point : t->where.state;
}

/* For where_choose. */
static int state_of_board(void *arg, const char *name, char **ret)
{
	cleanup(cleanup_board) struct board *board = NULL;
	char *why = NULL;
	int r = board_load(arg, name, &board, &why);

	free(why);
	if (r < 0)
		return -ENOENT;
	*ret = strdup(board->state);
	return *ret ? 0 : -ENOMEM;
}

static int names_of_boards(void *arg, struct strv *ret)
{
	return board_names(arg, ret);
}

static bool is_state_of(const struct board *board, const char *state)
{
	autofree char *real = realpath(board->state, NULL);

	return real && strcmp(real, state) == 0;
}

int target_board_of(const struct places *places, const char *state, struct board **ret)
{
	autostrv struct strv names = { 0 };
	int r = board_names(places, &names);

	strv_foreach (name, &names) {
		cleanup(cleanup_board) struct board *board = NULL;
		char *why = NULL;

		if (board_load(places, *name, &board, &why) == 0 && is_state_of(board, state)) {
			*ret = take_ptr(board);
			break;
		}
		free(why);
	}
	return r;
}

/* A board's own mount; or what somebody has mounted by hand where the board has its mount point. */
static int find_mount_of(struct target *t)
{
	automounts struct mounts mounts = { 0 };
	autofree char *mnt = realpath(t->board->mnt, NULL);
	autofree char *state = realpath(t->board->state, NULL);
	autofree char *version = NULL;
	int r = mounts_read(&mounts);

	if (r < 0)
		return log_errno(r, "cannot read the list of mounts");
	if (state && mounts_point_of(&mounts, state))
		return where_choose(state, NULL, &t->where);
	if (mnt && mounts_state_of(&mounts, mnt))
		return where_choose(mnt, NULL, &t->where);
	version = state ? places_join(state, "version") : NULL;
	return version && access(version, F_OK) == 0 ? where_choose(state, NULL, &t->where) : 0;
}

static int load(struct target *t, const struct places *places, const char *name)
{
	char *why = NULL;
	int r = name ? board_load(places, name, &t->board, &why)
		     : board_default(places, &t->board, &why);

	return r < 0 ? why_log(why, r) : 0;
}

/* A mount has been found; `name` may say for which board. */
static int find_board(struct target *t, const struct places *places, const char *name)
{
	struct board *owner = NULL;
	int r = target_board_of(places, t->where.state, &owner);

	if (r < 0)
		return log_errno(r, "cannot list the boards");
	if (!owner)
		return load(t, places, name);
	t->board = owner;
	if (!name || strcmp(name, owner->name) == 0)
		return 0;
	return log_error("'%s' is the mount of %s, not of %s: give one of -C and --board",
			 target_where(t), owner->name, name);
}

int target_find(struct target *t, const struct places *places, const char *where, const char *name)
{
	const struct where_boards boards = { state_of_board, names_of_boards, (void *)places };
	int r;

	if (name && !where) {
		r = load(t, places, name);
		return r < 0 ? r : find_mount_of(t);
	}
	r = where_choose(where, &boards, &t->where);
	if (r < 0)
		return r;
	if (t->where.state)
		return find_board(t, places, name);
	r = load(t, places, name);
	return r < 0 ? r : find_mount_of(t);
}

int target_open_toolchain(struct target *t, struct source_ways *ways)
{
	char *why = NULL;
	int r = toolchain_open(&t->toolchain, t->board, ways, &why);

	return r < 0 ? why_log(why, r) : 0;
}

int target_identify(struct target *t, const char *below, struct known *known)
{
	char *why = NULL;
	int r = toolchain_identify(&t->toolchain, known, &why);

	if (r == 0 && below)
		r = toolchain_identify_sysroot(below, t->where.point, known, t->sysroot, &why);
	return r < 0 ? why_log(why, r) : 0;
}

int target_open_launcher(struct target *t, const char *name, const struct places *places,
			 bool boxed)
{
	char *why = NULL;
	int r = 0;

	if (!name)
		name = t->board->launcher;
	if (name && t->board->native && strcmp(name, LAUNCHER_NONE) != 0)
		return log_error("no launcher can stand in front of this machine's own compilers");
	if (name)
		r = launcher_open(&t->launcher, name, places, &t->toolchain, boxed, &why);
	return r < 0 ? why_log(why, r) : 0;
}

int target_words(const struct places *places, const struct board *board, struct board **native,
		 struct recipeset_words *ret, char **why)
{
	char *reason = NULL;
	int r;

	*ret = (struct recipeset_words){ .board = board ? &board->words : NULL,
					 .is_native = board && board->native };
	if (ret->is_native)
		return 0;
	r = board_load(places, BOARD_NATIVE, native, &reason);
	if (r == -ENOENT) { /* whoever needs it will say so */
		free(reason);
		return 0;
	}
	if (r < 0) {
		*why = reason;
		return r;
	}
	ret->native = &(*native)->words;
	return 0;
}

int target_mount_command(const struct target *t, const struct places *places, const char *options,
			 bool foreground, struct strv *argv)
{
	const struct board *board = t->board;
	const char *const words[] = { places->xsysfs,	    "mount",   "--sysroot",
				      t->toolchain.sysroot, "--state", board->state };
	int r = io_mkdir_p(AT_FDCWD, board->state, 0755);

	if (r < 0)
		return log_errno(r, "cannot make '%s'", board->state);
	r = io_mkdir_p(AT_FDCWD, board->mnt, 0755);
	if (r < 0)
		return log_errno(r, "cannot make '%s'", board->mnt);
	strv_add_words(argv, words, ARRAY_SIZE(words));
	if (options) {
		strv_add(argv, "-o");
		strv_add(argv, options);
	}
	if (foreground)
		strv_add(argv, "-f");
	r = strv_add(argv, board->mnt);
	if (r < 0)
		return log_errno(r, "%s", board->name);
	log_note("mounting %s at '%s' over '%s'", board->name, board->mnt, t->toolchain.sysroot);
	return 0;
}

static int mount_now(struct target *t, const struct places *places)
{
	autostrv struct strv argv = { 0 };
	int r = target_mount_command(t, places, NULL, false, &argv);

	if (r < 0)
		return r;
	r = proc_run(&(struct proc){ .argv = (const char *const *)argv.v });
	if (r < 0)
		return log_errno(r, "cannot mount %s", t->board->name);
	if (r > 0)
		return -EIO; /* it has said so */
	where_release(&t->where);
	return find_mount_of(t);
}

int target_mount(struct target *t, const struct places *places)
{
	autofree char *dir = places_join(places->home, t->board->name);
	autofree char *path = dir ? places_join(dir, "mounting") : NULL;
	autofd int lock = -1;
	int r = t->where.point ? 0 : path ? io_mkdir_p(AT_FDCWD, dir, 0755) : -ENOMEM;

	if (t->where.point || r < 0)
		return r < 0 ? log_errno(r, "cannot mount %s", t->board->name) : 0;
	lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return log_errno(-errno, "cannot lock '%s'", path);
	where_release(&t->where);
	r = find_mount_of(t); /* somebody else may have done it */
	if (r == 0 && !t->where.point)
		r = mount_now(t, places);
	if (r == 0 && !t->where.point)
		r = log_error("%s is not mounted at '%s'", t->board->name, t->board->mnt);
	return r;
}
