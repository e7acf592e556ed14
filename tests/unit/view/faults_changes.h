// SPDX-License-Identifier: GPL-2.0-or-later
/* faults_changes.h - each system call of each change fails in turn: then it has been done, or
 * nothing has changed, now and after a remount, and nothing is left behind. To be included after
 * <cmocka.h>, by who says on what file system.
 */
#pragma once

#include "tests/unit/view/faults.h"

static size_t n_in(const char *path)
{
	autodir DIR *d = opendir(path);
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	return n;
}

/* ---- changes ---- */

/* Which call fails next, 0: none; and whether one has. What is looked up before a change is not
 * part of it. */
static struct {
	unsigned n;
	int error;
	bool struck;
} fault;

/* try(view_unlink(dir, name)) */
#define try(call)                                                     \
	({                                                            \
		int r_;                                               \
		if (fault.n)                                          \
			fault_arm(FAULT_CALLS, fault.n, fault.error); \
		r_ = (call);                                          \
		fault.struck = fault_disarm() || fault.struck;        \
		r_;                                                   \
	})

static int unlink_at(struct world *w, const char *path)
{
	const char *name;
	struct node *dir = dir_of(w, path, &name);
	int r = try(view_unlink(dir, name));

	drop(w, dir);
	return r;
}

static int rmdir_at(struct world *w, const char *path)
{
	const char *name;
	struct node *dir = dir_of(w, path, &name);
	int r = try(view_rmdir(dir, name));

	drop(w, dir);
	return r;
}

static int move_flags(struct world *w, const char *from, const char *to, unsigned flags)
{
	const char *a, *b;
	struct node *dir = dir_of(w, from, &a), *to_dir = dir_of(w, to, &b);
	int r = try(view_rename(dir, a, to_dir, b, flags, NULL));

	drop(w, dir);
	drop(w, to_dir);
	return r;
}

static int move(struct world *w, const char *from, const char *to)
{
	return move_flags(w, from, to, 0);
}

static int link_at(struct world *w, const char *old, const char *path)
{
	const char *name;
	struct node *dir = dir_of(w, path, &name), *node = at(w, old);
	struct stat st;
	int r = try(view_link(node, dir, name, &st));

	drop(w, node);
	drop(w, dir);
	return r;
}

static int symlink_at(struct world *w, const char *path)
{
	const char *name;
	struct node *dir = dir_of(w, path, &name), *node = NULL;
	struct stat st;
	int r = try(view_symlink(dir, name, "target", nobody, &node, &st));

	drop(w, dir);
	node_unref(&w->nodes, node);
	return r;
}

static int make_for(struct world *w, const char *path, mode_t mode)
{
	const char *name;
	struct node *dir = dir_of(w, path, &name), *node = NULL;
	struct stat st;
	int r = try(view_make(dir, name, mode, 0, nobody, &node, &st));

	drop(w, dir);
	node_unref(&w->nodes, node);
	return r;
}

static int make_tmpfile(struct world *w, const char *dir_path, const char *name)
{
	struct node *dir = at(w, dir_path), *node = NULL;
	struct stat st;
	int r = try(view_tmpfile(dir, 0640, nobody, &node, &st));

	if (r == 0 && name)
		r = try(view_link(node, dir, name, &st));
	node_unref(&w->nodes, node);
	drop(w, dir);
	return r;
}

static int open_to_write(struct world *w, const char *path)
{
	struct node *node = at(w, path);
	struct file *file = NULL;
	int r = try(view_open(node, true, &file));

	data_close(file);
	drop(w, node);
	return r;
}

static int set(struct world *w, const char *path, unsigned what)
{
	const struct timespec times[2] = { { 5, 0 }, { 6, 0 } };
	struct stat st, want = { .st_mode = 02710, .st_size = 1, .st_uid = 1234, .st_gid = 1234 };
	struct node *node = at(w, path);
	int r = try(view_setattr(node, what, &want, times, &st));

	drop(w, node);
	return r;
}

