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

/* What mounting has made, and takes away again when it comes to nothing. */
struct made {
	const char *path[2];
	size_t n;
};

static int make_folder(const char *path, struct made *made)
{
	bool is_new = access(path, F_OK) < 0;
	int r = io_mkdir_p(AT_FDCWD, path, 0755);

	if (r < 0)
		return log_errno(r, "cannot make '%s'", path);
	if (is_new)
		made->path[made->n++] = path;
	return 0;
}

static void unmake(const struct made *made)
{
	for (size_t i = 0; i < made->n; i++)
		rmdir(made->path[i]); /* what has something in it stays */
}

static int make_folders(const struct target *t, struct made *made)
{
	int r = make_folder(t->board->state, made);

	if (r == 0)
		r = make_folder(t->board->mnt, made);
	if (r < 0)
		unmake(made);
	return r;
}

static int add_command(const struct target *t, const struct places *places, const char *options,
		       struct strv *argv)
{
	const struct board *board = t->board;
	const char *const words[] = { places->xsysfs,	    "mount",   "--sysroot",
				      t->toolchain.sysroot, "--state", board->state };
	int r = strv_add_words(argv, words, ARRAY_SIZE(words));

	if (r == 0 && options)
		r = strv_add_words(argv, (const char *const[]){ "-o", options }, 2);
	return r == 0 ? strv_add(argv, board->mnt) : r;
}

int target_exec_mount(const struct target *t, const struct places *places, const char *options)
{
	autostrv struct strv argv = { 0 };
	struct made made = { 0 };
	int r = add_command(t, places, options, &argv);

	if (r == 0)
		r = strv_add(&argv, "-f");
	if (r < 0)
		return log_errno(r, "cannot mount %s", t->board->name);
	r = make_folders(t, &made);
	if (r < 0)
		return r;
	log_note("mounting %s at '%s' over '%s'", t->board->name, t->board->mnt,
		 t->toolchain.sysroot);
	execv(argv.v[0], argv.v);
	r = log_errno(-errno, "cannot run '%s'", argv.v[0]);
	unmake(&made);
	return r;
}

static int mount_now(const struct target *t, const struct places *places, const char *options)
{
	autostrv struct strv argv = { 0 };
	struct made made = { 0 };
	int r = add_command(t, places, options, &argv);

	if (r < 0)
		return log_errno(r, "cannot mount %s", t->board->name);
	r = make_folders(t, &made);
	if (r < 0)
		return r;
	r = proc_run(&(struct proc){ .argv = (const char *const *)argv.v });
	if (r == 0) {
		log_note("%s is mounted at '%s', over '%s'", t->board->name, t->board->mnt,
			 t->toolchain.sysroot);
		return 0;
	}
	unmake(&made);
	return r < 0 ? log_errno(r, "cannot mount %s", t->board->name) : -EIO; /* it has said so */
}

/* Whoever else wants to mount it waits for as long as `*lock` is open. */
static int lock_mounting(const struct target *t, const struct places *places, int *lock)
{
	autofree char *dir = places_join(places->home, t->board->name);
	autofree char *path = dir ? places_join(dir, "mounting") : NULL;
	int r = path ? io_mkdir_p(AT_FDCWD, dir, 0755) : -ENOMEM;

	if (r < 0)
		return log_errno(r, "cannot make '%s'", dir ?: t->board->name);
	*lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (*lock < 0 || flock(*lock, LOCK_EX) < 0)
		return log_errno(-errno, "cannot lock '%s'", path);
	return 0;
}

int target_is_mounted(const struct target *t)
{
	automounts struct mounts mounts = { 0 };
	autofree char *real = mounts_real_path(t->board->mnt);
	const char *state = NULL;
	int r;

	if (real && mounts_read(&mounts) == 0)
		state = mounts_state_of(&mounts, real);
	if (!state)
		return 0;
	r = where_refuse_dead(state, real, mounts_user_of(&mounts, real));
	if (r == 0)
		r = where_refuse_mounted_by(real, mounts_user_of(&mounts, real));
	return r < 0 ? r : 1;
}

int target_mount_there(const struct target *t, const struct places *places, const char *options)
{
	autofd int lock = -1;
	int r = lock_mounting(t, places, &lock);

	if (r == 0)
		r = target_is_mounted(t); /* somebody else may have done it */
	return r == 0 ? mount_now(t, places, options) : r;
}

int target_mount(struct target *t, const struct places *places)
{
	autofd int lock = -1;
	int r = t->where.point ? 0 : lock_mounting(t, places, &lock);

	if (t->where.point || r < 0)
		return r;
	where_release(&t->where);
	r = find_mount_of(t); /* somebody else may have done it */
	if (r == 0 && !t->where.point)
		r = mount_now(t, places, NULL);
	if (r == 0 && !t->where.point) {
		where_release(&t->where);
		r = find_mount_of(t);
	}
	if (r == 0 && !t->where.point)
		r = log_error("%s is not mounted at '%s'", t->board->name, t->board->mnt);
	return r;
}