static int set_xattr(struct world *w, const char *path, const char *value)
{
	struct node *node = at(w, path);
	int r = value ? try(view_setxattr(node, "user.t", value, strlen(value), 0))
		      : try(view_removexattr(node, "user.t"));

	drop(w, node);
	return r;
}

static int give(struct world *w, const char *path)
{
	struct node *node = at(w, path);
	int r = try(view_give(node, 8, 8));

	drop(w, node);
	return r;
}

#define CHANGE(name, call)               \
	static int name(struct world *w) \
	{                                \
		return call;             \
	}
/* clang-format off */
CHANGE(make_file, make_for(w, "new", S_IFREG | 04755))
CHANGE(make_file_below, make_for(w, "lower/sub/new", S_IFREG | 0644))
CHANGE(make_folder, make_for(w, "lower/new", S_IFDIR | 0755))
CHANGE(make_fifo, make_for(w, "new", S_IFIFO | 0644))
CHANGE(make_device, make_for(w, "new", S_IFCHR | 0600))
CHANGE(make_symlink, symlink_at(w, "new"))
CHANGE(make_file_again, make_for(w, "gone", S_IFREG | 0644))
CHANGE(make_folder_again, make_for(w, "hidden", S_IFDIR | 0755))
CHANGE(make_symlink_again, symlink_at(w, "gone"))
CHANGE(make_unnamed, make_tmpfile(w, "lower", NULL))
CHANGE(make_unnamed_and_link, make_tmpfile(w, "upper", "new"))
CHANGE(link_low, link_at(w, "low", "upper/new"))
CHANGE(link_high, link_at(w, "high", "gone"))
CHANGE(link_group, link_at(w, "one", "new"))
CHANGE(unlink_low, unlink_at(w, "low"))
CHANGE(unlink_deep, unlink_at(w, "lower/sub/deep"))
CHANGE(unlink_high, unlink_at(w, "high"))
CHANGE(unlink_over, unlink_at(w, "over"))
CHANGE(unlink_one_of_group, unlink_at(w, "one"))
CHANGE(unlink_twin, unlink_at(w, "twin"))
CHANGE(rmdir_empty, rmdir_at(w, "empty"))
CHANGE(rmdir_emptied, rmdir_at(w, "emptied"))
CHANGE(move_low, move(w, "low", "upper/low"))
CHANGE(move_low_onto_low, move(w, "low", "mid"))
CHANGE(move_high_onto_low, move(w, "high", "low"))
CHANGE(move_high_onto_high, move(w, "high", "over"))
CHANGE(move_over_onto_high, move(w, "over", "high"))
CHANGE(move_over_onto_gone, move(w, "over", "gone"))
CHANGE(move_onto_one_of_group, move(w, "high", "three"))
CHANGE(move_one_of_group, move(w, "three", "upper/three"))
CHANGE(move_link, move(w, "link", "moved"))
CHANGE(move_lower_folder, move(w, "lower", "moved"))
CHANGE(move_lower_onto_emptied, move(w, "lower", "emptied"))
CHANGE(move_upper_onto_emptied, move(w, "upper", "emptied"))
CHANGE(move_upper_onto_empty, move(w, "upper", "empty"))
CHANGE(move_upper_onto_hidden, move(w, "upper", "hidden"))
CHANGE(move_again, move(w, "again", "lower/again"))
CHANGE(move_alone, move(w, "alone", "moved"))
CHANGE(move_upper_onto_again, move(w, "upper", "again"))
CHANGE(move_device, move(w, "device", "upper/device"))
CHANGE(move_raised, move(w, "raised", "upper/raised"))
CHANGE(move_emptied, move(w, "emptied", "moved"))
CHANGE(exchange_files, move_flags(w, "low", "high", RENAME_EXCHANGE))
CHANGE(exchange_kinds, move_flags(w, "one", "lower", RENAME_EXCHANGE))
CHANGE(open_low, open_to_write(w, "low"))
CHANGE(open_deep, open_to_write(w, "lower/sub/deep"))
CHANGE(open_group, open_to_write(w, "lower/two"))
CHANGE(truncate_low, set(w, "low", VIEW_SET_SIZE))
CHANGE(truncate_group, set(w, "one", VIEW_SET_SIZE))
CHANGE(chmod_low, set(w, "low", VIEW_SET_MODE))
CHANGE(chmod_folder, set(w, "lower", VIEW_SET_MODE))
CHANGE(chmod_high, set(w, "high", VIEW_SET_MODE))
CHANGE(touch_low, set(w, "low", VIEW_SET_TIMES))
CHANGE(touch_link, set(w, "link", VIEW_SET_TIMES))
CHANGE(chown_high, set(w, "high", VIEW_SET_UID | VIEW_SET_GID))
CHANGE(chown_low, set(w, "low", VIEW_SET_UID | VIEW_SET_GID))
CHANGE(set_xattr_low, set_xattr(w, "low", "new"))
CHANGE(remove_xattr_low, set_xattr(w, "low", NULL))
CHANGE(set_xattr_folder, set_xattr(w, "lower", "new"))
CHANGE(rmdir_again, rmdir_at(w, "again"))
CHANGE(make_in_again, make_for(w, "again/old", S_IFREG | 0644))
CHANGE(make_in_alone, make_for(w, "alone/old", S_IFREG | 0644))
CHANGE(unlink_device, unlink_at(w, "device"))
CHANGE(chmod_device, set(w, "device", VIEW_SET_MODE))
CHANGE(chmod_raised, set(w, "raised", VIEW_SET_MODE))
CHANGE(give_raised, give(w, "raised"))
CHANGE(give_low, give(w, "low"))
CHANGE(give_high, give(w, "high"))

#define ROW(name) { #name, name }
static const struct change {
	const char *name;
	int (*call)(struct world *w);
} changes[] = {
	ROW(make_file), ROW(make_file_below), ROW(make_folder), ROW(make_fifo), ROW(make_device),
	ROW(make_symlink), ROW(make_file_again), ROW(make_folder_again), ROW(make_symlink_again),
	ROW(make_unnamed), ROW(make_unnamed_and_link), ROW(link_low), ROW(link_high),
	ROW(link_group), ROW(unlink_low), ROW(unlink_deep), ROW(unlink_high), ROW(unlink_over),
	ROW(unlink_one_of_group), ROW(unlink_twin), ROW(rmdir_empty), ROW(rmdir_emptied),
	ROW(move_low), ROW(move_low_onto_low), ROW(move_high_onto_low), ROW(move_high_onto_high),
	ROW(move_over_onto_high), ROW(move_over_onto_gone), ROW(move_onto_one_of_group),
	ROW(move_one_of_group), ROW(move_link), ROW(move_lower_folder),
	ROW(move_lower_onto_emptied), ROW(move_upper_onto_emptied), ROW(move_upper_onto_empty),
	ROW(move_upper_onto_hidden), ROW(move_emptied), ROW(move_again), ROW(move_alone),
	ROW(move_upper_onto_again), ROW(move_device), ROW(move_raised), ROW(exchange_files),
	ROW(exchange_kinds), ROW(rmdir_again), ROW(make_in_again), ROW(make_in_alone),
	ROW(unlink_device), ROW(chmod_device), ROW(chmod_raised), ROW(give_raised),
	ROW(open_low), ROW(open_deep), ROW(open_group), ROW(truncate_low), ROW(truncate_group),
	ROW(chmod_low), ROW(chmod_folder), ROW(chmod_high), ROW(touch_low), ROW(touch_link),
	ROW(chown_high), ROW(chown_low), ROW(set_xattr_low), ROW(remove_xattr_low),
	ROW(set_xattr_folder), ROW(give_low), ROW(give_high),
};
/* clang-format on */

/* ---- faults ---- */

static void enter(void)
{
	make_dirs("t");
	assert_int_equal(chdir("t"), 0);
}

static void leave(void)
{
	assert_int_equal(chdir(".."), 0);
	assert_int_equal(io_remove_tree(AT_FDCWD, "t"), 0);
}

static void same(const struct change *c, const char *call, int error, const char *when,
		 const char *got, const char *expected)
{
	autostrv struct strv is = { 0 }, should = { 0 };

	if (strcmp(got, expected) == 0)
		return;
	assert_int_equal(strv_split(&is, got, "\n"), 0);
	assert_int_equal(strv_split(&should, expected, "\n"), 0);
	has_lines("is:        ", &is, &should);
	has_lines("should be: ", &should, &is);
	fail_msg("%s, where %s fails with %s: not the same %s", c->name, call, strerror(error),
		 when);
}

/* A world before a change. */
struct trial {
	const struct change *change;
	struct world w;
	size_t fds;	  /* descriptors that are open without it */
	char *before;	  /* what shows */
	const char *call; /* what has failed */
	int error;
};

static void trial_begin(struct trial *t)
{
	enter();
	t->fds = n_in("/proc/self/fd");
	prepare(&t->w);
	t->before = see(&t->w, true);
}

static void trial_end(struct trial *t)
{
	free(t->before);
	world_close(&t->w);
	leave();
}

/* What is thrown away may take until then, when that is what fails. */
static void trial_remount(struct trial *t, bool failed)
{
	world_close(&t->w);
	if (failed && strcmp(t->call, "unlinkat") != 0 && n_in("work") != 2)
		fail_msg("%s, where %s fails with %s, leaves something", t->change->name, t->call,
			 strerror(t->error));
	if (n_in("/proc/self/fd") != t->fds)
		fail_msg("%s, where %s fails with %s, leaves a descriptor open", t->change->name,
			 t->call, strerror(t->error));
	remove_path("work");
	world_open(&t->w, "p");
}

static void trial_same(struct trial *t, const char *when, const char *expected, bool numbers)
{
	autofree char *now = see(&t->w, numbers);

	same(t->change, t->call, t->error, when, now, expected);
}

/* Have the n-th call fail. `done` is what there is when none does. Returns false when there are
 * fewer. */
static bool try_fault(struct trial *t, unsigned n, const char *done)
{
	int r;

	fault.n = n;
	fault.error = t->error;
	fault.struck = false;
	r = t->change->call(&t->w);
	fault.n = 0;
	t->call = fault_what();
	if (!fault.struck)
		assert_int_equal(r, 0);
	if (r < 0 || strcmp(t->call, "unlinkat") != 0)
		trial_same(t, "afterwards", r < 0 ? t->before : done, r < 0);
	trial_remount(t, r < 0);
	trial_same(t, "after a remount", r < 0 ? t->before : done, r < 0);
	if (r == 0 && fault.struck) {
		trial_end(t);
		trial_begin(t);
	}
	return fault.struck;
}

/* What is there when nothing fails, for the caller to free; NULL: it takes privilege. */
static char *do_it(const struct change *c)
{
	char *done = NULL;
	struct world w;
	int r;

	enter();
	prepare(&w);
	r = c->call(&w);
	if (r != -EPERM || geteuid() == 0)
		assert_int_equal(r, 0);
	if (r == 0)
		done = see(&w, false);
	world_close(&w);
	leave();
	return done;
}

static void all_faults(const struct change *c)
{
	static const int errors[] = { EPERM, ENOSPC, EIO, EMFILE, ENOMEM };
	autofree char *done = do_it(c);
	struct trial t = { .change = c };
	unsigned n = 1, i = c - changes;

	if (!done)
		return;
	trial_begin(&t);
	do
		t.error = errors[i++ % ARRAY_SIZE(errors)];
	while (try_fault(&t, n++, done));
	trial_end(&t);
}

static void each_call_of_each_change_fails(void)
{
	const char *only = getenv("FAULTS_ONLY"); /* the name of one, to look at it */

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		if (!only || strcmp(only, changes[i].name) == 0)
			all_faults(&changes[i]);
}
